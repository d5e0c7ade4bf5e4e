import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Policy } from '../../src/config/types.ts'
import { cooldown, day, hour, item, minute, mirrorOf, noon, rule, second, sha256 } from '../builders/mirror.ts'
import { json, status, text } from '../fakes/upstream.ts'

const where = { file: 'test.yaml' }
const note = '/text/note'
const index = (...files: readonly ReturnType<typeof item>[]) => json({ files })

describe('an index', () => {
  test('is asked for by condition, and its validation renews it', async (t) => {
    const { up, at } = await mirrorOf(t, { [note]: text('one', { etag: '"1"' }) }, { policy: { freshFor: minute } })
    assert.equal((await at.get(note)).cache, 'MISS')
    assert.equal((await at.get(note)).cache, 'HIT')
    at.clock.pass(minute)
    assert.equal((await at.get(note)).cache, 'REVALIDATED')
    at.clock.pass(minute - 1)
    assert.equal((await at.get(note)).cache, 'HIT')
    assert.deepEqual(
      up.requests.map((asked) => asked.headers['if-none-match']),
      [undefined, '"1"'],
    )
  })

  test('that changed gets another tag and a later date', async (t) => {
    const { at } = await mirrorOf(t, { [note]: [text('one'), text('two')] })
    const [one, two] = [await at.get(note), await at.get(note)]
    assert.deepEqual([one.text, two.text], ['one', 'two'])
    assert.equal(one.etag, `"${sha256('one')}"`)
    assert.equal(two.etag, `"${sha256('two')}"`)
    assert.ok((two.modified ?? 0) >= (one.modified ?? 0) + second)
  })

  test('has a date that never goes back, whatever upstream says', async (t) => {
    const dates = [new Date(noon - hour), new Date(noon - 9 * day), new Date(noon + 9 * day)]
    const steps = dates.map((modified, at) => text(`text ${at}`, { modified, etag: true }))
    const { at } = await mirrorOf(t, { [note]: steps })
    const seen: number[] = []
    for (const _ of dates) seen.push((await at.get(note)).modified ?? 0)
    assert.deepEqual(seen, [noon - hour, noon - hour + second, noon])
  })

  test('with equal bytes and no validators is the same as before', async (t) => {
    const { up, at } = await mirrorOf(t, { '/index/a': index(item('a.tgz', 'a')) })
    const one = await at.get('/index/a')
    at.clock.pass(day)
    const two = await at.get('/index/a')
    assert.equal(up.count(), 2)
    assert.equal(two.cache, 'REVALIDATED')
    assert.deepEqual([two.etag, two.modified, two.text], [one.etag, one.modified, one.text])
    assert.deepEqual(
      at.events.flatMap((event) => (event.type === 'finished' ? [event.outcome] : [])),
      ['fetched', 'unchanged'],
    )
    assert.equal(at.mirror.catalog.facts.readings().length, 1)
    assert.equal(at.mirror.catalog.views.all().length, 1)
    assert.deepEqual(await at.leftovers(), [])
  })

  test('that answers 304 for other bytes than ours is asked for again, without a condition', async (t) => {
    const lying = status(304, { headers: { etag: '"2"' } })
    const { up, at } = await mirrorOf(t, {
      [note]: [text('one', { etag: '"1"' }), lying, text('two', { etag: '"2"' })],
    })
    await at.get(note)
    assert.equal((await at.get(note)).text, 'two')
    assert.deepEqual(
      up.requests.map((asked) => asked.headers['if-none-match']),
      [undefined, '"1"', undefined],
    )
  })

  test('is kept by its query, of which only what counts is passed on', async (t) => {
    const { up, at } = await mirrorOf(t, { [`${note}?page=1`]: text('one'), [`${note}?page=2`]: text('two') })
    assert.equal((await at.get(note, { query: 'page=1&noise=1' })).text, 'one')
    assert.equal((await at.get(note, { query: 'page=2' })).text, 'two')
    at.offline = true
    assert.equal((await at.get(note, { query: 'noise=2&page=1' })).text, 'one')
    assert.deepEqual(
      up.requests.map((asked) => asked.path),
      [`${note}?page=1`, `${note}?page=2`],
    )
  })
})

