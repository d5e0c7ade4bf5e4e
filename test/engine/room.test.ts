// A disk that has no room: what is not held is passed on, verified, and kept nowhere.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { item, mirrorOf, sha256 } from '../builders/mirror.ts'
import { bytesOf, file, json } from '../fakes/upstream.ts'

const MB = 1_000_000

async function full(t: TestContext, content: Uint8Array, sent: Uint8Array = content) {
  const disk = { free: MB }
  const routes = {
    '/index/a': json({ files: [item('a.tgz', content)] }),
    '/files/a/a.tgz': file(sent),
  }
  const { up, at } = await mirrorOf(t, routes, {
    keepFree: { share: 0.05 },
    store: (store) => ({ ...store, space: async () => ({ free: disk.free, total: 100 * MB }) }),
  })
  return { up, at, disk }
}
const path = '/files/a/a.tgz'

test('a file is passed on whole, and says so; nothing of it is kept', async (t) => {
  for (const size of [1000, 6 * MB]) {
    const content = bytesOf(size)
    const { up, at } = await full(t, content)
    const got = await at.get(path)
    assert.deepEqual([got.cache, got.headers['x-cache'], sha256(got.bytes)], ['BYPASS', 'BYPASS', sha256(content)])
    assert.equal(got.headers['cache-status'], 'pkgmirror; fwd=bypass')
    assert.deepEqual(await at.leftovers(), [])
    assert.equal(await at.mirror.store.stat(sha256(content)), undefined)
    assert.equal(at.mirror.catalog.refs.get('shelf', path, '', 0), undefined)
    assert.equal(
      at.mirror.catalog.refs.get('shelf', '/index/a', '', 0)?.sha256 === undefined,
      false,
      'the index is kept',
    )
    await at.get(path)
    assert.equal(up.count(path), 2)
  }
})

test('all who want it meanwhile follow one fetch', async (t) => {
  const content = bytesOf(3 * MB)
  const { up, at } = await full(t, content)
  const all = await Promise.all(Array.from({ length: 8 }, () => at.get(path)))
  for (const { bytes } of all) assert.equal(sha256(bytes), sha256(content))
  assert.equal(up.count(path), 1)
})

test('bytes that are not those that were stated break off before their end', async (t) => {
  const content = bytesOf(200_000)
  const { at } = await full(t, content, bytesOf(200_000, 2))
  const { code } = await at.failure(path)
  assert.equal(['WRONG_DIGEST', 'TRUNCATED'].includes(code), true, code)
  assert.deepEqual(await at.leftovers(), [])
})

test('is told once, and files are kept again when there is room', async (t) => {
  const content = bytesOf(1000)
  const { at, disk } = await full(t, content)
  await at.get(path)
  await at.get(path)
  const warnings = at.events.flatMap((event) => (event.type === 'warning' ? [event.error.message] : []))
  assert.equal(warnings.length, 1)
  assert.match(warnings[0] ?? '', /passed on and not kept: 1MB are free and 5MB are to stay free, so nothing/)
  disk.free = 50 * MB
  await new Promise((resolve) => setTimeout(resolve, 1050))
  assert.equal((await at.get(path)).cache, 'MISS')
  assert.equal((await at.get(path)).cache, 'HIT')
})

test('a file that alone is too large for the room is passed on, smaller ones are kept', async (t) => {
  const content = bytesOf(3 * MB)
  const { at, disk } = await full(t, content)
  disk.free = 7 * MB
  assert.equal((await at.get(path)).cache, 'BYPASS')
})

test('a sync does not pass anything on: it stops', async (t) => {
  const { at } = await full(t, bytesOf(1000))
  const { codes } = await at.sync(['a'])
  assert.deepEqual(codes, ['DISK_FULL'])
})
