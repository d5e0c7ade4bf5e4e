import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import {
  cooldown,
  day,
  hour,
  minute,
  mirrorOf,
  noon,
  second,
  sha256,
  suite,
  type TestMirror,
  type TestMirrorOptions,
} from '../builders/mirror.ts'
import type { Root } from '../builders/shelf.ts'
import { type Step, status, text, type Upstream } from '../fakes/upstream.ts'

type Lists = Readonly<Record<string, Readonly<Record<string, string>>>>
const root = '/stable/root'
const main = '/stable/lists/main'
const extra = '/stable/lists/extra'

/** Puts a state of the suite at the upstream; what it does not have any more is taken away, but for the pool. */
function publish(up: Upstream, date: number, lists: Lists, more: Partial<Root> = {}): Record<string, string> {
  for (const path of [root, main, extra]) up.remove(path)
  const files = suite('stable', date, lists, more)
  for (const [path, body] of Object.entries(files)) up.set(path, text(body, { etag: true }))
  return files
}

const first: Lists = { main: { '/pool/a/a_1': 'a one' }, extra: { '/pool/x/x_1': 'x one' } }
const next: Lists = { main: { '/pool/a/a_2': 'a two' }, extra: { '/pool/x/x_2': 'x two' } }

async function suiteOf(
  t: TestContext,
  options: Partial<TestMirrorOptions> = {},
): Promise<{ up: Upstream; at: TestMirror; files: Record<string, string> }> {
  const { up, at } = await mirrorOf(t, {}, { ecosystem: 'chain', ...options })
  return { up, at, files: publish(up, noon - hour, first) }
}

const states = (at: TestMirror): readonly string[] =>
  at.mirror.catalog.generations
    .of('chain', 'stable')
    .map((one) => one.state)
    .toReversed()

describe('a chained repository', () => {
  test('is proven by its root down to the pool', async (t) => {
    const { at, files } = await suiteOf(t)
    for (const path of [root, main, '/pool/a/a_1']) assert.equal((await at.get(path)).text, files[path])
    const proofs = [...at.mirror.catalog.refs.scan('chain')].map((ref) => [ref.path, ref.proof])
    assert.deepEqual(Object.fromEntries(proofs), {
      [root]: 'signature',
      [main]: 'signature',
      '/pool/a/a_1': 'signature',
    })
  })

  test('a pool file that no list names is not there, and never asked for', async (t) => {
    const { up, at } = await suiteOf(t)
    up.set('/pool/e/evil', text('evil'))
    await at.get(main)
    assert.equal((await at.failure('/pool/e/evil')).code, 'NOT_FOUND')
    assert.equal(up.count('/pool/e/evil'), 0)
  })

  test('a member that the root does not name is not there', async (t) => {
    const { up, at } = await suiteOf(t)
    up.set('/stable/lists/other', text('{"files":[]}'))
    assert.equal((await at.failure('/stable/lists/other')).code, 'NOT_FOUND')
    assert.equal(up.count('/stable/lists/other'), 0)
  })

  test('an unsigned root, or one that is not there, serves nothing', async (t) => {
    const { up, at } = await suiteOf(t)
    publish(up, noon, first, { signature: 'bad' })
    assert.equal((await at.failure(root)).code, 'BAD_SIGNATURE')
    assert.equal((await at.failure(main)).code, 'BAD_SIGNATURE')
    up.remove(root)
    assert.equal((await at.failure(root)).code, 'NOT_FOUND')
    assert.equal((await at.failure(main)).code, 'NOT_FOUND')
    assert.deepEqual(states(at), [])
    assert.deepEqual(
      [...at.mirror.catalog.refs.scan('chain')].filter((ref) => ref.sha256 !== undefined),
      [],
    )
    assert.deepEqual(await at.leftovers(), [])
  })

  test('an unchanged root is one request, and nothing below it is asked', async (t) => {
    const { up, at } = await suiteOf(t)
    for (const path of [root, main, extra]) await at.get(path)
    up.reset()
    at.clock.pass(day)
    for (const path of [root, main, extra]) await at.get(path)
    assert.deepEqual(
      up.requests.map((asked) => asked.path),
      [root],
    )
    assert.deepEqual(states(at), ['current'])
  })
})