describe('freshness by rule', () => {
  const rows: readonly (readonly [
    what: string,
    policy: Partial<Policy>,
    pass: number,
    asked: number,
    cache: string,
  ])[] = [
    [
      'immutable is never asked for again',
      { rules: [{ match: '/text/*', policy: 'immutable', where }] },
      999 * day,
      1,
      'HIT',
    ],
    [
      'revalidate asks each time',
      { freshFor: day, rules: [{ match: '/text/*', policy: 'revalidate', where }] },
      minute,
      2,
      'REVALIDATED',
    ],
    [
      'bypass asks each time, however soon',
      { freshFor: day, rules: [{ match: '/text/*', policy: 'bypass', where }] },
      0,
      2,
      'REVALIDATED',
    ],
    ['fresh_for of the rule', { rules: [{ match: '/text/*', freshFor: hour, where }] }, hour - 1, 1, 'HIT'],
    ['fresh_for of the rule, over', { rules: [{ match: '/text/*', freshFor: hour, where }] }, hour, 2, 'REVALIDATED'],
    ['expire_after before fresh_for', { freshFor: 9 * day, expireAfter: day }, day, 2, 'REVALIDATED'],
  ]
  for (const [what, policy, pass, asked, cache] of rows) {
    test(what, async (t) => {
      const { up, at } = await mirrorOf(t, { [note]: text('one', { etag: true }) }, { policy })
      await at.get(note)
      at.clock.pass(pass)
      assert.equal((await at.get(note)).cache, cache)
      assert.equal(up.count(), asked)
    })
  }

  test('upstream decides how long', async (t) => {
    const headers = { 'cache-control': 'max-age=60' }
    const { up, at } = await mirrorOf(
      t,
      { [note]: text('one', { etag: true, headers }) },
      { policy: { freshFor: 'upstream' } },
    )
    await at.get(note)
    at.clock.pass(minute - 1)
    assert.equal((await at.get(note)).cache, 'HIT')
    at.clock.pass(1)
    assert.equal((await at.get(note)).cache, 'REVALIDATED')
    assert.equal(up.count(), 2)
  })
})

describe('an upstream that fails', () => {
  const failing = [
    ['503', status(503)],
    ['500', status(500)],
    ['a reset', text('one', { truncateAt: 0 })],
    ['401 to our credentials', status(401)],
    ['429', status(429)],
  ] as const
  for (const [what, step] of failing) {
    test(`${what}: what is held is shown as stale, for as long as policy says`, async (t) => {
      const { at } = await mirrorOf(t, { [note]: [text('one'), step] }, { policy: { staleIfError: hour } })
      await at.get(note)
      at.clock.pass(hour)
      const got = await at.get(note)
      assert.deepEqual([got.text, got.cache], ['one', 'STALE'])
      assert.match(got.headers['cache-status'] ?? '', /detail=stale/)
      assert.match(got.headers.warning ?? '', /^110 /)
      assert.equal(at.events.filter((event) => event.type === 'warning').length, 1)
      at.clock.pass(1)
      assert.notEqual((await at.failure(note)).code, 'OK')
    })
  }

  test('a timeout counts as failure', async (t) => {
    const network = {
      timeouts: { connect: 100, headers: 100, idle: 100 },
      concurrency: { host: 2, total: 2 },
      retries: 0,
    }
    const { up, at } = await mirrorOf(t, { [note]: text('one') })
    await at.get(note)
    const slow = await at.reopen({ repositories: [{ ecosystem: 'shelf', upstreams: [up.url], network }] })
    t.after(() => slow.close())
    up.set(note, text('one', { delay: 1000 }))
    assert.equal((await slow.get(note)).cache, 'STALE')
  })

  for (const code of [404, 410]) {
    test(`${code} is an answer: nothing is shown any more, and what was held stays for offline`, async (t) => {
      const { at } = await mirrorOf(t, { [note]: [text('one'), status(code)] })
      await at.get(note)
      assert.equal((await at.failure(note)).code, 'NOT_FOUND')
      at.offline = true
      assert.equal((await at.get(note)).text, 'one')
    })
  }

  const statuses = [
    [401, 'UPSTREAM_AUTH'],
    [403, 'UPSTREAM_AUTH'],
    [404, 'NOT_FOUND'],
    [410, 'NOT_FOUND'],
    [429, 'RATE_LIMITED'],
    [451, 'UPSTREAM_STATUS'],
    [500, 'UPSTREAM_STATUS'],
    [503, 'UPSTREAM_STATUS'],
  ] as const
  for (const [code, is] of statuses) {
    test(`${code} with nothing held is ${is}`, async (t) => {
      const { at } = await mirrorOf(t, { [note]: status(code), '/loose/file': status(code) })
      assert.equal((await at.failure(note)).code, is)
      assert.equal((await at.failure('/loose/file')).code, is)
      assert.deepEqual(await at.leftovers(), [])
    })
  }
})

