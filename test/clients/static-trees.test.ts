// Every client against an exported tree behind every web server, each as it comes or with the configuration that the export
// wrote, in a network of nothing but loopback; and what `export --check` says of each. The client itself has filled the mirror.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { pom } from '../ecosystems/maven/repository.ts'
import { bytesOf, startUpstream, text } from '../fakes/upstream.ts'
import * as cargo from '../replica/cargo.ts'
import { startDebianReplica } from '../replica/debian.ts'
import { startFilesReplica } from '../replica/files.ts'
import * as go from '../replica/go.ts'
import * as maven from '../replica/maven.ts'
import { orchardImages, startOciReplica } from '../replica/oci.ts'
import * as pypi from '../replica/pypi.ts'
import * as gems from '../replica/rubygems.ts'
import { apt } from './apt-suite.ts'
import { build as cargoBuild } from './cargo-suite.ts'
import { build as goBuild } from './go-suite.ts'
import { build as mavenBuild } from './maven-suite.ts'
import { fileServers, pkgmirror, serve } from './mirror.ts'
import { commandOf, npmClients } from './npm-clients.ts'
import { npmOrigin, replicaProject } from './npm-replica.ts'
import { install } from './npm-suite.ts'
import { environment, execute, files, folder, found, type Island, island, mainland, root } from './place.ts'
import { pythonClients } from './pypi-suite.ts'
import { bundle, gemInstall } from './rubygems-suite.ts'
import { emptyMirror, type Origin, originOf, type Use } from './voyage.ts'
import { everyServer, lacks } from './web-servers.ts'

interface Client {
  /** Programs without which it is not tried. */
  readonly needs: readonly string[]
  /** Types of images have no names that a plain file server could go by. */
  readonly configured?: true
  /** Undefined where this machine cannot play its upstream. */
  start(t: TestContext): Promise<{ readonly origin: Origin; readonly use: Use<unknown> } | undefined>
}

/** What a client downloads by itself: digests by name. */
const fetching =
  (t: TestContext, names: readonly string[], get: (url: string, name: string) => readonly string[]): Use<unknown> =>
  async (url, { enter }) => {
    const home = folder(t)
    const got: Record<string, string> = {}
    for (const [index, name] of names.entries()) {
      const file = path.join(home, String(index))
      await execute({ argv: [...enter, ...get(url, name), file], cwd: home, env: environment(home) })
      got[name] = createHash('sha256').update(readFileSync(file)).digest('hex')
    }
    return got
  }

const image = 'org/orchard'

async function images(t: TestContext): Promise<Origin & { readonly digest: string }> {
  const { shelf, orchard } = await orchardImages()
  const replica = await startOciReplica({ [image]: shelf }, { referrers: true })
  return {
    ...originOf(t, replica, `repositories:\n  oci: { upstream: "${replica.url}" }\n`),
    digest: orchard.digest,
  }
}

