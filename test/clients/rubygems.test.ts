// Bundler and gem against a registry on loopback.

import assert from 'node:assert/strict'
import { it, type TestContext } from 'node:test'
import { gemfile, type Kind, printed, startGemReplica } from '../replica/rubygems.ts'
import { pkgmirror, serve } from './mirror.ts'
import { nginx } from './nginx.ts'
import { files, folder, found, mainland } from './place.ts'
import { bundle, gemInstall } from './rubygems-suite.ts'
import { suite } from './suite.ts'
import { emptyMirror, originOf, voyage } from './voyage.ts'

const project = { gemfile, printed }

async function origin(t: TestContext, kind: Kind) {
  const replica = await startGemReplica(kind)
  // the replica has a version for a Ruby that is not there yet, which a sync would take else
  const text = `repositories:\n  rubygems: { upstream: "${replica.upstream.url}", ruby: "3.0.0" }\n`
  return { replica, ...originOf(t, replica.upstream, text) }
}

const missing = (program: string): { readonly skip: string | false } => ({
  skip: found(program) === undefined ? `${program} is not on this machine` : false,
})

suite('bundler', missing('bundle').skip, () => {
  it('installs the same gems through the mirror, offline and exported', async (t) => {
    await voyage(t, await origin(t, 'with everything'), bundle(t, project, 'a mirror of every source'))
  })

  it('installs the same, online and offline, from a registry with the compact index alone', async (t) => {
    const { configuration, stop } = await origin(t, 'with the compact index alone')
    const mirror = emptyMirror(t, configuration)
    const use = bundle(t, project, 'a mirror of every source')
    const online = await serve(t, mirror)
    const first = await use(online.url, mainland)
    await online.stop()
    await stop()
    const offline = await serve(t, mirror, ['--offline'])
    assert.deepEqual(await use(offline.url, mainland), first)
    await offline.stop()
  })

  it('takes the mirror as the source of a Gemfile', async (t) => {
    const { configuration } = await origin(t, 'with everything')
    const online = await serve(t, emptyMirror(t, configuration))
    await bundle(t, project, 'the source of the Gemfile')(online.url, mainland)
    await online.stop()
  })

  it('goes by the compact index of a tree behind nginx, which makes no tags for it', missing('nginx'), async (t) => {
    const { configuration } = await origin(t, 'with everything')
    const mirror = emptyMirror(t, configuration)
    const manifest = `${files(folder(t), { 'm.yaml': 'packages: { gem: ["orchard@~> 1.0"] }\n' })}/m.yaml`
    await pkgmirror(mirror, 'sync', manifest)
    const tree = folder(t)
    const server = await nginx(t, tree)
    await pkgmirror(mirror, 'export', tree, '--base-url', server.url)
    await bundle(t, project, 'a mirror of every source')(server.url, mainland)
  })

  it('installs offline what a sync has brought, each gem fetched once', async (t) => {
    const { replica, configuration, stop } = await origin(t, 'with everything')
    const mirror = emptyMirror(t, configuration)
    const manifest = `${files(folder(t), { 'm.yaml': 'packages: { gem: ["orchard@~> 1.0"] }\n' })}/m.yaml`
    await pkgmirror(mirror, 'sync', manifest)
    assert.deepEqual(
      replica.gems.filter((each) => replica.upstream.count(each) > 1),
      [],
    )
    await stop()
    const offline = await serve(t, mirror, ['--offline'])
    await bundle(t, project, 'a mirror of every source')(offline.url, mainland)
    await offline.stop()
  })
})

suite('gem', missing('gem').skip, () => {
  it('installs the same gems through the mirror, offline and exported', async (t) => {
    const use = gemInstall(t, project, ['orchard', '--version', '~> 1.0'])
    await voyage(t, await origin(t, 'with everything'), use)
  })
})