describe('a flip', () => {
  test('brings the indexes that were held, so that a client between two requests sees one state', async (t) => {
    const { up, at, files } = await suiteOf(t)
    for (const path of [root, main, extra]) await at.get(path)
    const changed = publish(up, noon, next)
    assert.equal((await at.get(main)).text, files[main], 'a member alone asks for no new root')
    assert.equal((await at.get(root)).text, changed[root])
    up.reset()
    assert.equal((await at.get(main)).text, changed[main])
    assert.equal((await at.get(extra)).text, changed[extra])
    assert.equal(up.count(), 0)
    assert.equal((await at.get('/pool/a/a_2')).text, 'a two')
    assert.deepEqual(states(at), ['previous', 'current'])
    assert.equal(at.events.filter((event) => event.type === 'flipped').length, 2)
  })

  test('fetches only what changed', async (t) => {
    const { up, at } = await suiteOf(t)
    for (const path of [root, main, extra]) await at.get(path)
    publish(up, noon, { ...first, main: { '/pool/a/a_2': 'a two' } })
    up.reset()
    await at.get(root)
    assert.deepEqual(up.requests.map((asked) => asked.path).sort(), [main, root])
  })

  test('leaves the old members under their digests, and the old pool files of its lists', async (t) => {
    const { up, at, files } = await suiteOf(t)
    const old = `/stable/hash/${sha256(files[main] ?? '')}`
    await at.get(root)
    assert.equal((await at.get(old)).text, files[main])
    await at.get(main)
    publish(up, noon, next)
    await at.get(root)
    assert.equal((await at.get(old)).text, files[main])
    assert.equal((await at.get('/pool/a/a_1')).text, 'a one')
  })

  test('is one for many clients', async (t) => {
    const { up, at } = await suiteOf(t)
    await Promise.all([root, main, extra, root, main].map((path) => at.get(path)))
    assert.equal(up.count(root), 1)
    publish(up, noon, next)
    up.reset()
    await Promise.all(Array.from({ length: 10 }, () => at.get(root)))
    assert.equal(up.count(root), 1)
    assert.deepEqual(states(at), ['previous', 'current'])
  })

  test('gives dates that never go back', async (t) => {
    const { up, at } = await suiteOf(t)
    const before = [await at.get(root), await at.get(main)]
    publish(up, noon, next)
    const after = [await at.get(root), await at.get(main)]
    for (const [index, one] of after.entries()) {
      assert.ok((one.modified ?? 0) >= (before[index]?.modified ?? 0) + second)
    }
  })

  test('does not happen when a member fails; clients stay on the whole old state', async (t) => {
    const broken: readonly Step[] = [status(503), text('not what the root says'), text('x', { truncateAt: 0 })]
    for (const step of broken) {
      const { up, at, files } = await suiteOf(t)
      for (const path of [root, main, extra]) await at.get(path)
      const changed = publish(up, noon, next)
      up.set(extra, step)
      const got = await at.get(root)
      assert.deepEqual([got.text, got.cache], [files[root], 'STALE'])
      assert.equal((await at.get(main)).text, files[main])
      assert.deepEqual(states(at), ['current'])
      up.set(extra, text(changed[extra] ?? ''))
      assert.equal((await at.get(root)).text, changed[root])
      assert.equal((await at.get(extra)).text, changed[extra])
    }
  })

  test('begins again with the new root when upstream has moved on between root and member', async (t) => {
    const { up, at } = await suiteOf(t)
    await at.get(root)
    const changed = publish(up, noon, next)
    assert.equal((await at.get(main)).text, changed[main])
    assert.equal((await at.get(root)).text, changed[root])
    assert.equal((await at.get(extra)).text, changed[extra])
  })

  test('goes on without a member that upstream lacks', async (t) => {
    const { up, at } = await suiteOf(t)
    for (const path of [root, main, extra]) await at.get(path)
    const changed = publish(up, noon, next)
    up.remove(extra)
    assert.equal((await at.get(root)).text, changed[root])
    assert.equal((await at.failure(extra)).code, 'NOT_FOUND')
  })
})

