// Tools of containers against registries on loopback: Debian's, filled from an image layout, and a small one with tokens.

import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { orchardImages, startOciReplica, writeLayout } from '../replica/oci.ts'
import { pkgmirror, serve } from './mirror.ts'
import { buildah, containerd, skopeo, startRegistry } from './oci-tools.ts'
import { environment, execute, files, folder, found, type Island, mainland } from './place.ts'
import { emptyMirror, originOf, type Use, voyage } from './voyage.ts'
import { everyServer, lacks, webServers } from './web-servers.ts'

const image = 'org/orchard'
/** Whatever the registry is called by those who pull from it. */
const called = 'registry.example.org'

const without = (...programs: readonly string[]) => {
  const missing = programs.filter((program) => found(program) === undefined)
  return { skip: missing.length > 0 ? `${missing.join(', ')} not on this machine` : false }
}

async function debian(t: TestContext) {
  const images = await orchardImages()
  const layout = path.join(folder(t), 'layout')
  writeLayout(layout, images.shelf)
  const registry = await startRegistry(t, layout, image, [...images.shelf.tags.keys()])
  return { images, ...originOf(t, registry, configured(registry.url)) }
}

const configured = (url: string, more = ''): string => `repositories:\n  oci: { upstream: "${url}"${more} }\n`

describe('skopeo', () => {
  it(
    'copies an image of two platforms, and lists its tags, online, offline and exported',
    without('skopeo', 'docker-registry'),
    async (t) => {
      const origin = await debian(t)
      const got = await voyage(t, origin, skopeo(t, image, '1.2.0'), webServers)
      assert.deepEqual(got, [origin.images.orchard.digest, '1.2.0'])
    },
  )

  it('finds offline what a sync has brought', without('skopeo', 'docker-registry'), async (t) => {
    const origin = await debian(t)
    const mirror = emptyMirror(t, origin.configuration)
    const manifest = `images: [{ name: ${image}, tags: "^1.1 || latest", keep: 2 }]\nplatforms: [linux-x64, linux-arm64]\n`
    await pkgmirror(mirror, 'sync', `${files(folder(t), { 'm.yaml': manifest })}/m.yaml`)
    await origin.stop()
    const offline = await serve(t, mirror, ['--offline'])
    const got = await skopeo(t, image, 'latest')(offline.url, mainland)
    assert.deepEqual(got, [origin.images.orchard.digest, 'latest'])
  })
})

describe('skopeo and a registry that asks for tokens', () => {
  it('copies through a mirror that has the login', without('skopeo'), async (t) => {
    const { shelf, orchard } = await orchardImages()
    const replica = await startOciReplica(
      { [image]: shelf },
      { tokens: { username: 'me', password: 'hunter2' }, redirects: true, referrers: true, page: 2 },
    )
    const hosts = new URL(replica.files.url).host
    const login = `, allow_hosts: ["${hosts}"], credentials: { username: me, password: hunter2 }`
    const got = await voyage(
      t,
      originOf(t, replica, configured(replica.url, login)),
      skopeo(t, image, '1.2.0'),
      webServers,
    )
    assert.deepEqual(got, [orchard.digest, '1.2.0'])
  })
})

for (const [server, start] of Object.entries(everyServer)) {
  describe(`a tree behind ${server}`, () => {
    it(
      'has the images of two repositories, one mounted below the other, with their types and digests',
      lacks(server) === false ? without('skopeo', 'docker-registry', 'curl') : { skip: lacks(server) },
      async (t) => {
        const { images, configuration, stop } = await debian(t)
        const [, upstream = ''] = /upstream: "([^"]*)"/.exec(configuration) ?? []
        const both = `${configuration}  inner: { ecosystem: oci, upstream: "${upstream}" }\n`
        const names = [image, `inner/${image}`]
        const use: Use<readonly (readonly string[])[]> = async (url, at) => {
          const got: (readonly string[])[] = []
          for (const name of names) {
            const head = await headOf(t, `${url}/v2/${name}/manifests/1.2.0`, at)
            got.push([
              ...(await skopeo(t, name, '1.2.0')(url, at)),
              head['docker-content-digest'] ?? '',
              head['content-type'] ?? '',
            ])
          }
          return got
        }
        const { digest, type } = images.orchard
        const got = await voyage(t, { configuration: both, stop }, use, { [server]: start })
        assert.deepEqual(got, [
          [digest, '1.2.0', digest, type],
          [digest, '1.2.0', digest, type],
        ])
      },
    )
  })
}

