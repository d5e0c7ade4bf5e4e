// Files that nobody vouches for, kept as a shared HTTP cache keeps them: RFC 9111 and RFC 5861 over a scripted upstream.

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isHeld } from '../../../src/catalog/rows.ts'
import type { Policy } from '../../../src/config/types.ts'
import { files } from '../../../src/ecosystems/files/index.ts'
import { collect } from '../../../src/engine/collect.ts'
import { directivesOf } from '../../../src/engine/fresh.ts'
import { asMirrorError, MirrorError } from '../../../src/errors.ts'
import {
  cooldown,
  day,
  hour,
  minute,
  noon,
  openTestMirror,
  rule,
  second,
  type TestMirror,
} from '../../builders/mirror.ts'
import { bytesOf, file, type Script, startUpstream, status, text } from '../../fakes/upstream.ts'

const path = '/a/tool.bin'
const where = { file: 'test.yaml' }

async function mirrorOf(
  t: TestContext,
  routes: Readonly<Record<string, Script>>,
  policy: Partial<Policy> = {},
  options: Readonly<Record<string, unknown>> = {},
) {
  const up = await startUpstream(routes)
  t.after(() => up.close())
  const at = await openTestMirror({
    ecosystems: [files],
    repositories: [{ ecosystem: 'files', upstreams: [up.url], options }],
    policy: { freshFor: 'upstream', ...policy },
  })
  t.after(() => at.close())
  return { up, at }
}

const control = (value: string, more: Readonly<Record<string, string>> = {}) => ({
  headers: { 'cache-control': value, ...more },
})
const heldBlobs = async (at: TestMirror): Promise<number> => {
  await at.mirror.flights.idle()
  return (await Array.fromAsync(at.mirror.store.list())).length
}

describe('an answer that may be kept', () => {
  test('is served for as long as upstream says, then validated', async (t) => {
    const { up, at } = await mirrorOf(t, { [path]: text('one', { etag: '"1"', ...control('max-age=60') }) })
    assert.equal((await at.get(path)).cache, 'MISS')
    at.clock.pass(59 * second)
    const hit = await at.get(path)
    assert.deepEqual([hit.cache, hit.headers.age, hit.headers['cache-control']], ['HIT', '59', 'max-age=60'])
    at.clock.pass(second)
    const again = await at.get(path)
    assert.deepEqual([again.cache, again.headers.age, again.text], ['REVALIDATED', '0', 'one'])
    assert.deepEqual(
      up.requests.map((asked) => asked.headers['if-none-match']),
      [undefined, '"1"'],
    )
  })

  test('carries the age that it came with', async (t) => {
    const { up, at } = await mirrorOf(t, { [path]: text('one', control('max-age=60', { age: '50' })) })
    assert.equal((await at.get(path)).headers.age, '50')
    at.clock.pass(9 * second)
    assert.deepEqual([(await at.get(path)).cache, (await at.get(path)).headers.age], ['HIT', '59'])
    at.clock.pass(second)
    await at.get(path)
    assert.equal(up.count(), 2)
  })

  test('is replaced when upstream replaces it, with another tag and a later date', async (t) => {
    const { at } = await mirrorOf(t, { [path]: [text('one'), text('two')] })
    const one = await at.get(path)
    await at.mirror.flights.idle()
    const [kept, two] = [one, await at.get(path)]
    assert.deepEqual([kept.text, two.text], ['one', 'two'])
    assert.equal((await at.get(path)).text, 'two')
  })

  test('without a word about time is fresh for a tenth of its age', async (t) => {
    const { up, at } = await mirrorOf(t, {
      [path]: text('one', { headers: { date: new Date(noon).toUTCString() }, modified: new Date(noon - 10 * hour) }),
    })
    await at.get(path)
    at.clock.pass(hour - second)
    assert.equal((await at.get(path)).cache, 'HIT')
    at.clock.pass(2 * second)
    await at.get(path)
    assert.equal(up.count(), 2)
  })

  test('is streamed while it arrives, and asked for once by many', async (t) => {
    const body = bytesOf(300_000)
    const { up, at } = await mirrorOf(t, {
      [path]: file(body, { bytesPerSecond: 3_000_000, ...control('max-age=60') }),
    })
    const all = await Promise.all(Array.from({ length: 8 }, () => at.get(path)))
    for (const got of all) assert.deepEqual(got.bytes, Buffer.from(body))
    assert.equal(up.count(), 1)
  })

  test('that breaks off is not kept', async (t) => {
    const { at } = await mirrorOf(t, {
      [path]: file(bytesOf(200_000), { truncateAt: 100_000, ...control('max-age=60') }),
    })
    assert.equal((await at.failure(path)).code, 'TRUNCATED')
    assert.equal(await heldBlobs(at), 0)
    assert.deepEqual(await at.leftovers(), [])
  })

  test('has its type with the charset that upstream states', async (t) => {
    const type = 'Text/HTML; charset=ISO-8859-1'
    const { at } = await mirrorOf(t, { [path]: text('one', { type, etag: '"1"', ...control('max-age=9') }) })
    const first = await at.get(path)
    const held = await at.get(path)
    at.clock.pass(minute)
    const again = await at.get(path)
    assert.deepEqual([first.cache, held.cache, again.cache], ['MISS', 'HIT', 'REVALIDATED'])
    assert.deepEqual(
      [first, held, again].map((got) => got.type),
      [type, type, type],
    )
  })

  test('is kept by its whole query', async (t) => {
    const { at } = await mirrorOf(t, {
      [`${path}?v=1`]: text('one', control('max-age=9')),
      [`${path}?v=2`]: text('two'),
    })
    assert.deepEqual(
      [(await at.get(path, { query: 'v=1' })).text, (await at.get(path, { query: 'v=2' })).text],
      ['one', 'two'],
    )
    assert.equal((await at.get(path, { query: 'v=1' })).cache, 'HIT')
  })
})