describe('a root', () => {
  test('that is older is refused, and the good one still served with a warning', async (t) => {
    const { up, at } = await suiteOf(t)
    await at.get(root)
    const newer = publish(up, noon, next)
    await at.get(root)
    publish(up, noon - hour, first)
    const got = await at.get(root)
    assert.deepEqual([got.text, got.cache], [newer[root], 'STALE'])
    assert.match(got.headers.warning ?? '', /^110/)
    const warned = at.events.flatMap((event) => (event.type === 'warning' ? [event.error.code] : []))
    assert.deepEqual(warned, ['ROLLBACK'])
    at.clock.pass(1)
    assert.deepEqual((await at.sync(['stable'])).codes, ['ROLLBACK'])
    assert.deepEqual(states(at), ['previous', 'current'])
  })

  test('that is older is refused by the next process too', async (t) => {
    const { up, at } = await suiteOf(t)
    publish(up, noon, next)
    await at.get(root)
    const again = await at.reopen()
    t.after(() => again.close())
    publish(up, noon - hour, first)
    assert.equal((await again.get(root)).cache, 'STALE')
  })

  test('past its time is refused, or served with a warning when policy says so', async (t) => {
    const { up, at } = await suiteOf(t)
    publish(up, noon - hour, first, { until: noon - minute })
    assert.equal((await at.failure(root)).code, 'EXPIRED')
    const lenient = await at.reopen({ policy: { expired: 'serve' } })
    t.after(() => lenient.close())
    assert.equal((await lenient.get(root)).cache, 'MISS')
    assert.ok(lenient.events.some((event) => event.type === 'warning' && event.error.code === 'EXPIRED'))
  })

  test('that upstream keeps answering with is refused once its time is over', async (t) => {
    const { up, at } = await suiteOf(t, { policy: { staleIfError: hour } })
    publish(up, noon - hour, first, { until: noon + hour })
    assert.equal((await at.get(root)).cache, 'MISS')
    at.clock.pass(hour)
    assert.equal((await at.get(root)).cache, 'REVALIDATED')
    at.clock.pass(hour)
    assert.equal((await at.get(root)).cache, 'STALE')
    at.clock.pass(1)
    assert.equal((await at.failure(root)).code, 'EXPIRED')
    assert.deepEqual((await at.sync(['stable'])).codes, ['EXPIRED'])
  })

  test('that upstream does not answer for is served stale within its bound', async (t) => {
    const { up, at, files } = await suiteOf(t, { policy: { staleIfError: hour } })
    for (const path of [root, main]) await at.get(path)
    up.set(root, status(503))
    at.clock.pass(hour)
    assert.deepEqual([(await at.get(root)).text, (await at.get(root)).cache], [files[root], 'STALE'])
    at.clock.pass(1)
    assert.equal((await at.failure(root)).code, 'UPSTREAM_STATUS')
  })

  test('offline is what is held', async (t) => {
    const { up, at, files } = await suiteOf(t)
    for (const path of [root, main, '/pool/a/a_1']) await at.get(path)
    publish(up, noon, next)
    up.reset()
    at.offline = true
    at.clock.pass(99 * day)
    for (const path of [root, main, '/pool/a/a_1']) assert.equal((await at.get(path)).text, files[path])
    for (const path of [extra, '/pool/x/x_1', '/testing/root'])
      assert.equal((await at.failure(path)).code, 'NOT_HELD', path)
    assert.equal(up.count(), 0)
  })
})

describe('cooldown by generation', () => {
  const three = { policy: { cooldown: cooldown({ default: 3 * day }) } }

  test('a new state waits, then flips by the clock without a question to upstream', async (t) => {
    const { up, at, files } = await suiteOf(t, { policy: { ...three.policy, freshFor: 99 * day } })
    for (const path of [root, main]) assert.equal((await at.get(path)).text, files[path], 'the first state is baseline')
    const changed = publish(up, noon, next)
    const again = await at.reopen({ policy: three.policy })
    t.after(() => again.close())
    assert.equal((await again.get(root)).text, files[root])
    assert.deepEqual(states(again), ['current', 'waiting'])
    assert.equal((await again.failure('/pool/a/a_2')).code, 'COOLDOWN')
    up.reset()
    again.clock.pass(3 * day - 1)
    assert.equal((await again.get(main)).text, files[main])
    again.clock.pass(1)
    assert.equal((await again.get(main)).text, changed[main])
    assert.equal(up.count(), 0)
    assert.equal((await again.get('/pool/a/a_2')).text, 'a two')
    assert.deepEqual(states(again), ['previous', 'current'])
  })

  test('what waits is matured while upstream cannot be asked', async (t) => {
    const { up, at } = await suiteOf(t, three)
    for (const path of [root, main]) await at.get(path)
    const changed = publish(up, noon, next)
    await at.get(root)
    at.offline = true
    at.clock.pass(3 * day)
    for (const path of [root, main]) assert.equal((await at.get(path)).text, changed[path])
  })

  test('a state that changed again waits from its own beginning; the older one is not held up by it', async (t) => {
    const { up, at, files } = await suiteOf(t, three)
    for (const path of [root, main]) await at.get(path)
    const second = publish(up, noon, next)
    await at.get(root)
    at.clock.pass(2 * day)
    const third = publish(up, noon + day, { main: { '/pool/a/a_3': 'a three' } })
    assert.equal((await at.get(root)).text, files[root])
    assert.deepEqual(states(at), ['current', 'waiting', 'waiting'])
    at.clock.pass(day)
    assert.equal((await at.get(main)).text, second[main])
    at.clock.pass(2 * day)
    assert.equal((await at.get(main)).text, third[main])
  })

  test('a sync leaves a new state waiting, and says that nothing flipped', async (t) => {
    const { up, at, files } = await suiteOf(t, three)
    assert.deepEqual((await at.sync(['stable'])).flipped, ['stable'])
    at.clock.pass(hour)
    const changed = publish(up, noon, next)
    assert.deepEqual((await at.sync(['stable'])).flipped, [])
    assert.deepEqual(states(at), ['current', 'waiting'])
    at.offline = true
    assert.equal((await at.get(main)).text, files[main])
    at.clock.pass(3 * day)
    assert.equal((await at.get(main)).text, changed[main])
    assert.equal((await at.get('/pool/a/a_2')).text, 'a two')
  })

  test('baseline: wait lets the first state wait too', async (t) => {
    const { at, files } = await suiteOf(t, { policy: { cooldown: cooldown({ default: 3 * day, baseline: 'wait' }) } })
    const { code, message } = await at.failure(root)
    assert.equal(code, 'COOLDOWN')
    assert.match(message, /2026-01-05T12/)
    assert.equal((await at.failure(main)).code, 'COOLDOWN')
    at.clock.pass(3 * day)
    assert.equal((await at.get(root)).text, files[root])
    assert.equal((await at.get(main)).text, files[main])
  })
})