const clients: Readonly<Record<string, Client>> = {
  npm: {
    needs: ['npm'],
    async start(t) {
      const [npm] = npmClients
      const command = npm && commandOf(npm)
      if (npm === undefined || command === undefined) return undefined
      return { origin: await npmOrigin(t, 'with validators'), use: install(t, npm, command, replicaProject) }
    },
  },
  pip: {
    needs: ['python3'],
    async start(t) {
      const [pip] = pythonClients
      if (pip === undefined || pip.missing !== false) return undefined
      const { upstream } = await pypi.startPypiReplica('full')
      const origin = originOf(t, upstream, `repositories:\n  pypi: { upstream: "${upstream.url}/simple" }\n`)
      return { origin, use: pip.install(t, pypi) }
    },
  },
  cargo: {
    needs: ['cargo'],
    async start(t) {
      const { upstream } = await cargo.startCargoReplica('with markers')
      const origin = originOf(t, upstream, `repositories:\n  cargo: { upstream: "${upstream.url}" }\n`)
      return { origin, use: cargoBuild(t, cargo) }
    },
  },
  go: {
    needs: ['go'],
    async start(t) {
      const { log, upstream } = await go.startGoReplica()
      const options = `upstream: "${upstream.url}", sumdb: { key: "${log.key}" }, private: [${go.secret}]`
      const { wanted, program, printed } = go
      const project = { wanted, program, printed, env: { GOSUMDB: log.key, GONOSUMDB: go.secret } }
      return { origin: originOf(t, upstream, `repositories:\n  go: { ${options} }\n`), use: goBuild(t, project) }
    },
  },
  mvn: {
    needs: ['mvn', 'javac', 'jar'],
    async start(t) {
      const replica = await maven.startMavenReplica('with everything')
      if (replica === undefined) return undefined
      const more = `<repositories><repository><id>central</id><url>https://registry.example.org</url>
<snapshots><enabled>true</enabled></snapshots></repository></repositories>`
      const project = {
        files: { 'pom.xml': pom('project:1', { packaging: 'pom', dependencies: maven.dependencies, more }) },
        goals: ['org.example.plugins:given-maven-plugin:write'],
        printed: (at: string) => readFileSync(`${at}/given.txt`, 'utf8'),
      }
      const { upstream } = replica
      const origin = originOf(t, upstream, `repositories:\n  maven: { upstream: "${upstream.url}" }\n`)
      return { origin, use: mavenBuild(t, project) }
    },
  },
  bundler: {
    needs: ['bundle'],
    async start(t) {
      const { upstream } = await gems.startGemReplica('with everything')
      const origin = originOf(
        t,
        upstream,
        `repositories:\n  rubygems: { upstream: "${upstream.url}", ruby: "3.0.0" }\n`,
      )
      return { origin, use: bundle(t, gems, 'a mirror of every source') }
    },
  },
  gem: {
    needs: ['gem'],
    async start(t) {
      const { upstream } = await gems.startGemReplica('with everything')
      const origin = originOf(
        t,
        upstream,
        `repositories:\n  rubygems: { upstream: "${upstream.url}", ruby: "3.0.0" }\n`,
      )
      return { origin, use: gemInstall(t, gems, ['orchard', '--version', '~> 1.0']) }
    },
  },
  apt: {
    needs: ['apt-get'],
    async start(t) {
      const { upstream, key } = await startDebianReplica()
      const keyring = `${files(folder(t), { 'archive.asc': key })}/archive.asc`
      const project = { install: ['lamp'], source: ['lamp'], architecture: 'amd64' }
      return {
        origin: originOf(
          t,
          upstream,
          `repositories:\n  debian: { upstream: "${upstream.url}", keyring: "${keyring}" }\n`,
        ),
        use: apt(t, { suites: ['steady', 'steady-updates'], key: { armoured: key }, ...project }),
      }
    },
  },
  skopeo: {
    needs: ['skopeo'],
    configured: true,
    async start(t) {
      const origin = await images(t)
      const use: Use<unknown> = async (url, { enter }) => {
        const home = folder(t)
        const source = `docker://${new URL(url).host}/${image}:1.2.0`
        const argv = ['skopeo', 'copy', '--all', '--preserve-digests', '--src-tls-verify=false', source]
        await execute({ argv: [...enter, ...argv, `oci:${home}/layout:x`], cwd: home, env: environment(home) })
        const index = readFileSync(path.join(home, 'layout/index.json'), 'utf8')
        assert.ok(index.includes(origin.digest))
        return index
      }
      return { origin, use }
    },
  },
  crane: {
    needs: ['crane'],
    configured: true,
    async start(t) {
      const origin = await images(t)
      const use: Use<unknown> = async (url, { enter }) => {
        const home = folder(t)
        const run = (...argv: readonly string[]) =>
          execute({ argv: [...enter, 'crane', '--insecure', ...argv], cwd: home, env: environment(home) })
        const reference = `${new URL(url).host}/${image}`
        await run('pull', '--format=oci', `${reference}:1.2.0`, `${home}/layout`)
        const got = [(await run('digest', `${reference}:1.2.0`)).trim(), await run('manifest', `${reference}:1.2.0`)]
        assert.equal(got[0], origin.digest)
        return got
      }
      return { origin, use }
    },
  },
  oras: {
    needs: ['oras'],
    configured: true,
    async start(t) {
      const origin = await images(t)
      const use: Use<unknown> = async (url, { enter }) => {
        const home = folder(t)
        const argv = [...enter, 'oras', 'manifest', 'fetch', '--plain-http', '--descriptor']
        const reference = `${new URL(url).host}/${image}:1.2.0`
        const descriptor = await execute({ argv: [...argv, reference], cwd: home, env: environment(home) })
        assert.ok(descriptor.includes(origin.digest))
        return descriptor
      }
      return { origin, use }
    },
  },
  curl: {
    needs: ['curl'],
    async start(t) {
      const replica = await startFilesReplica()
      const keyring = path.join(files(folder(t), { 'releases.gpg': replica.keyring }), 'releases.gpg')
      const options = `ecosystem: files, upstream: "${replica.upstream.url}", checksums: [SHA256SUMS], keyring: ${keyring}, listing: true`
      const names = ['SHA256SUMS', 'large.bin', 'kit-1.0.tar.gz', 'a%20b+c.txt']
      return {
        origin: originOf(t, replica.upstream, `repositories:\n  files: { ${options} }\n`),
        use: fetching(t, names, (url, name) => ['curl', '-fsSL', `${url}/files/pool/${name}`, '-o']),
      }
    },
  },
  'wget for Gentoo': {
    needs: ['wget'],
    async start(t) {
      const name = 'kit-1.0.tar.xz'
      const content = Buffer.from(bytesOf(900_000, 3))
      const digest = (algorithm: string): string => createHash(algorithm).update(content).digest('hex')
      const hashed = `${createHash('blake2b512').update(name).digest('hex').slice(0, 2)}/${name}`
      const upstream = await startUpstream({
        '/distfiles/layout.conf': text('[structure]\n0=filename-hash BLAKE2B 8\n'),
        [`/distfiles/${hashed}`]: { body: content, etag: true },
        '/plain/app-x/kit/Manifest': text(
          `DIST ${name} ${content.length} BLAKE2B ${digest('blake2b512')} SHA512 ${digest('sha512')}\n`,
        ),
      })
      const configuration = `repositories:\n  gentoo: { upstream: "${upstream.url}", tree: "${upstream.url}/plain" }\n`
      // what vouches for distfiles is brought by a sync
      const origin = { ...originOf(t, upstream, configuration), manifest: 'packages: { gentoo: [app-x/kit] }\n' }
      const get = (url: string, one: string) => ['wget', '-q', `${url}/gentoo/distfiles/${one}`, '-O']
      return { origin, use: fetching(t, [hashed, name, 'layout.conf'], get) }
    },
  },
}