describe('an answer that may not be kept', () => {
  const rows: readonly (readonly [what: string, headers: Readonly<Record<string, string>>])[] = [
    ['no-store', { 'cache-control': 'no-store' }],
    ['private', { 'cache-control': 'private, max-age=60' }],
    ['Set-Cookie', { 'set-cookie': 'a=1' }],
    ['Vary: *', { vary: '*', 'cache-control': 'max-age=60' }],
  ]
  for (const [what, headers] of rows) {
    test(`${what}: is passed on to each who asks`, async (t) => {
      const { up, at } = await mirrorOf(t, { [path]: text('one', { headers, etag: 'W/"1"', type: 'text/css' }) })
      for (const count of [1, 2]) {
        const got = await at.get(path)
        assert.deepEqual([got.text, got.cache, got.type, got.etag], ['one', 'BYPASS', 'text/css', 'W/"1"'])
        assert.equal(got.headers['set-cookie'], undefined)
        assert.equal(up.count(), count)
      }
      assert.equal(await heldBlobs(at), 0)
      assert.equal(isHeld(at.mirror.catalog.refs.get('files', path, '', 0)), false)
    })
  }

  test('many who ask at once each get an answer of their own', async (t) => {
    let count = 0
    const { up, at } = await mirrorOf(t, {
      [path]: () => text(`answer ${count++}`, { delay: 50, ...control('private') }),
    })
    const all = await Promise.all(Array.from({ length: 5 }, () => at.get(path)))
    assert.deepEqual(new Set(all.map((got) => got.text)).size, 5)
    assert.equal(up.count(), 5)
  })

  test('is never in memory whole: it waits for its client', async (t) => {
    const { at } = await mirrorOf(t, { [path]: file(bytesOf(64 * 1024 * 1024), control('no-store')) })
    const before = process.memoryUsage().arrayBuffers
    const opened = await at.open(path)
    assert.ok('more' in opened.body)
    await opened.body.more(0)
    await sleep(200)
    assert.ok(process.memoryUsage().arrayBuffers - before < 80 * 1024 * 1024)
    assert.ok(opened.body.released < 1024 * 1024)
    opened.body.leave()
  })

  test('to a client that wants nothing kept is passed on, and what is held is served to it', async (t) => {
    const { up, at } = await mirrorOf(t, { [path]: text('one', control('max-age=60')) })
    const noStore = { directives: { noStore: true } }
    assert.equal((await at.get(path, noStore)).cache, 'BYPASS')
    assert.equal((await at.get(path)).cache, 'MISS')
    assert.equal((await at.get(path, noStore)).cache, 'HIT')
    assert.equal(up.count(), 2)
  })

  test('is a fault of a sync, and kept where a rule says so', async (t) => {
    const routes = { [path]: text('one', control('no-store')) }
    const { at } = await mirrorOf(t, routes)
    assert.deepEqual((await at.sync(['a/tool.bin'])).codes, ['UNSTORABLE'])
    const { at: other } = await mirrorOf(t, routes, { rules: [{ match: '/a/**', freshFor: hour, where }] })
    assert.deepEqual((await other.sync(['a/tool.bin'])).codes, [])
    assert.equal((await other.get(path)).cache, 'HIT')
  })

  test('that breaks off breaks off for its client', async (t) => {
    const { at } = await mirrorOf(t, {
      [path]: file(bytesOf(200_000), { truncateAt: 100_000, ...control('no-store') }),
    })
    assert.equal((await at.failure(path)).code, 'TRUNCATED')
  })

  test('is not passed by policy: a denied file is refused', async (t) => {
    const policy = { deny: [rule('pkg:generic/a/**')] }
    const { up, at } = await mirrorOf(t, { [path]: text('one', control('no-store')) }, policy)
    assert.equal((await at.failure(path)).code, 'DENIED')
    assert.equal(up.count(), 0)
  })
})