describe('a lack', () => {
  test('is remembered for a while, unless a client wants it validated', async (t) => {
    const { up, at } = await mirrorOf(t, { [note]: [status(404), text('one')] }, { policy: { negativeFor: minute } })
    const revalidate = { directives: { revalidate: true } }
    assert.equal((await at.failure(note)).code, 'NOT_FOUND')
    assert.equal((await at.failure(note)).code, 'NOT_FOUND')
    assert.equal((await at.failure(note, revalidate)).code, 'NOT_FOUND')
    assert.equal(up.count(), 1)
    at.clock.pass(4 * second)
    assert.equal((await at.get(note, revalidate)).text, 'one')
    assert.equal((await at.get(note)).text, 'one')
  })
  test('is asked for again after that', async (t) => {
    const { up, at } = await mirrorOf(t, { [note]: status(404) }, { policy: { negativeFor: minute } })
    await at.failure(note)
    at.clock.pass(minute)
    await at.failure(note)
    assert.equal(up.count(), 2)
  })
  test('of an artifact is remembered too', async (t) => {
    const { up, at } = await mirrorOf(t, { '/loose/x': [status(404), text('x')] }, { policy: { negativeFor: minute } })
    for (const _ of [1, 2]) assert.equal((await at.failure('/loose/x')).code, 'NOT_FOUND')
    assert.equal(up.count(), 1)
    at.clock.pass(minute)
    assert.equal((await at.get('/loose/x')).text, 'x')
    assert.equal([...at.mirror.catalog.refs.scan('shelf')].length, 1)
  })
  test('of an error is not remembered', async (t) => {
    const { at } = await mirrorOf(t, { [note]: [status(403), text('one')] }, { policy: { negativeFor: day } })
    await at.failure(note)
    assert.equal((await at.get(note)).text, 'one')
  })
})

describe('what a client says', () => {
  test('no-cache asks upstream, once for many', async (t) => {
    const { up, at } = await mirrorOf(t, { [note]: text('one', { etag: true }) }, { policy: { freshFor: day } })
    const revalidate = { directives: { revalidate: true } }
    await at.get(note)
    at.clock.pass(minute)
    const caches = await Promise.all(Array.from({ length: 20 }, async () => (await at.get(note, revalidate)).cache))
    assert.equal(up.count(), 2)
    assert.ok(caches.includes('REVALIDATED'))
    at.clock.pass(second)
    assert.equal((await at.get(note, revalidate)).cache, 'HIT')
    assert.equal(up.count(), 2)
  })
  test('no-cache changes nothing for an artifact', async (t) => {
    const { up, at } = await mirrorOf(t, { '/loose/file': text('one') })
    await at.get('/loose/file')
    at.clock.pass(day)
    assert.equal((await at.get('/loose/file', { directives: { revalidate: true } })).cache, 'HIT')
    assert.equal(up.count(), 1)
  })
  test('only-if-cached is answered out of what is held, however old, or not at all', async (t) => {
    const { up, at } = await mirrorOf(t, { [note]: text('one'), '/index/a': index(item('a.tgz', 'a')) })
    const cached = { directives: { onlyIfCached: true } }
    assert.equal((await at.failure(note, cached)).code, 'ONLY_IF_CACHED')
    assert.equal((await at.failure('/files/a/a.tgz', cached)).code, 'ONLY_IF_CACHED')
    assert.equal(up.count(), 0)
    await at.get(note)
    await at.get('/index/a')
    at.clock.pass(99 * day)
    assert.equal((await at.get(note, cached)).text, 'one')
    assert.match((await at.get('/index/a', cached)).text, /a\.tgz/)
    assert.equal((await at.get('/made/holdings', cached)).text, '[]')
    assert.equal(up.count(), 2)
  })
})