describe('a sync', () => {
  test('sees one state of every index, and flips when all is there', async (t) => {
    const { up, at, files } = await suiteOf(t)
    const synced = await at.sync(['stable'])
    assert.deepEqual(synced.codes, [])
    assert.deepEqual(synced.flipped, ['stable'])
    assert.deepEqual(synced.items.map((one) => one.path).sort(), Object.keys(files).sort())
    up.reset()
    at.offline = true
    for (const [path, body] of Object.entries(files)) assert.equal((await at.get(path)).text, body)
    assert.equal(up.count(), 0)
  })

  test('with an unchanged root is one request', async (t) => {
    const { up, at } = await suiteOf(t)
    await at.sync(['stable'])
    up.reset()
    at.clock.pass(hour)
    const again = await at.sync(['stable'])
    assert.equal(up.count(), 1)
    assert.deepEqual(again.flipped, [])
    assert.ok(again.items.every((one) => one.outcome !== 'fetched'))
    assert.deepEqual(states(at), ['current'])
  })

  for (const [what, path, step] of [
    ['a member', extra, status(503)],
    ['a pool file', '/pool/x/x_2', status(503)],
    ['wrong bytes', '/pool/x/x_2', text('wrong')],
  ] as const) {
    test(`with faults does not flip: ${what}`, async (t) => {
      const { up, at, files } = await suiteOf(t)
      await at.sync(['stable'])
      at.clock.pass(hour)
      const changed = publish(up, noon, next)
      up.set(path, step)
      const synced = await at.sync(['stable'])
      assert.equal(synced.codes.length, 1)
      assert.deepEqual(synced.flipped, [])
      at.offline = true
      for (const name of [root, main, extra]) assert.equal((await at.get(name)).text, files[name])
      at.offline = false
      at.clock.pass(hour)
      up.set(path, text(changed[path] ?? ''))
      assert.deepEqual((await at.sync(['stable'])).flipped, ['stable'])
      at.offline = true
      for (const name of [root, main, extra]) assert.equal((await at.get(name)).text, changed[name])
    })
  }

  test('does not show clients what it builds before it flips', async (t) => {
    const { up, at, files } = await suiteOf(t)
    await at.sync(['stable'])
    at.clock.pass(hour)
    publish(up, noon, next)
    up.set('/pool/x/x_2', text('x two', { delay: 300 }))
    const under = at.sync(['stable'])
    while (up.count('/pool/x/x_2') === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    for (const name of [main, extra]) assert.equal((await at.get(name)).text, files[name])
    assert.deepEqual((await under).flipped, ['stable'])
    assert.notEqual((await at.get(main)).text, files[main])
  })

  test('of another suite leaves the first alone', async (t) => {
    const { up, at, files } = await suiteOf(t)
    for (const [path, body] of Object.entries(suite('testing', noon, next))) up.set(path, text(body))
    await at.sync(['stable'])
    await at.sync(['testing'])
    at.offline = true
    assert.equal((await at.get(main)).text, files[main])
    assert.equal((await at.get('/pool/a/a_1')).text, 'a one')
    assert.equal((await at.get('/pool/a/a_2')).text, 'a two')
  })
})
