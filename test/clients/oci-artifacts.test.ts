// What is pushed beside images, by the tools that push it: signatures of cosign and Notation, Helm charts, plain files. From
// Debian's registry, which knows no referrers, through the mirror, offline, and from an exported tree behind web servers.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { orchardImages, writeLayout } from '../replica/oci.ts'
import { pkgmirror } from './mirror.ts'
import { startRegistry } from './oci-tools.ts'
import { environment, execute, files, folder, found, type Island, mainland } from './place.ts'
import { emptyMirror, originOf, type Use, voyage, withoutNetwork } from './voyage.ts'
import { webServers } from './web-servers.ts'

const image = 'org/orchard'

const without = (...programs: readonly string[]) => {
  const missing = programs.filter((program) => found(program) === undefined)
  return { skip: missing.length > 0 ? `${missing.join(', ')} not on this machine` : false }
}

const hostOf = (url: string): string => new URL(url).host

async function debian(t: TestContext) {
  const images = await orchardImages()
  const layout = path.join(folder(t), 'layout')
  writeLayout(layout, images.shelf)
  const registry = await startRegistry(t, layout, image, ['1.2.0'])
  return { registry, digest: images.orchard.digest, host: hostOf(registry.url) }
}

/** Runs a tool in a home of its own. */
function tool(home: string, { enter }: Island, more: Readonly<Record<string, string>> = {}) {
  const env = environment(home, more)
  return (...argv: readonly string[]): Promise<string> => execute({ argv: [...enter, ...argv], cwd: home, env })
}

/** Without a log or an authority: keys alone. */
const nobody = '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}'
const provenance = '{"builder":{"id":"https://build.example.org"},"buildType":"https://build.example.org/t"}'

describe('cosign', () => {
  const forms: Readonly<Record<string, { readonly sign: readonly string[]; readonly verify: readonly string[] }>> = {
    'signatures and attestations under their tags': { sign: [], verify: ['--new-bundle-format=false'] },
    'bundles under the fallback tag': { sign: ['--new-bundle-format'], verify: ['--new-bundle-format'] },
  }
  for (const [what, { sign, verify }] of Object.entries(forms)) {
    it(
      `finds and verifies through the mirror, which has verified them itself: ${what}`,
      without('cosign', 'skopeo', 'docker-registry'),
      async (t) => {
        const { registry, digest, host } = await debian(t)
        const home = files(folder(t), { 'root.json': nobody, 'provenance.json': provenance })
        const run = tool(home, mainland, { COSIGN_PASSWORD: '' })
        await run('cosign', 'generate-key-pair')
        const how = ['--key', 'cosign.key', '--tlog-upload=false', '--allow-insecure-registry', '-y', ...sign]
        await run('cosign', 'sign', ...how, `${host}/${image}@${digest}`)
        const attest = ['--type', 'slsaprovenance', '--predicate', 'provenance.json']
        await run('cosign', 'attest', ...how, ...attest, `${host}/${image}@${digest}`)
        const policy = `signed: ["org/**"], attested: ["https://slsa.dev/provenance/v0.2"], keyring: [${home}/cosign.pub]`
        const use: Use<string> = async (url, at) => {
          const asked = ['--key', `${home}/cosign.pub`, '--trusted-root', `${home}/root.json`, ...verify]
          const more = ['--insecure-ignore-tlog', '--allow-insecure-registry', `${hostOf(url)}/${image}:1.2.0`]
          const own = tool(folder(t), at)
          await own('cosign', 'verify-attestation', '--type', 'slsaprovenance', ...asked, ...more)
          return /sha256:[0-9a-f]{64}/.exec(await own('cosign', 'verify', ...asked, ...more))?.[0] ?? ''
        }
        const configuration = `repositories:\n  oci: { upstream: "${registry.url}", ${policy} }\n`
        const origin = originOf(t, registry, configuration)
        const mirror = emptyMirror(t, configuration)
        await pkgmirror(mirror, 'sync', `${files(folder(t), { 'm.yaml': `images: ["${image}:1.2.0"]\n` })}/m.yaml`)
        await origin.stop()
        await withoutNetwork(t, mirror, use, digest, webServers)
      },
    )
  }
})

describe('notation', () => {
  it(
    'finds and verifies the signatures that are carried along',
    without('notation', 'skopeo', 'docker-registry'),
    async (t) => {
      const { registry, digest, host } = await debian(t)
      const home = folder(t)
      const run = tool(home, mainland)
      await run('notation', 'cert', 'generate-test', '--default', 'signer.example.org')
      await run('notation', 'sign', '--insecure-registry', `${host}/${image}@${digest}`)
      const trusted = {
        name: 'orchard',
        registryScopes: ['*'],
        signatureVerification: { level: 'strict' },
        trustStores: ['ca:signer.example.org'],
        trustedIdentities: ['*'],
      }
      files(home, { 'policy.json': JSON.stringify({ version: '1.0', trustPolicies: [trusted] }) })
      await run('notation', 'policy', 'import', 'policy.json')
      const use: Use<string> = async (url, at) => {
        const said = await tool(home, at)(
          'notation',
          'verify',
          '--insecure-registry',
          `${hostOf(url)}/${image}@${digest}`,
        )
        return /^Successfully verified/m.exec(said)?.[0] ?? ''
      }
      const configuration = `repositories:\n  oci: { upstream: "${registry.url}" }\n`
      const mirror = emptyMirror(t, configuration)
      await pkgmirror(mirror, 'sync', `${files(folder(t), { 'm.yaml': `images: ["${image}:1.2.0"]\n` })}/m.yaml`)
      await originOf(t, registry, configuration).stop()
      await withoutNetwork(t, mirror, use, 'Successfully verified', webServers)
    },
  )
})