/** Header fields of an answer, names in lower case. */
async function headOf(t: TestContext, url: string, { enter }: Island): Promise<Readonly<Record<string, string>>> {
  const home = folder(t)
  const text = await execute({ argv: [...enter, 'curl', '-fsSI', url], cwd: home, env: environment(home) })
  return Object.fromEntries(
    text.split('\r\n').flatMap((line) => {
      const [, name = '', value = ''] = /^([^:]+): (.*)$/.exec(line) ?? []
      return name === '' ? [] : [[name.toLowerCase(), value]]
    }),
  )
}

describe('buildah', () => {
  it('unpacks the image of its own platform', without('buildah', 'skopeo', 'docker-registry'), async (t) => {
    const text = await voyage(t, await debian(t), buildah(t, `${image}:1.1.0`, 'hello.txt'), webServers)
    assert.equal(text, 'orchard 1.1.0\n')
  })
})

describe('containerd', () => {
  it(
    'fetches by one hosts.toml for every registry, of those that are mirrored',
    without('containerd', 'ctr', 'skopeo', 'docker-registry'),
    async (t) => {
      const { images, configuration, stop } = await debian(t)
      const [, upstream = ''] = /upstream: "([^"]*)"/.exec(configuration) ?? []
      const more = `  named: { ecosystem: oci, upstream: ["${upstream}", "http://${called}/v2"], mount: /v2/named }\n`
      const { orchard, x64, arm64 } = images
      const all = [orchard, ...[x64, arm64].flatMap(({ manifest, blobs }) => [manifest, ...blobs])].map(
        ({ digest }) => digest,
      )
      const origin = { configuration: configuration + more, stop }
      assert.deepEqual(await voyage(t, origin, containerd(t, `${called}/${image}:1.2.0`), {}), all.sort())
      await assert.rejects(voyage(t, origin, containerd(t, `elsewhere.example.org/${image}:1.2.0`), {}), /403/)
    },
  )
})

describe('image layouts', () => {
  it(
    'carry images from one mirror to another that knows no network, verified on the way',
    without('skopeo', 'docker-registry'),
    async (t) => {
      const { images, configuration, stop } = await debian(t)
      const first = emptyMirror(t, configuration)
      const manifest = `images: [{ name: ${image}, tags: "1.2.0 || latest" }]\n`
      await pkgmirror(first, 'sync', `${files(folder(t), { 'm.yaml': manifest })}/m.yaml`)
      await stop()
      const layout = path.join(folder(t), 'layout')
      await pkgmirror(first, 'export', layout, '--oci-layout')
      const plain = { cwd: folder(t), env: environment(folder(t)) }
      const raw = await execute({ argv: ['skopeo', 'inspect', '--raw', `oci:${layout}:${image}:1.2.0`], ...plain })
      assert.equal(raw, images.orchard.bytes.toString())
      const second = emptyMirror(t, configuration)
      await pkgmirror(second, 'import', '--oci-layout', layout)
      const offline = await serve(t, second, ['--offline'])
      assert.deepEqual(await skopeo(t, image, 'latest')(offline.url, mainland), [images.orchard.digest, 'latest'])
      const [, layer] = images.x64.blobs
      const file = path.join(layout, 'blobs', layer?.digest.replace(':', '/') ?? '')
      rmSync(file)
      writeFileSync(file, 'something else')
      await assert.rejects(pkgmirror(emptyMirror(t, configuration), 'import', '--oci-layout', layout), /WRONG_DIGEST/)
    },
  )
})
