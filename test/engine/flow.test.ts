import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { INLINE_LIMIT } from '../../src/engine/read.ts'
import { isGrowing } from '../../src/engine/served.ts'
import { ecosystems, otherwise, shown, stop } from '../builders/lines.ts'
import { day, growingBytes, mirrorOf, rule, sha256, type TestMirrorOptions } from '../builders/mirror.ts'
import { type Script, text } from '../fakes/upstream.ts'

// every line has 64 bytes, so that none lies in two pieces
const lines = (count: number): string =>
  'line of sixty-four bytes, which is as long as a text should be.\n'.repeat(count)
const large = lines(16_000)
assert.ok(large.length > 3 * INLINE_LIMIT)
const slowly = { bytesPerSecond: 2 * large.length, chunked: true }

const module = new URL('../builders/lines.ts', import.meta.url)
const opened = (t: TestContext, routes: Readonly<Record<string, Script>>, more: Partial<TestMirrorOptions> = {}) =>
  mirrorOf(t, routes, { ecosystems, module, ...more })

describe('a view that flows', () => {
  test('is shown while its document arrives, to all who ask, and kept', async (t) => {
    const { up, at } = await opened(t, { '/lines/a': text(large, slowly) }, { policy: { freshFor: day } })
    const first = await at.open('/lines/a')
    const second = await at.open('/lines/a')
    for (const { body, etag } of [first, second]) {
      assert.ok(isGrowing(body) && !body.done)
      assert.equal(etag, undefined)
    }
    for (const { body } of [first, second])
      assert.ok(isGrowing(body) && (await growingBytes(body)).toString() === shown(large))
    await at.mirror.flights.idle()
    const again = await at.get('/lines/a')
    assert.deepEqual([again.cache, again.etag, again.text === shown(large)], ['HIT', `"${sha256(shown(large))}"`, true])
    assert.equal(up.count(), 1)
    assert.deepEqual(await at.leftovers(), [])
  })

  test('goes on as the view of the whole document where it stops', async (t) => {
    for (const head of [13_000, 0]) {
      const document = `${lines(head)}${stop}${lines(16_000 - head)}`
      const { at } = await opened(t, { '/lines/a': text(document, slowly) })
      const got = await at.get('/lines/a')
      assert.ok(got.text === shown(document))
      assert.equal(isGrowing(got.body), head > 0)
      assert.ok((await at.get('/lines/a')).text === shown(document))
      assert.deepEqual(await at.leftovers(), [])
    }
  })

  test('breaks off where the view of the whole document begins otherwise, and is that view from then on', async (t) => {
    const document = `${lines(13_000)}${stop}`
    const { at } = await opened(t, { '/otherwise/a': text(document, slowly) })
    const { body } = await at.open('/otherwise/a')
    assert.ok(isGrowing(body))
    await assert.rejects(growingBytes(body), /shown otherwise than it began/)
    assert.ok((await at.get('/otherwise/a')).text === otherwise(document))
    assert.deepEqual(await at.leftovers(), [])
  })

  test('breaks off with its document', async (t) => {
    const { at } = await opened(t, { '/lines/a': { ...text(large, slowly), truncateAt: large.length - 10_000 } })
    const { body } = await at.open('/lines/a')
    assert.ok(isGrowing(body))
    await assert.rejects(growingBytes(body))
    assert.equal(at.mirror.catalog.views.all().length, 0)
    assert.deepEqual(await at.leftovers(), [])
  })

  test('is not for small documents, for HEAD, for who has a copy, or where a rule may hide something', async (t) => {
    const { at } = await opened(t, { '/lines/a': text(lines(9)), '/lines/b': text(large), '/lines/c': text(large) })
    assert.ok(!isGrowing((await at.open('/lines/a')).body))
    assert.ok(!isGrowing((await at.open('/lines/b', { method: 'HEAD' })).body))
    assert.ok(!isGrowing((await at.open('/lines/c', { fields: { 'if-none-match': '"1"' } })).body))
    const ruled = await opened(t, { '/lines/a': text(large) }, { policy: { deny: [rule('pkg:shelf/x')] } })
    assert.ok(!isGrowing((await ruled.at.open('/lines/a')).body))
  })

  test('is one at a time: what else arrives is rendered when it is there', async (t) => {
    const { at } = await opened(t, { '/lines/a': text(large, slowly), '/lines/b': text(large) })
    const first = await at.open('/lines/a')
    const second = await at.open('/lines/b')
    assert.ok(isGrowing(first.body) && !first.body.done && !isGrowing(second.body))
    assert.ok((await growingBytes(first.body)).toString() === shown(large))
  })
})
