import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cooldown, day, hour, item, mirrorOf, noon, sha256 } from '../builders/mirror.ts'
import { json, text } from '../fakes/upstream.ts'

const three = { policy: { freshFor: 99 * day, cooldown: cooldown({ default: 3 * day }) } }
const plain = '/plain/a/2.0.0'
const list = (...published: readonly (number | undefined)[]) =>
  json({
    files: published.map((time, at) =>
      item(`a-${at}.tgz`, 'a', { version: '2.0.0', ...(time === undefined ? {} : { published: time }) }),
    ),
  })

describe('a file that says nothing of its age', () => {
  test('is as old as its version by the list that dates it', async (t) => {
    const { up, at } = await mirrorOf(t, { '/index/a': list(noon - day), [plain]: text('file') }, three)
    const { code, message } = await at.failure(plain)
    assert.equal(code, 'COOLDOWN')
    assert.match(message, /published 2026-01-01T12.*allowed from 2026-01-04T12/)
    assert.equal(up.count(plain), 0)
    at.clock.pass(2 * day)
    assert.equal((await at.get(plain)).text, 'file')
  })

  test('takes the earliest time of the files of its version', async (t) => {
    const { at } = await mirrorOf(t, { '/index/a': list(noon - hour, noon - 9 * day), [plain]: text('file') }, three)
    assert.equal((await at.get(plain)).text, 'file')
  })

  test('belongs to the baseline when the list shows its version at first reading', async (t) => {
    const { at } = await mirrorOf(t, { '/index/a': list(undefined), [plain]: text('file') }, three)
    assert.equal((await at.get(plain)).text, 'file')
  })

  test('is fetched and then judged by its Last-Modified when no list names its version', async (t) => {
    const modified = new Date(noon - day)
    const { at } = await mirrorOf(t, { '/index/a': json({ files: [] }), [plain]: text('file', { modified }) }, three)
    assert.match((await at.failure(plain)).message, /last modified 2026-01-01T12/)
    at.clock.pass(2 * day)
    assert.equal((await at.get(plain)).text, 'file')
  })

  test('is as old as its first sight when there is no date at all', async (t) => {
    const { up, at } = await mirrorOf(t, { '/index/a': json({ files: [] }), [plain]: text('file') }, three)
    assert.match((await at.failure(plain)).message, /first seen here 2026-01-02T12.*allowed from 2026-01-05T12/)
    at.clock.pass(day)
    assert.match((await at.failure(plain)).message, /allowed from 2026-01-05T12/)
    at.clock.pass(2 * day)
    assert.equal((await at.get(plain)).text, 'file')
    assert.equal(up.count(plain), 1)
  })

  test('that upstream does not have is not remembered as seen', async (t) => {
    const { at } = await mirrorOf(t, { '/index/a': json({ files: [] }) }, three)
    assert.equal((await at.failure(plain)).code, 'NOT_FOUND')
    assert.equal(at.mirror.catalog.facts.seen('shelf', plain), undefined)
  })

  test('fails closed when the list that dates it cannot be had', async (t) => {
    const { up, at } = await mirrorOf(t, { '/index/a': { status: 503 }, [plain]: text('file') }, three)
    assert.equal((await at.failure(plain)).code, 'UPSTREAM_STATUS')
    assert.equal(up.count(plain), 0)
  })

  test('asks for no list where nothing waits', async (t) => {
    const { up, at } = await mirrorOf(t, { '/index/a': list(noon), [plain]: text('file') })
    assert.equal((await at.get(plain)).text, 'file')
    assert.equal(up.count('/index/a'), 0)
  })
})

describe('a file that one document vouches for and another dates', () => {
  const summed = '/summed/a/2.0.0'
  const named = json({ files: [item('x', 'file', { path: summed, version: '2.0.0', digests: {} })] })
  const sum = text(sha256('file'))

  test('has its digest from the one and its age from the other', async (t) => {
    const all = { '/index/a': named, '/sum/a/2.0.0': sum, [summed]: text('file') }
    const { at } = await mirrorOf(t, all, three)
    assert.equal((await at.get(summed)).text, 'file')
    await at.mirror.flights.idle()
    assert.match(at.mirror.catalog.refs.get('shelf', summed, '', 0)?.proven ?? '', /digest stated by \/sum\/a\/2\.0\.0/)
  })

  test('is not there by the word of what only dates it', async (t) => {
    const { up, at } = await mirrorOf(t, { '/index/a': named, [summed]: text('file') })
    await at.get('/index/a')
    assert.equal((await at.failure(summed)).code, 'NOT_FOUND')
    assert.equal(up.count(summed), 0)
  })

  test('is not of old because its voucher is read for the first time', async (t) => {
    const { at } = await mirrorOf(
      t,
      { '/index/a': json({ files: [] }), '/sum/a/2.0.0': sum, [summed]: text('file') },
      three,
    )
    assert.equal((await at.failure(summed)).code, 'COOLDOWN')
    at.clock.pass(3 * day)
    assert.equal((await at.get(summed)).text, 'file')
  })
})

describe('a signature that policy requires', () => {
  test('is asked of files, and not of indexes that begin no chain', async (t) => {
    const list = json({ files: [item('a.tgz', 'a')] })
    const all = { '/index/a': list, '/files/a/a.tgz': text('a') }
    const { at } = await mirrorOf(t, all, { policy: { require: 'signature' } })
    await at.get('/index/a')
    assert.equal((await at.failure('/files/a/a.tgz')).code, 'REQUIREMENT')
  })
})