describe('offline', () => {
  test('upstream is never asked, whatever is asked of us', async (t) => {
    const routes = {
      '/index/a': index(item('a.tgz', 'a'), item('b.tgz', 'b')),
      '/files/a/a.tgz': text('a'),
      [note]: text('one'),
    }
    const { up, at } = await mirrorOf(t, routes)
    for (const path of Object.keys(routes)) await at.get(path)
    up.reset()
    at.offline = true
    at.clock.pass(99 * day)
    const revalidate = { directives: { revalidate: true } }
    for (const asked of [{}, revalidate]) {
      assert.equal((await at.get(note, asked)).text, 'one')
      assert.equal((await at.get('/files/a/a.tgz', asked)).text, 'a')
      assert.match((await at.get('/index/a', asked)).text, /a\.tgz/)
      for (const path of ['/text/other', '/files/a/b.tgz', '/files/b/b.tgz', '/index/b', '/loose/x', '/live/search'])
        assert.equal((await at.failure(path, asked)).code, 'NOT_HELD', path)
    }
    assert.equal(up.count(), 0)
  })

  test('an index shows only what is held of it, and all when nothing is', async (t) => {
    const routes = { '/index/a': index(item('a.tgz', 'a'), item('b.tgz', 'b')), '/files/a/a.tgz': text('a') }
    const { at } = await mirrorOf(t, routes)
    await at.get('/index/a')
    at.offline = true
    assert.match((await at.get('/index/a')).text, /a\.tgz.*b\.tgz/)
    at.offline = false
    await at.get('/files/a/a.tgz')
    at.offline = true
    const got = await at.get('/index/a')
    assert.match(got.text, /a\.tgz/)
    assert.doesNotMatch(got.text, /b\.tgz/)
  })

  test('an expired index is served and marked, or refused when policy says so', async (t) => {
    const { at } = await mirrorOf(t, { [note]: text('one') }, { policy: { expireAfter: day } })
    await at.get(note)
    at.offline = true
    assert.equal((await at.get(note)).cache, 'HIT')
    at.clock.pass(day)
    assert.equal((await at.get(note)).cache, 'STALE')
    const strict = await at.reopen({ policy: { expireAfter: day, expireOffline: true }, offline: true })
    t.after(() => strict.close())
    const { code, message } = await strict.failure(note)
    assert.equal(code, 'NOT_HELD')
    assert.match(message, /older than `expire_after`/)
  })
})

describe('policy', () => {
  const files = [item('a-1.tgz', 'one', { version: '1.0.0' }), item('a-2.tgz', 'two', { version: '2.0.0' })]
  const routes = { '/index/a': json({ files }), '/files/a/a-1.tgz': text('one'), '/files/a/a-2.tgz': text('two') }

  test('a denied package is refused before anything is asked', async (t) => {
    const { up, at } = await mirrorOf(t, routes, { policy: { deny: [rule('pkg:shelf/a')] } })
    assert.equal((await at.failure('/index/a')).code, 'DENIED')
    assert.equal((await at.failure('/files/a/a-1.tgz')).code, 'DENIED')
    assert.equal(up.count(), 0)
  })
  test('a denied version is neither shown nor given, and the text says why', async (t) => {
    const { up, at } = await mirrorOf(t, routes, { policy: { deny: [rule('pkg:shelf/a@<2')] } })
    assert.doesNotMatch((await at.get('/index/a')).text, /a-1\.tgz/)
    assert.match((await at.get('/index/a')).text, /a-2\.tgz/)
    const { code, message } = await at.failure('/files/a/a-1.tgz')
    assert.deepEqual([code, message], ['DENIED', 'a@1.0.0 is denied by pkg:shelf/a@<2 (test.yaml:1)'])
    assert.equal(up.count('/files/a/a-1.tgz'), 0)
    assert.equal((await at.get('/files/a/a-2.tgz')).text, 'two')
  })
  test('a hidden version is refused even when it is held, offline too', async (t) => {
    const { at } = await mirrorOf(t, routes)
    await at.get('/files/a/a-1.tgz')
    for (const offline of [false, true]) {
      const strict = await at.reopen({ policy: { deny: [rule('pkg:shelf/a@1.0.0')] }, offline })
      t.after(() => strict.close())
      assert.equal((await strict.failure('/files/a/a-1.tgz')).code, 'DENIED')
      await strict.reopen().then((again) => again.close())
      break
    }
  })
  test('a held file whose index is gone is judged by what was said of it', async (t) => {
    const { up, at } = await mirrorOf(t, routes, { policy: { deny: [rule('pkg:shelf/b')] } })
    await at.get('/files/a/a-1.tgz')
    up.set('/index/a', json({ files: [files[1]] }))
    await at.get('/index/a')
    assert.equal((await at.get('/files/a/a-1.tgz')).text, 'one')
    const strict = await at.reopen({ policy: { deny: [rule('pkg:shelf/a@1.0.0')] } })
    t.after(() => strict.close())
    assert.equal((await strict.failure('/files/a/a-1.tgz')).code, 'DENIED')
  })
  test('only what is allowed is shown, when anything is', async (t) => {
    const { at } = await mirrorOf(
      t,
      { ...routes, '/index/b': json({ files }) },
      { policy: { allow: [rule('pkg:shelf/a@^2')] } },
    )
    assert.equal((await at.failure('/index/b')).code, 'DENIED')
    assert.equal((await at.failure('/files/a/a-1.tgz')).code, 'DENIED')
    assert.equal((await at.get('/files/a/a-2.tgz')).text, 'two')
  })
  test('the repository of one rule is not another', async (t) => {
    const { up, at } = await mirrorOf(t, routes)
    const two = await at.reopen({
      repositories: [
        { name: 'strict', ecosystem: 'shelf', upstreams: [up.url], policy: { deny: [rule('pkg:shelf/a')] } },
        { name: 'free', ecosystem: 'shelf', upstreams: [up.url] },
      ],
    })
    t.after(() => two.close())
    assert.equal((await two.failure('/index/a', { repo: 'strict' })).code, 'DENIED')
    assert.equal((await two.failure('/index/a', { repo: 'free' })).code, 'OK')
  })
})

