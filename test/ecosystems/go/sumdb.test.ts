// The checksum database behind a mirror: what it says is proven, and what does not fit is refused and not kept.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isHeld } from '../../../src/catalog/rows.ts'
import { recordHash } from '../../../src/trust/tile-log.ts'
import type { TestMirror } from '../../builders/mirror.ts'
import { verified } from '../../builders/verify.ts'
import { file, text } from '../../fakes/upstream.ts'
import { publishLog } from '../../replica/go.ts'
import { createSumdb, fill } from '../../replica/sumdb.ts'
import { clientTree, fileOf, latest, listOf, lookupOf, proxyOf, shown } from './builders.ts'

const kit = 'example.test/Kit'
const tile = (path: string): string => `/sumdb/sum.test/tile/${path}`
const holds = (at: TestMirror, path: string): boolean => isHeld(at.mirror.catalog.refs.get('go', path, '', 0))
const warnings = (at: TestMirror): readonly string[] =>
  at.events.flatMap((event) => (event.type === 'warning' ? [event.error.code] : []))

describe('a checksum database', () => {
  test('vouches for zip and go.mod, by a record that is proven to be in its tree', async (t) => {
    const { at, log, add, grow, publish } = await proxyOf(t)
    grow(300)
    add(kit, 'v1.0.0')
    publish()
    await at.get(fileOf(kit, 'v1.0.0', 'zip'))
    await at.get(fileOf(kit, 'v1.0.0', 'mod'))
    const proofs = [...at.mirror.catalog.refs.scan('go')].map(({ path, proof }) => [path, proof])
    assert.deepEqual(Object.fromEntries(proofs), {
      [fileOf(kit, 'v1.0.0', 'zip')]: 'signature',
      [fileOf(kit, 'v1.0.0', 'mod')]: 'signature',
      [lookupOf(kit, 'v1.0.0')]: 'signature',
      [latest]: 'signature',
      [tile('8/0/001.p/45')]: 'signature',
      [tile('8/1/000.p/1')]: 'signature',
    })
    const [first] = [...at.mirror.catalog.refs.scan('go')].filter(({ path }) => path === latest)
    assert.match(
      first?.proven ?? '',
      new RegExp(`signature by sum\\.test\\+[0-9a-f]{8} on a tree of ${log.size} records`),
    )
  })

  test('is shown under one head, whatever heads the lookups came with', async (t) => {
    const { at, log, add, grow, publish } = await proxyOf(t)
    for (const version of ['v1.0.0', 'v1.1.0', 'v1.2.0']) {
      add(kit, version)
      grow(200)
    }
    publish({ 'v1.0.0': 150, 'v1.1.0': 333, 'v1.2.0': 500 })
    for (const version of ['v1.0.0', 'v1.1.0', 'v1.2.0']) {
      assert.deepEqual(shown((await at.get(lookupOf(kit, version))).text).head.size, log.size, version)
    }
  })

  test('is proven to clients offline by tiles that are held, however it grew meanwhile', async (t) => {
    const { at, up, log, add, grow, publish } = await proxyOf(t)
    const versions: string[] = []
    for (let round = 0; round < 6; round++) {
      const version = `v1.${round}.0`
      versions.push(version)
      add(kit, version)
      // the last lookups are ahead of `latest`, as those of new records are
      const before = log.head()
      if (round > 3) {
        grow(20)
        publish()
        up.set(latest, text(before))
      } else publish()
      await at.get(lookupOf(kit, version))
      grow(round * 230 + 1)
    }
    at.offline = true
    for (const version of versions) {
      const seen = shown((await at.get(lookupOf(kit, version))).text)
      for (const other of versions) {
        // whichever lookup a client saw first, the other one continues it
        const { head } = shown((await at.get(lookupOf(kit, other))).text)
        const [older, newer] = head.size < seen.head.size ? [head, seen.head] : [seen.head, head]
        const tree = clientTree(at, newer)
        assert.equal(await tree.rootOf(older.size), older.root, `${version} and ${other}`)
        assert.deepEqual(await tree.record(seen.id), recordHash(Buffer.from(seen.record)), version)
      }
    }
  })

  test('that forks is refused, and what was accepted stays', async (t) => {
    const { at, up, log, add, grow, publish } = await proxyOf(t)
    grow(100)
    add(kit, 'v1.0.0')
    grow(50)
    publish()
    await at.get(lookupOf(kit, 'v1.0.0'))
    const other = log.fork(120)
    fill(other, 5)
    const id = other.append(log.record(100).replaceAll('v1.0.0', 'v1.1.0'))
    fill(other, 200)
    publishLog(up, other, [{ path: lookupOf(kit, 'v1.1.0'), id, size: other.size }])
    assert.equal(shown((await at.get(latest)).text).head.size, log.size)
    assert.deepEqual(warnings(at), ['DISAGREEMENT'])
    // a lookup under the other history alone is refused as well
    up.set(latest, text(log.head()))
    assert.equal((await at.failure(lookupOf(kit, 'v1.1.0'))).code, 'DISAGREEMENT')
    assert.equal(holds(at, lookupOf(kit, 'v1.1.0')), false)
    assert.match((await at.failure(fileOf(kit, 'v1.1.0', 'zip'))).message, /forked/)
    assert.deepEqual((await at.sync([`${kit}@v1.1.0`])).codes.includes('DISAGREEMENT'), true)
  })

  test('that goes back is refused, and the newer head stays', async (t) => {
    const { at, up, log, add, grow, publish } = await proxyOf(t)
    add(kit, 'v1.0.0')
    grow(50)
    publish()
    await at.get(latest)
    up.set(latest, text(log.head(40)))
    const got = await at.get(latest)
    assert.deepEqual([shown(got.text).head.size, got.cache], [log.size, 'STALE'])
    assert.deepEqual(warnings(at), ['ROLLBACK'])
    const again = await at.reopen()
    t.after(() => again.close())
    await again.get(latest)
    assert.deepEqual(warnings(again), ['ROLLBACK'], 'remembered across a restart')
    again.clock.pass(60_000)
    assert.ok((await again.sync([`${kit}@v1.0.0`])).codes.includes('ROLLBACK'))
  })

  test('of another key, of a strange one, or unsigned, is refused', async (t) => {
    const { at, up, log, add, publish } = await proxyOf(t)
    add(kit, 'v1.0.0')
    publish()
    const path = lookupOf(kit, 'v1.0.0')
    const stranger = createSumdb()
    stranger.append(log.record(0))
    up.set(path, text(stranger.lookup(0)))
    assert.equal((await at.failure(path)).code, 'NO_SIGNATURE')
    up.set(path, text(log.lookup(0).replace(/— .*\n$/, '')))
    assert.equal((await at.failure(path)).code, 'BAD_FRAMING')
    // the signature of another text
    const text_ = log.lookup(0)
    up.set(path, text(text_.replace(/tree\n1\n/, 'tree\n2\n')))
    assert.equal((await at.failure(path)).code, 'BAD_SIGNATURE')
    assert.equal(holds(at, path), false)
  })

  test('whose record was changed, or is that of something else, is refused', async (t) => {
    const { at, up, log, add, grow, publish } = await proxyOf(t)
    add(kit, 'v1.0.0')
    add(kit, 'v1.1.0')
    grow(10)
    publish()
    const path = lookupOf(kit, 'v1.0.0')
    const good = log.lookup(0)
    up.set(path, text(good.replace(/h1:..../, 'h1:AAAA')))
    assert.equal((await at.failure(path)).code, 'WRONG_DIGEST')
    up.set(path, text(good.replace(/^0\n/, '1\n')))
    assert.equal((await at.failure(path)).code, 'WRONG_DIGEST')
    up.set(path, text(good.replace(/^0\n/, `${log.size + 5}\n`)))
    assert.equal((await at.failure(path)).code, 'WRONG_DIGEST')
    up.set(path, text(log.lookup(1)))
    assert.equal((await at.failure(path)).code, 'BAD_FRAMING')
    up.set(path, text(good))
    assert.equal((await at.get(path)).text, good)
  })

  test('whose tiles were changed is refused, and nothing of them is kept', async (t) => {
    const { at, up, log, add, grow, publish } = await proxyOf(t)
    add(kit, 'v1.0.0')
    grow(300)
    publish()
    const path = lookupOf(kit, 'v1.0.0')
    for (const each of ['8/0/000', '8/0/001.p/45', '8/1/000.p/1']) {
      const good = log.tile(each) ?? Buffer.alloc(0)
      for (const bad of [
        Buffer.from(good.map((byte, at) => (at === 7 ? byte ^ 1 : byte))),
        good.subarray(32),
        Buffer.alloc(0),
      ]) {
        up.set(tile(each), file(bad))
        assert.equal((await at.failure(path)).code, 'WRONG_DIGEST', each)
        assert.equal((await at.failure(tile(each))).code, 'WRONG_DIGEST', each)
        assert.equal(holds(at, tile(each)), false, each)
      }
      up.set(tile(each), file(good))
    }
    await at.get(path)
    assert.deepEqual(await at.leftovers(), [])
  })

  test('gives a client its tiles, and none that no accepted head has', async (t) => {
    const { at, up, log, add, grow, publish } = await proxyOf(t)
    add(kit, 'v1.0.0')
    grow(300)
    publish()
    assert.deepEqual((await at.get(tile('8/0/001.p/45'))).bytes, log.tile('8/0/001.p/45'))
    assert.deepEqual((await at.get(tile('8/0/000'))).bytes, log.tile('8/0/000'))
    // a narrower one, for clients that saw an older head
    up.set(tile('8/0/001.p/7'), file(log.tile('8/0/001.p/7') ?? Buffer.alloc(0)))
    assert.deepEqual((await at.get(tile('8/0/001.p/7'))).bytes, log.tile('8/0/001.p/7'))
    grow(100)
    up.set(tile('8/0/001.p/145'), file(log.tile('8/0/001.p/145') ?? Buffer.alloc(0)))
    assert.equal((await at.failure(tile('8/0/001.p/145'))).code, 'NOT_FOUND')
  })

  test('gives a client that has seen a newer head elsewhere the tiles of that one', async (t) => {
    const { at, up, log, add, grow, publish } = await proxyOf(t, { policy: { freshFor: 600_000 } })
    add(kit, 'v1.0.0')
    grow(300)
    publish()
    await at.get(lookupOf(kit, 'v1.0.0'))
    grow(100)
    const elsewhere = log.size
    grow(7)
    publish()
    const path = tile('8/0/001.p/145')
    up.set(path, file(log.tile('8/0/001.p/145') ?? Buffer.alloc(0)))
    assert.equal(elsewhere, 256 + 145)
    assert.deepEqual((await at.get(path)).bytes, log.tile('8/0/001.p/145'))
    assert.equal(shown((await at.get(latest)).text).head.size, 301, 'what is shown stays one head')
    // a history of its own is not taken up for a tile
    const other = log.fork(350)
    fill(other, 3)
    other.append('something else\n')
    fill(other, 200)
    publishLog(up, other, [])
    up.set(tile('8/0/001.p/200'), file(other.tile('8/0/001.p/200') ?? Buffer.alloc(0)))
    assert.equal((await at.failure(tile('8/0/001.p/200'))).code, 'DISAGREEMENT')
  })

  test('whose heads run ahead of each other at once is one chain', async (t) => {
    const { at, up, log, add, grow, publish } = await proxyOf(t)
    const versions = Array.from({ length: 12 }, (_, index) => `v1.${index}.0`)
    publish()
    up.set(latest, text(log.head(0)))
    const sizes: Record<string, number> = {}
    for (const version of versions) {
      add(kit, version)
      grow(30)
      sizes[version] = log.size
    }
    publish(sizes)
    up.set(latest, text(log.head(1)))
    await Promise.all(versions.map((version) => at.get(lookupOf(kit, version))))
    const heads = JSON.parse(at.mirror.catalog.generations.recall('go', 'heads of sum.test') ?? '') as {
      size: number
    }[]
    assert.deepEqual(
      heads.map(({ size }) => size),
      [1, ...Object.values(sizes)],
    )
  })

  test('is asked for nothing that is private, and not for what it is not configured for', async (t) => {
    const { at, up, log, add, publish } = await proxyOf(t, { own: { private: ['corp.test/*'] } })
    add('corp.test/cellar/deep', 'v1.0.0')
    publish()
    const path = lookupOf('corp.test/cellar/deep', 'v1.0.0')
    assert.equal((await at.failure(path)).code, 'NOT_FOUND')
    assert.equal((await at.failure(path.replace('sum.test', 'sum.other'))).code, 'NOT_FOUND')
    assert.equal((await at.failure('/sumdb/sum.other/supported')).code, 'NOT_FOUND')
    assert.equal((await at.get('/sumdb/sum.test/supported')).text, '')
    assert.deepEqual(up.requests, [])
    await at.get(fileOf('corp.test/cellar/deep', 'v1.0.0', 'zip'))
    assert.equal(up.count(path), 0)
    const [ref] = [...at.mirror.catalog.refs.scan('go')]
    assert.deepEqual([ref?.proof, ref?.proven], ['first-seen', 'pinned at first sight'])
    assert.ok(log.size > 0)
  })

  test('is asked at its own address, where it has one', async (t) => {
    const { at, up, log, add, publish } = await proxyOf(t)
    add(kit, 'v1.0.0')
    publish()
    const own = await at.reopen({
      repositories: [
        {
          ecosystem: 'go',
          upstreams: [up.url],
          options: { sumdb: [{ key: log.key, url: `${up.url}/database/` }] },
        },
      ],
    })
    t.after(() => own.close())
    up.set('/database/latest', text(log.head()))
    up.set(`/database/lookup/example.test/!kit@v1.0.0`, text(log.lookup(0)))
    up.set('/database/tile/8/0/000.p/1', file(log.tile('8/0/000.p/1') ?? Buffer.alloc(0)))
    up.reset()
    await own.get(fileOf(kit, 'v1.0.0', 'mod'))
    assert.deepEqual(
      up.requests.map(({ path }) => path).filter((path) => path.startsWith('/sumdb/')),
      [],
    )
  })

  test('of which one vouches for some modules and another for the rest', async (t) => {
    const { at, up, log, add, publish } = await proxyOf(t)
    const corp = createSumdb('sum.corp')
    add(kit, 'v1.0.0')
    add('corp.test/cellar', 'v1.0.0')
    publish()
    corp.append(log.record(1))
    publishLog(up, corp, [{ path: '/sumdb/sum.corp/lookup/corp.test/cellar@v1.0.0', id: 0, size: 1 }])
    const both = await at.reopen({
      repositories: [
        {
          ecosystem: 'go',
          upstreams: [up.url],
          options: { sumdb: [{ key: corp.key, modules: ['corp.test'] }, { key: log.key }] },
        },
      ],
    })
    t.after(() => both.close())
    await both.get(fileOf('corp.test/cellar', 'v1.0.0', 'zip'))
    await both.get(fileOf(kit, 'v1.0.0', 'zip'))
    assert.equal(holds(both, '/sumdb/sum.corp/lookup/corp.test/cellar@v1.0.0'), true)
    assert.equal(holds(both, lookupOf('corp.test/cellar', 'v1.0.0')), false)
    assert.equal(holds(both, lookupOf(kit, 'v1.0.0')), true)
  })

  test('is proven again by a verification, also when lookups are ahead of its head', async (t) => {
    const { at, up, log, add, grow, publish } = await proxyOf(t)
    add(kit, 'v1.0.0')
    grow(300)
    const before = log.head()
    add(kit, 'v1.1.0')
    grow(5)
    publish()
    up.set(latest, text(before))
    await at.get(fileOf(kit, 'v1.0.0', 'zip'))
    await at.get(fileOf(kit, 'v1.1.0', 'zip'))
    await at.get(listOf(kit))
    const wrong = (await verified(at)).flatMap(({ path, error }) =>
      error === undefined ? [] : [`${path}: ${error.message}`],
    )
    assert.deepEqual(wrong, [])
  })
})