/** By name: with what each serves, and whether its configuration is that of the export. */
const servers = {
  ...Object.fromEntries(Object.entries(everyServer).map(([name, start]) => [name, { start, configured: true }])),
  python: { start: fileServers.python, configured: false },
  handler: { start: fileServers.handler, configured: false },
}

function lacking(server: string): string | false {
  if (server in everyServer) return lacks(server)
  return server === 'python' && found('python3') === undefined ? 'python3 is not on this machine' : false
}

for (const [name, client] of Object.entries(clients)) {
  const missing = client.needs.find((program) => found(program) === undefined)
  test(`${name} and a tree`, {
    skip: missing === undefined ? false : `${missing} is not on this machine`,
  }, async (t) => {
    const started = await client.start(t)
    if (started === undefined) return t.skip('it cannot be tried on this machine')
    const { origin, use } = started
    const mirror = emptyMirror(t, origin.configuration)
    const { manifest } = origin as Origin & { readonly manifest?: string }
    if (manifest !== undefined) await pkgmirror(mirror, 'sync', `${files(folder(t), { 'm.yaml': manifest })}/m.yaml`)
    const online = await serve(t, mirror)
    const expected = await use(online.url, mainland)
    await online.stop()
    await origin.stop()
    const apart = await island(t)
    if (apart === undefined) t.diagnostic('no network namespace is permitted here: only the upstream is away')
    for (const [server, { start, configured }] of Object.entries(servers)) {
      if (client.configured === true && !configured) continue
      await t.test(`behind ${server}`, { skip: lacking(server) }, async (inner) => {
        const at = apart ?? mainland
        const tree = folder(inner)
        const running = await start(inner, tree, at)
        await pkgmirror(mirror, 'export', tree, '--base-url', running.url)
        await running.ready?.()
        const told = await check(running.url, mirror.data, at)
        assert.equal(told.code, 0, JSON.stringify(told))
        assert.deepEqual(await use(running.url, at), expected)
        await running.stop()
      })
    }
  })
}

/** The last line of `export --check`, run where the server is. */
async function check(url: string, data: string, { enter }: Island): Promise<{ readonly code: number }> {
  const argv = [
    ...enter,
    process.execPath,
    `${root}/bin/pkgmirror.js`,
    'export',
    '--check',
    url,
    '--json',
    '--data',
    data,
  ]
  const out = await execute({ argv, cwd: data, env: environment(data) }).catch((error: Error) => error.message)
  return JSON.parse(out.trim().split('\n').at(-1) ?? '') as { code: number }
}