describe('cooldown', () => {
  const old = item('old.tgz', 'old', { version: '1.0.0', published: noon - 9 * day })
  const young = item('young.tgz', 'young', { version: '2.0.0', published: noon - day })
  const routes = {
    '/index/a': json({ files: [old, young] }),
    '/files/a/old.tgz': text('old'),
    '/files/a/young.tgz': text('young'),
  }
  const three = { policy: { freshFor: 99 * day, cooldown: cooldown({ default: 3 * day }) } }

  test('a young version appears by the clock, without a question to upstream', async (t) => {
    const { up, at } = await mirrorOf(t, routes, three)
    const before = await at.get('/index/a')
    assert.doesNotMatch(before.text, /young/)
    const { code, message } = await at.failure('/files/a/young.tgz')
    assert.equal(code, 'COOLDOWN')
    assert.match(
      message,
      /^a@2\.0\.0 is younger than its cooldown of 3d by cooldown\.default: published 2026-01-01T12.*allowed from 2026-01-04T12/,
    )
    at.clock.pass(2 * day - 1)
    assert.doesNotMatch((await at.get('/index/a')).text, /young/)
    at.clock.pass(1)
    const after = await at.get('/index/a')
    assert.match(after.text, /young/)
    assert.notEqual(after.etag, before.etag)
    assert.ok((after.modified ?? 0) > (before.modified ?? 0))
    assert.equal((await at.get('/files/a/young.tgz')).text, 'young')
    assert.equal(up.count('/index/a'), 1)
  })

  test('a young version that is held already is refused all the same', async (t) => {
    const { at } = await mirrorOf(t, routes)
    await at.get('/files/a/young.tgz')
    const strict = await at.reopen(three)
    t.after(() => strict.close())
    assert.equal((await strict.failure('/files/a/young.tgz')).code, 'COOLDOWN')
  })

  test('a time that cannot be read never comes', async (t) => {
    for (const published of [Number.NaN, 'yesterday', Number.POSITIVE_INFINITY]) {
      const odd = { ...item('odd.tgz', 'odd'), published: String(published) }
      const { at } = await mirrorOf(t, { '/index/a': json({ files: [odd] }) }, three)
      at.clock.pass(9999 * day)
      assert.doesNotMatch((await at.get('/index/a')).text, /odd/)
      assert.match((await at.failure('/files/a/odd.tgz')).message, /cannot be read/)
    }
  })

  test('without times, what the first reading shows is allowed and what comes later waits', async (t) => {
    const one = item('one.tgz', 'one', { version: '1.0.0' })
    const two = item('two.tgz', 'two', { version: '2.0.0' })
    const { up, at } = await mirrorOf(
      t,
      { '/index/a': index(one), '/files/a/one.tgz': text('one'), '/files/a/two.tgz': text('two') },
      { policy: { cooldown: cooldown({ default: 3 * day }) } },
    )
    assert.match((await at.get('/index/a')).text, /one/)
    assert.equal((await at.get('/files/a/one.tgz')).text, 'one')
    at.clock.pass(hour)
    up.set('/index/a', index(one, two))
    assert.doesNotMatch((await at.get('/index/a')).text, /two/)
    assert.match((await at.failure('/files/a/two.tgz')).message, /first seen here 2026-01-02T13/)
    at.clock.pass(3 * day)
    assert.match((await at.get('/index/a')).text, /two/)
    assert.equal((await at.get('/files/a/two.tgz')).text, 'two')
  })

  test('baseline: wait lets the first reading wait too', async (t) => {
    const { at } = await mirrorOf(
      t,
      { '/index/a': index(item('one.tgz', 'one')), '/files/a/one.tgz': text('one') },
      { policy: { cooldown: cooldown({ default: 3 * day, baseline: 'wait' }) } },
    )
    assert.doesNotMatch((await at.get('/index/a')).text, /one/)
    assert.equal((await at.failure('/files/a/one.tgz')).code, 'COOLDOWN')
    at.clock.pass(3 * day)
    assert.equal((await at.get('/files/a/one.tgz')).text, 'one')
  })
})