describe('variants', () => {
  const speaking: Script = ({ headers }) =>
    text(`in ${headers['accept-language'] ?? 'any'}`, control('max-age=60', { vary: 'Accept-Language, User-Agent' }))
  const german = { fields: { 'accept-language': 'de,  en' } }
  const english = { fields: { 'accept-language': 'en' } }

  test('are kept by the request fields that Vary names', async (t) => {
    const { up, at } = await mirrorOf(t, { [path]: speaking })
    assert.deepEqual([(await at.get(path)).text, (await at.get(path, german)).text], ['in any', 'in de, en'])
    const hit = await at.get(path, { fields: { 'accept-language': 'de, en' } })
    assert.deepEqual([hit.text, hit.cache, hit.headers.vary], ['in de, en', 'HIT', 'Accept-Language, User-Agent'])
    assert.deepEqual([(await at.get(path)).cache, up.count()], ['HIT', 2])
  })

  test('are one where upstream does not vary', async (t) => {
    const { up, at } = await mirrorOf(t, { [path]: text('one', control('max-age=60')) })
    await at.get(path)
    assert.equal((await at.get(path, german)).cache, 'HIT')
    assert.equal(up.count(), 1)
  })

  test('are validated each by itself', async (t) => {
    const { up, at } = await mirrorOf(t, {
      [path]: ({ headers }) =>
        text(`in ${headers['accept-language']}`, {
          etag: `"${headers['accept-language'] ?? ''}"`,
          ...control('max-age=60', { vary: 'accept-language' }),
        }),
    })
    await at.get(path)
    await at.get(path, english)
    at.clock.pass(minute)
    assert.equal((await at.get(path, english)).cache, 'REVALIDATED')
    assert.equal(up.requests.at(-1)?.headers['if-none-match'], '"en"')
  })

  test('are limited, and verified like anything else', async (t) => {
    const { at } = await mirrorOf(t, { [path]: speaking })
    for (let count = 0; count < 40; count += 1) {
      await at.get(path, { fields: { 'accept-language': `x-${count}` } })
      at.clock.pass(1)
    }
    assert.ok(at.mirror.catalog.refs.variants('files', path).length <= 33)
  })

  test('of fields that upstream is not sent do not exist', async (t) => {
    const { up, at } = await mirrorOf(t, { [path]: text('one', control('max-age=60', { vary: 'x-secret' })) })
    await at.get(path, { fields: { 'x-secret': '1' } })
    assert.equal((await at.get(path, { fields: { 'x-secret': '2' } })).cache, 'HIT')
    assert.equal(up.requests[0]?.headers['x-secret'], undefined)
  })
})

