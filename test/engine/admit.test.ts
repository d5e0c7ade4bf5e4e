import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cooldown, day, hour, item, mirrorOf, noon } from '../builders/mirror.ts'
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
