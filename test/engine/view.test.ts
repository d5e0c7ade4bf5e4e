import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { INLINE_LIMIT } from '../../src/engine/read.ts'
import { MirrorError } from '../../src/errors.ts'
import { cooldown, day, hour, item, mirrorOf, noon, rule, second, sha256, type TestMirror } from '../builders/mirror.ts'
import type { Index, Item } from '../builders/shelf.ts'
import { json, type Script, text } from '../fakes/upstream.ts'

/** Large enough that it is read and shown in a worker thread. */
const padding = 'x'.repeat(INLINE_LIMIT)
const indexOf = (files: readonly Item[], more: Partial<Index> = {}): Script => json({ files, ...more })
const files = [
  item('a-1.tgz', 'one', { version: '1.0.0', published: noon - 9 * day }),
  item('a-2.tgz', 'two', { version: '2.0.0', published: noon - 9 * day }),
  item('a-3.tgz', 'three', { version: '3.0.0', published: noon - hour }),
]
const policy = { deny: [rule('pkg:shelf/a@1.0.0')], cooldown: cooldown({ default: day }) }
const shown = (body: string): readonly string[] => (JSON.parse(body) as Index).files.map((one) => one.file)

async function twin(at: TestMirror, path: string): Promise<string> {
  const { twins } = await at.get(path)
  const gzip = twins?.gzip
  assert.ok(gzip, 'it has no compressed twin')
  return gunzipSync(Buffer.concat(await Array.fromAsync(at.mirror.store.stream(gzip.sha256)))).toString()
}