describe('pass_headers', () => {
  const keyed: Script = ({ headers }) =>
    text(`for ${headers['x-key'] ?? 'nobody'}`, control('max-age=60', { vary: 'X-Key' }))

  test('sends upstream what is named, and keeps apart what it varies by', async (t) => {
    const { at } = await mirrorOf(t, { [path]: keyed }, {}, { pass_headers: ['X-Key'] })
    const asked = async (key: string) => (await at.get(path, { fields: { 'x-key': key, 'x-other': '1' } })).text
    assert.deepEqual([await asked('a'), await asked('b'), await asked('a')], ['for a', 'for b', 'for a'])
  })

  test('what was answered to credentials is kept only when upstream calls it public (RFC 9111 §3.5)', async (t) => {
    const options = { pass_headers: ['authorization'] }
    const mine = { fields: { authorization: 'Bearer mine' } }
    const { at } = await mirrorOf(t, { [path]: text('mine', control('max-age=60')) }, {}, options)
    assert.equal((await at.get(path, mine)).cache, 'BYPASS')
    const { at: open } = await mirrorOf(t, { [path]: text('all', control('public, max-age=60')) }, {}, options)
    assert.equal((await open.get(path, mine)).cache, 'MISS')
    assert.equal((await open.get(path)).cache, 'HIT')
  })
})

describe('stale answers', () => {
  const failing = [status(503), text('one', { truncateAt: 0 })] as const
  const rows: readonly (readonly [control: string, pass: number, outcome: 'STALE' | 502 | 504])[] = [
    ['max-age=60', 2 * minute, 'STALE'],
    ['max-age=60, stale-if-error=60', 2 * minute, 'STALE'],
    ['max-age=60, stale-if-error=60', 3 * minute, 502],
    ['max-age=60, must-revalidate', 2 * minute, 504],
    ['max-age=60, proxy-revalidate', 2 * minute, 504],
    ['s-maxage=60', 2 * minute, 504],
    ['no-cache', 2 * minute, 504],
    ['max-age=60', 20 * day, 502],
  ]
  for (const [value, pass, outcome] of rows) {
    test(`${value}: ${outcome} after ${pass / minute} min when upstream fails`, async (t) => {
      for (const step of failing) {
        const { at } = await mirrorOf(t, { [path]: [text('one', control(value)), step] })
        await at.get(path)
        at.clock.pass(pass)
        const got = await at.get(path).catch(asMirrorError)
        const said = got instanceof MirrorError ? got.failure.status : got.cache
        assert.equal(said, outcome)
      }
    })
  }

  test('a 404 is no error: what is gone is gone', async (t) => {
    const { at } = await mirrorOf(t, { [path]: [text('one', control('max-age=60')), status(404)] })
    await at.get(path)
    at.clock.pass(hour)
    assert.equal((await at.failure(path)).code, 'NOT_FOUND')
  })

  test('stale-while-revalidate is shown at once, and renewed behind it', async (t) => {
    const value = 'max-age=60, stale-while-revalidate=30'
    const { up, at } = await mirrorOf(t, { [path]: [text('one', control(value)), text('two', control(value))] })
    await at.get(path)
    at.clock.pass(80 * second)
    const stale = await at.get(path)
    assert.deepEqual([stale.text, stale.cache], ['one', 'STALE'])
    await at.mirror.flights.idle()
    assert.deepEqual([(await at.get(path)).text, (await at.get(path)).cache], ['two', 'HIT'])
    at.clock.pass(91 * second)
    await at.get(path)
    assert.equal(up.count(), 3)
  })

  test('offline is no error: what is held is shown whatever its age', async (t) => {
    const { at } = await mirrorOf(t, { [path]: text('one', control('max-age=60, must-revalidate')) })
    await at.get(path)
    at.offline = true
    at.clock.pass(900 * day)
    assert.equal((await at.get(path)).text, 'one')
    assert.equal((await at.failure('/b')).code, 'NOT_HELD')
  })
})