describe('helm', () => {
  it(
    'pulls a chart by its version and by a range, through the mirror, offline and exported',
    without('helm', 'skopeo', 'docker-registry'),
    async (t) => {
      const { registry, host } = await debian(t)
      const home = folder(t)
      const run = tool(home, mainland)
      for (const version of ['1.2.0', '1.3.0+build.7']) {
        files(home, {
          'kit/Chart.yaml': `apiVersion: v2\nname: kit\nversion: ${version}\n`,
          'kit/templates/map.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: kit }\n',
        })
        await run('helm', 'package', 'kit')
        await run('helm', 'push', `kit-${version}.tgz`, `oci://${host}/charts`, '--plain-http')
      }
      const use: Use<readonly string[]> = async (url, at) => {
        const own = folder(t)
        const pull = (version: string) =>
          tool(own, at)('helm', 'pull', `oci://${hostOf(url)}/charts/kit`, '--plain-http', '--version', version)
        await pull('1.2.0')
        await pull('^1.2.1-0')
        return ['kit-1.2.0.tgz', 'kit-1.3.0+build.7.tgz'].map((name) =>
          readFileSync(path.join(own, name)).toString('base64'),
        )
      }
      const origin = originOf(t, registry, `repositories:\n  oci: { upstream: "${registry.url}" }\n`)
      const got = await voyage(t, origin, use, webServers)
      assert.deepEqual(got, [
        readFileSync(path.join(home, 'kit-1.2.0.tgz')).toString('base64'),
        readFileSync(path.join(home, 'kit-1.3.0+build.7.tgz')).toString('base64'),
      ])
    },
  )
})

describe('oras', () => {
  it('pulls files, and finds what is attached to an image', without('oras', 'skopeo', 'docker-registry'), async (t) => {
    const { registry, digest, host } = await debian(t)
    const home = files(folder(t), { 'model.bin': 'weights\n', 'report.json': '{"fine":true}' })
    const run = tool(home, mainland)
    await run('oras', 'push', '--plain-http', `${host}/org/model:1`, 'model.bin:application/vnd.example.model')
    const report = ['--artifact-type', 'application/vnd.example.report', 'report.json:application/json']
    await run('oras', 'attach', '--plain-http', ...report.slice(0, 2), `${host}/${image}@${digest}`, report[2] ?? '')
    const use: Use<readonly unknown[]> = async (url, at) => {
      const own = folder(t)
      const oras = tool(own, at)
      await oras('oras', 'pull', '--plain-http', `${hostOf(url)}/org/model:1`)
      const found = await oras('oras', 'discover', '--plain-http', '--format', 'json', `${hostOf(url)}/${image}:1.2.0`)
      const { referrers } = JSON.parse(found) as { readonly referrers: readonly { readonly artifactType: string }[] }
      return [readFileSync(path.join(own, 'model.bin'), 'utf8'), ...referrers.map(({ artifactType }) => artifactType)]
    }
    const origin = originOf(t, registry, `repositories:\n  oci: { upstream: "${registry.url}" }\n`)
    assert.deepEqual(await voyage(t, origin, use, webServers), ['weights\n', 'application/vnd.example.report'])
  })
})

describe('crane', () => {
  it(
    'pulls an image for another machine, and lists tags by pages',
    without('crane', 'skopeo', 'docker-registry'),
    async (t) => {
      const { registry, digest } = await debian(t)
      const use: Use<readonly string[]> = async (url, at) => {
        const crane = tool(folder(t), at)
        const name = `${hostOf(url)}/${image}`
        await crane('crane', 'pull', '--insecure', '--platform', 'linux/arm64/v8', `${name}:1.2.0`, 'arm64.tar')
        await crane('crane', 'pull', '--insecure', '--platform', 'linux/amd64', `${name}:1.2.0`, 'amd64.tar')
        return [
          (await crane('crane', 'digest', '--insecure', `${name}:1.2.0`)).trim(),
          (await crane('crane', 'ls', '--insecure', name)).trim(),
        ]
      }
      const origin = originOf(t, registry, `repositories:\n  oci: { upstream: "${registry.url}" }\n`)
      assert.deepEqual(await voyage(t, origin, use, webServers), [digest, '1.2.0'])
    },
  )
})
