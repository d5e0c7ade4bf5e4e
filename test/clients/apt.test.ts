// apt against a signed archive on loopback.

import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { type DebianReplica, installed, sources, startDebianReplica } from '../replica/debian.ts'
import { hash } from '../replica/debian-archive.ts'
import { apt } from './apt-suite.ts'
import { pkgmirror, serve } from './mirror.ts'
import { files, folder, found, mainland } from './place.ts'
import { emptyMirror, originOf, voyage, withoutNetwork } from './voyage.ts'

const suites = ['steady', 'steady-updates']

async function origin(t: TestContext) {
  const replica = await startDebianReplica()
  const keyring = `${files(folder(t), { 'archive.asc': replica.key })}/archive.asc`
  const text = `repositories:\n  debian: { upstream: "${replica.upstream.url}", keyring: "${keyring}" }\n`
  return { replica, ...originOf(t, replica.upstream, text) }
}

const use = (t: TestContext, { key }: DebianReplica) =>
  apt(t, { suites, key: { armoured: key }, install: ['lamp'], source: ['lamp'], architecture: 'amd64' })

describe('apt-get', { skip: found('apt-get') === undefined ? 'apt is not on this machine' : false }, () => {
  it('updates, installs and fetches sources through the mirror, offline and exported', async (t) => {
    const { replica, ...rest } = await origin(t)
    const got = await voyage(t, rest, use(t, replica))
    const published = new Map([...replica.pool].map(([path, bytes]) => [path.replace(/^.*\//, ''), hash(bytes)]))
    for (const name of [...installed, ...sources]) {
      assert.equal(got[name], published.get(name.replace(/_1%3a/, '_')), name)
    }
  })

  it('installs offline what a sync has brought, each file of the pool fetched once', async (t) => {
    const { replica, configuration, stop } = await origin(t)
    const mirror = emptyMirror(t, configuration)
    const manifest = `packages:\n  debian: [{ name: lamp, suites: [${suites.join(', ')}], architectures: [amd64], sources: true }]\n`
    await pkgmirror(mirror, 'sync', `${files(folder(t), { 'm.yaml': manifest })}/m.yaml`)
    const online = await serve(t, mirror)
    const first = await use(t, replica)(online.url, mainland)
    assert.deepEqual(
      [...replica.pool.keys()].filter((each) => replica.upstream.count(`/${each}`) > 1),
      [],
    )
    await online.stop()
    await stop()
    await withoutNetwork(t, mirror, use(t, replica), first)
  })
})