describe('paths and methods', () => {
  test('what no route fits is no route', async (t) => {
    const { up, at } = await mirrorOf(t, {})
    assert.equal((await at.failure('/nothing/like/this/at/all')).code, 'NO_ROUTE')
    assert.equal(up.count(), 0)
  })
  test('nothing can be written', async (t) => {
    const { up, at } = await mirrorOf(t, {})
    for (const method of ['POST', 'PUT', 'DELETE']) {
      assert.equal((await at.failure('/index/a', { method })).code, 'METHOD')
      assert.equal((await at.failure('/loose/a', { method })).code, 'METHOD')
    }
    assert.equal((await at.failure('/live/x', { method: 'DELETE' })).code, 'METHOD')
    assert.equal(up.count(), 0)
  })
  test('what is live is passed on and not kept', async (t) => {
    const { up, at } = await mirrorOf(t, { '/live/search': json({ n: 1 }) })
    for (const _ of [1, 2]) assert.equal((await at.get('/live/search', { query: 'text=x&noise=1' })).cache, 'BYPASS')
    assert.deepEqual(
      up.requests.map((asked) => asked.path),
      ['/live/search?text=x', '/live/search?text=x'],
    )
    assert.equal([...at.mirror.catalog.refs.scan()].length, 0)
  })
  test('an artifact that no index names is not there, and never asked for', async (t) => {
    const { up, at } = await mirrorOf(t, { '/index/a': index(item('a.tgz', 'a')), '/files/a/b.tgz': text('b') })
    assert.equal((await at.failure('/files/a/b.tgz')).code, 'NOT_FOUND')
    assert.equal(up.count('/files/a/b.tgz'), 0)
  })
})

describe('what a route asks for and shows', () => {
  test('may be a path of upstream with a query of its own, and a part that the client chooses', async (t) => {
    const { up, at } = await mirrorOf(t, { '/list/a?all=yes': text('all of a') }, { policy: { freshFor: day } })
    assert.equal((await at.get('/page/a')).text, 'all of a from 1')
    const second = await at.get('/page/a', { query: 'from=2&noise=1' })
    assert.equal(second.text, 'all of a from 2')
    assert.notEqual(second.etag, (await at.get('/page/a')).etag)
    assert.equal(up.count(), 1)
  })

  test('carries digests that were computed as it arrived', async (t) => {
    const { at } = await mirrorOf(t, { '/loose/a': text('abc') })
    await at.get('/loose/a')
    assert.equal((await at.get('/loose/a')).headers['x-checksum-sha1'], 'a9993e364706816aba3e25717850c26c9cd0d89d')
  })

  test('is found under other spellings of its path', async (t) => {
    const { up, at } = await mirrorOf(t, { '/index/a': index(item('a.tgz', 'a')) })
    await at.get('/INDEX/a')
    assert.equal(up.count('/index/a'), 1)
  })
})