describe('what a client says', () => {
  const held = async (t: TestContext) => {
    const { up, at } = await mirrorOf(t, { [path]: text('one', { etag: '"1"', ...control('max-age=60') }) })
    await at.get(path)
    at.clock.pass(30 * second)
    const ask = async (said: string) => {
      const before = up.count()
      const { code } = await at.failure(path, { directives: directivesOf(said, undefined) })
      return code === 'OK' ? up.count() - before : code
    }
    return { at, ask }
  }
  const rows: readonly (readonly [said: string, asked: number])[] = [
    ['max-age=31', 0],
    ['max-age=29', 1],
    ['no-cache', 1],
    ['min-fresh=30', 0],
    ['min-fresh=31', 1],
    ['only-if-cached', 0],
    ['max-stale', 0],
  ]
  for (const [said, asked] of rows) {
    test(`${said}: ${asked === 0 ? 'is answered from what is held' : 'asks upstream'}`, async (t) => {
      const { ask } = await held(t)
      assert.equal(await ask(said), asked)
    })
  }

  test('max-stale takes what is stale, within its bound', async (t) => {
    const { at, ask } = await held(t)
    at.clock.pass(minute)
    assert.deepEqual([await ask('max-stale=31'), await ask('max-stale=29')], [0, 1])
  })

  test('other methods are refused', async (t) => {
    const { up, at } = await mirrorOf(t, { [path]: text('one') })
    for (const method of ['POST', 'PUT', 'DELETE']) assert.equal((await at.failure(path, { method })).code, 'METHOD')
    assert.equal(up.count(), 0)
  })
})

describe('rules', () => {
  const [one, two] = [text('one', control('max-age=60')), text('two', control('max-age=60'))]

  test('immutable is kept for ever, and never asked for again', async (t) => {
    const { up, at } = await mirrorOf(
      t,
      { [path]: [one, two] },
      { rules: [{ match: '/a/**', policy: 'immutable', where }] },
    )
    await at.get(path)
    at.clock.pass(900 * day)
    const got = await at.get(path)
    assert.deepEqual([got.text, got.headers['cache-control']], ['one', 'public, max-age=31536000, immutable'])
    assert.deepEqual((await at.sync(['a/tool.bin'])).codes, [])
    assert.equal(up.count(), 1)
  })

  test('pinned is validated: other bytes are refused and told, the old ones stay', async (t) => {
    const { at } = await mirrorOf(t, { [path]: [one, two] }, { rules: [{ match: '/a/**', policy: 'pinned', where }] })
    await at.get(path)
    at.clock.pass(hour)
    const got = await at.get(path)
    assert.deepEqual([got.text, got.cache], ['one', 'STALE'])
    const told = at.events.flatMap((event) => (event.type === 'warning' ? [event.error.code] : []))
    assert.deepEqual(told, ['REPLACED'])
    assert.deepEqual((await at.sync(['a/tool.bin'])).codes, ['REPLACED'])
    assert.equal(await heldBlobs(at), 1)
  })

  test('of several that fit a later one overrides an earlier one', async (t) => {
    const rules = [
      { match: '/**', policy: 'immutable' as const, where },
      { match: '/a/latest*', policy: 'revalidate' as const, where },
    ]
    const { up, at } = await mirrorOf(t, { '/a/latest.txt': one, '/a/other.txt': one }, { rules })
    for (const each of ['/a/latest.txt', '/a/other.txt']) {
      await at.get(each)
      at.clock.pass(hour)
      await at.get(each)
    }
    assert.deepEqual([up.count('/a/latest.txt'), up.count('/a/other.txt')], [2, 1])
  })
})