describe('a view', () => {
  test('is the same from a worker thread and inline', async (t) => {
    const bodies: string[] = []
    for (const pad of ['', padding]) {
      const { at } = await mirrorOf(t, { '/index/a': indexOf(files, { padding: pad }) }, { policy })
      const got = await at.get('/index/a')
      bodies.push(got.text.replace(pad, ''))
      assert.equal(got.etag, `"${sha256(got.bytes)}"`)
      if (pad !== '') assert.equal(await twin(at, '/index/a'), got.text)
      const facts = at.mirror.catalog.facts.byName('shelf', 'a')
      assert.deepEqual(facts.map((fact) => fact.entry.path).sort(), files.map((one) => `/files/a/${one.file}`).sort())
    }
    assert.equal(bodies[0], bodies[1])
    assert.deepEqual(shown(bodies[0] ?? ''), ['a-2.tgz'])
  })

  for (const [how, pad] of [
    ['inline', ''],
    ['in a worker thread', padding],
  ] as const) {
    test(`never shows what is hidden, and a matured entry appears by the clock, ${how}`, async (t) => {
      const { up, at } = await mirrorOf(
        t,
        { '/index/a': indexOf(files, { padding: pad }) },
        { policy: { ...policy, freshFor: 99 * day } },
      )
      const before = await at.get('/index/a')
      assert.deepEqual(shown(before.text), ['a-2.tgz'])
      at.clock.pass(day - hour - 1)
      assert.deepEqual(shown((await at.get('/index/a')).text), ['a-2.tgz'])
      at.clock.pass(1)
      const after = await at.get('/index/a')
      assert.deepEqual(shown(after.text), ['a-2.tgz', 'a-3.tgz'])
      assert.ok((after.modified ?? 0) >= (before.modified ?? 0) + second)
      assert.equal(up.count(), 1)
    })

    test(`that fails is an error, never the original, ${how}`, async (t) => {
      const { at } = await mirrorOf(t, { '/index/a': indexOf(files, { broken: 'view', padding: pad }) })
      const { code, message } = await at.failure('/index/a')
      assert.equal(code, 'UNREADABLE')
      assert.match(message, /^\/index\/a cannot be read: this index cannot be shown/)
      assert.deepEqual(await at.leftovers(), [])
      assert.equal((await at.failure('/index/a')).code, 'UNREADABLE')
    })

    test(`of a document that cannot be read is an error, and no fact of it stays, ${how}`, async (t) => {
      const { at } = await mirrorOf(t, { '/index/a': indexOf(files, { broken: 'read', padding: pad }) })
      assert.equal((await at.failure('/index/a')).code, 'UNREADABLE')
      assert.equal((await at.failure('/files/a/a-1.tgz')).code, 'UNREADABLE')
      assert.deepEqual(at.mirror.catalog.facts.readings(), [])
      assert.deepEqual(await at.leftovers(), [])
    })
  }

  test('is made once for many clients, and kept for the next process', async (t) => {
    const { at } = await mirrorOf(t, { '/index/a': indexOf(files, { padding }) }, { policy })
    const all = await Promise.all(Array.from({ length: 20 }, () => at.get('/index/a')))
    assert.equal(new Set(all.map((one) => one.etag)).size, 1)
    assert.equal(at.mirror.catalog.views.all().length, 1)
    const again = await at.reopen({ offline: false })
    t.after(() => again.close())
    const got = await again.get('/index/a')
    assert.deepEqual([got.etag, got.modified], [all[0]?.etag, all[0]?.modified])
    assert.equal(again.mirror.catalog.views.all().length, 1)
  })

  test('is made for the address that the client used', async (t) => {
    const { at } = await mirrorOf(t, { '/index/a': indexOf(files) })
    const one = await at.get('/index/a', { base: 'http://one.test/shelf' })
    const two = await at.get('/index/a', { base: 'http://two.test/shelf' })
    assert.match(one.text, /one\.test/)
    assert.match(two.text, /two\.test/)
    assert.notEqual(one.etag, two.etag)
    assert.equal((await at.get('/index/a', { base: 'http://one.test/shelf' })).etag, one.etag)
  })

  test('follows the rules of the next start', async (t) => {
    const { at } = await mirrorOf(t, { '/index/a': indexOf(files) })
    const free = await at.get('/index/a')
    assert.equal(shown(free.text).length, 3)
    const strict = await at.reopen({ policy })
    t.after(() => strict.close())
    const hidden = await strict.get('/index/a')
    assert.deepEqual(shown(hidden.text), ['a-2.tgz'])
    assert.ok((hidden.modified ?? 0) > (free.modified ?? 0))
    const again = await strict.reopen({ policy: {} })
    t.after(() => again.close())
    const back = await again.get('/index/a')
    assert.deepEqual(shown(back.text), shown(free.text))
    assert.ok((back.modified ?? 0) > (hidden.modified ?? 0), 'its date went back')
  })

  test('of what is held grows with it', async (t) => {
    const { at } = await mirrorOf(t, {
      '/index/a': indexOf(files),
      '/files/a/a-1.tgz': text('one'),
      '/files/a/a-2.tgz': text('two'),
    })
    assert.equal((await at.get('/made/holdings')).text, '[]')
    await at.get('/files/a/a-1.tgz')
    assert.equal((await at.get('/made/holdings')).text, '["/files/a/a-1.tgz"]')
    at.offline = true
    assert.deepEqual(shown((await at.get('/index/a')).text), ['a-1.tgz'])
    at.offline = false
    await at.get('/files/a/a-2.tgz')
    at.offline = true
    assert.deepEqual(shown((await at.get('/index/a')).text), ['a-1.tgz', 'a-2.tgz'])
    assert.equal((await at.get('/made/holdings')).text, '["/files/a/a-1.tgz","/files/a/a-2.tgz"]')
  })

  test('of another view follows it', async (t) => {
    const { up, at } = await mirrorOf(t, { '/index/a': indexOf(files) }, { policy })
    const sum = async () => (JSON.parse((await at.get('/made/sum/a')).text) as { sha256: string }).sha256
    const tag = async () => (await at.get('/index/a')).etag
    assert.equal(`"${await sum()}"`, await tag())
    up.set('/index/a', indexOf([...files, item('a-4.tgz', 'four', { version: '4.0.0', published: 0 })]))
    assert.equal(`"${await sum()}"`, await tag())
    at.clock.pass(day)
    assert.equal(`"${await sum()}"`, await tag(), 'what matured in the one matured in the other')
    assert.equal((await at.failure('/made/sum/b')).code, 'NOT_FOUND')
  })

  test('whose blob is gone is made again', async (t) => {
    const { at } = await mirrorOf(t, { '/index/a': indexOf(files) })
    const { etag = '' } = await at.get('/index/a')
    await at.mirror.store.delete(etag.slice(1, -1))
    at.mirror.catalog.blobs.drop(etag.slice(1, -1))
    assert.equal((await at.get('/index/a')).etag, etag)
  })

  test('of a large index is read and made in a worker thread, of a small one where it is', async (t) => {
    const many = Array.from({ length: 5_000 }, (_, number) =>
      item(`a-${number}.tgz`, 'x', { version: `1.0.${number}` }),
    )
    const routes = { '/index/a': indexOf(many), '/index/b': indexOf(many.slice(0, 10)) }
    const { at } = await mirrorOf(t, routes, { policy: { deny: [rule('pkg:shelf/a@1.0.7')] } })
    const kinds: string[] = []
    const { threads } = at.mirror
    const { run } = threads
    threads.run = (job, watching) => {
      kinds.push(`${job.kind} ${job.doc?.head.path}`)
      return run(job, watching)
    }
    const got = await at.get('/index/a')
    await at.get('/index/b')
    assert.equal(shown(got.text).length, many.length - 1)
    assert.deepEqual(kinds, ['read /index/a', 'view /index/a'])
  })

  test('of a large index in which nothing can be hidden comes before what the index says is taken in', async (t) => {
    const routes = { '/index/a': indexOf(files, { padding }), '/files/a/a-1.tgz': text('one') }
    const { up, at } = await mirrorOf(t, routes)
    const opened = await at.open('/index/a')
    assert.equal(opened.cache, 'MISS')
    assert.equal(at.mirror.catalog.facts.hasReadings('shelf', '/index/a'), false)
    assert.equal((await at.get('/files/a/a-1.tgz')).text, 'one', 'a file waits for what names it')
    const again = await at.get('/index/a')
    assert.deepEqual([again.etag, again.modified], [opened.etag, opened.modified])
    assert.deepEqual([up.count('/index/a'), at.mirror.catalog.views.all().length], [2, 1])
  })

  test('that came before its index turned out to say what may not be is not kept', async (t) => {
    const { up, at } = await mirrorOf(t, { '/index/a': indexOf(files, { padding }) })
    const { facts } = at.mirror.catalog
    const { add } = facts
    facts.add = () => {
      throw new MirrorError('FAULT', 'the catalog takes nothing')
    }
    assert.deepEqual(shown((await at.get('/index/a')).text).length, 3)
    await at.mirror.flights.idle()
    assert.equal((await at.failure('/files/a/a-1.tgz')).code, 'FAULT')
    assert.equal(at.mirror.catalog.refs.get('shelf', '/index/a', '', 0), undefined)
    facts.add = add
    up.set('/files/a/a-1.tgz', text('one'))
    assert.equal((await at.get('/files/a/a-1.tgz')).text, 'one')
  })
})
