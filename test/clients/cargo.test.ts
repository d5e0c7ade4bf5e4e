// Cargo against a registry on loopback.

import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'

import { dependencies, printed, program, startCargoReplica } from '../replica/cargo.ts'
import { build } from './cargo-suite.ts'
import { pkgmirror, serve } from './mirror.ts'
import { files, folder, found, mainland } from './place.ts'
import { emptyMirror, originOf, voyage, withoutNetwork } from './voyage.ts'

const cargo = found('cargo')
const project = { dependencies, program, printed }

async function origin(t: TestContext, kind: 'with markers' | 'without markers') {
  const replica = await startCargoReplica(kind)
  const text = `repositories:\n  cargo: { upstream: "${replica.upstream.url}" }\n`
  return { replica, ...originOf(t, replica.upstream, text) }
}

describe('cargo', { skip: cargo === undefined ? 'cargo is not on this machine' : false }, () => {
  for (const kind of ['with markers', 'without markers'] as const) {
    it(`fetches and builds the same crates through the mirror, offline and exported: a registry ${kind}`, async (t) => {
      await voyage(t, await origin(t, kind), build(t, project))
    })
  }

  it('builds offline what a sync has brought, each crate fetched once', async (t) => {
    const { replica, configuration, stop } = await origin(t, 'with markers')
    const mirror = emptyMirror(t, configuration)
    const manifest = `${files(folder(t), { 'm.yaml': 'packages: { cargo: ["orchard@1"] }\n' })}/m.yaml`
    await pkgmirror(mirror, 'sync', manifest)
    const online = await serve(t, mirror)
    const use = build(t, project)
    const first = await use(online.url, mainland)
    assert.deepEqual(
      replica.crates.filter((each) => replica.upstream.count(each) > 1),
      [],
    )
    await online.stop()
    await stop()
    await withoutNetwork(t, mirror, use, first)
  })
})