describe('what is kept for ever', () => {
  test('is culled by last use, and only then', async (t) => {
    const rules = [{ match: '/a/**', policy: 'immutable' as const, where }]
    const { at } = await mirrorOf(t, { '/a/used': text('used'), '/a/unused': text('unused') }, { rules })
    for (const each of ['/a/used', '/a/unused']) await at.get(each)
    at.clock.pass(90 * day)
    at.mirror.catalog.refs.used([{ repo: 'files', path: '/a/used', hits: 1, used: at.clock.now }])
    at.clock.pass(90 * day)
    const never = Number.POSITIVE_INFINITY
    const keep = { unusedFor: never, maxSize: never, maxAge: never, grace: day }
    const cull = (unusedFor: number) =>
      collect(at.mirror, {
        keep: { ...keep, unusedFor, pinned: [] },
        dryRun: false,
        force: true,
        signal: new AbortController().signal,
      })
    const held = (of: string) => isHeld(at.mirror.catalog.refs.get('files', of, '', 0))
    await cull(never)
    assert.deepEqual(['/a/used', '/a/unused'].map(held), [true, true])
    await cull(100 * day)
    assert.deepEqual(['/a/used', '/a/unused'].map(held), [true, false])
  })
})

describe('several upstreams', () => {
  test('the next is asked where one fails or does not have it', async (t) => {
    const up = await startUpstream({ '/one/a': status(503), '/two/a': text('from two'), '/two/b': text('b of two') })
    t.after(() => up.close())
    const at = await openTestMirror({
      ecosystems: [files],
      repositories: [{ ecosystem: 'files', upstreams: [`${up.url}/one`, `${up.url}/two`] }],
    })
    t.after(() => at.close())
    assert.deepEqual([(await at.get('/a')).text, (await at.get('/b')).text], ['from two', 'b of two'])
  })
})

describe('a cooldown', () => {
  const policy = { cooldown: cooldown({ default: 3 * day }) }
  const old = { modified: new Date(0), ...control('max-age=60') }

  test('waits from the first sight of a file, whatever date upstream gives it', async (t) => {
    const { at } = await mirrorOf(t, { [path]: text('one', old) }, policy)
    assert.equal((await at.failure(path)).code, 'COOLDOWN')
    at.clock.pass(3 * day - 1)
    assert.equal((await at.failure(path)).code, 'COOLDOWN')
    at.clock.pass(1)
    assert.equal((await at.get(path)).text, 'one')
  })

  test('does not begin before the file is there', async (t) => {
    const { up, at } = await mirrorOf(t, {}, policy)
    assert.equal((await at.failure(path)).code, 'NOT_FOUND')
    at.clock.pass(3 * day)
    up.set(path, text('one', old))
    assert.equal((await at.failure(path)).code, 'COOLDOWN')
  })

  test('lets nothing through that cannot be kept', async (t) => {
    const { at } = await mirrorOf(t, { [path]: text('one', control('no-store')) }, policy)
    assert.equal((await at.failure(path)).code, 'UNSTORABLE')
  })
})

describe('a folder that is no listing', () => {
  test('is an answer like any other', async (t) => {
    const { at } = await mirrorOf(t, {
      '/a/': text('{"a":1}', { type: 'application/json', ...control('max-age=60') }),
      '/b/': text('mine', control('private')),
    })
    const got = await at.get('/a/')
    assert.deepEqual([got.text, got.type, (await at.get('/a/')).cache], ['{"a":1}', 'application/json', 'HIT'])
    assert.deepEqual([(await at.get('/b/')).text, (await at.get('/b/')).cache], ['mine', 'BYPASS'])
  })
})
