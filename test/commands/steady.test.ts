// A repository in which nothing has changed is not planned again; and every way in which something may have changed.

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { type RunOptions, run, type Summary } from '../../src/commands/run.ts'
import { standingOf } from '../../src/commands/steady.ts'
import type { Policy } from '../../src/config/types.ts'
import type { Selector } from '../../src/contract.ts'
import { cooldown, day, hour, item, mirrorOf, noon, rule, sha256, type TestMirror } from '../builders/mirror.ts'
import { json, type Script, status, text } from '../fakes/upstream.ts'

/** Packages of one file each, with the packages they need. */
function routesOf(packages: Readonly<Record<string, readonly string[]>>): Record<string, Script> {
  const routes: Record<string, Script> = {}
  for (const [name, needs] of Object.entries(packages)) {
    routes[`/index/${name}`] = json({ files: [item(`${name}.tgz`, `bytes of ${name}`, { needs })] }, { etag: true })
    routes[`/files/${name}/${name}.tgz`] = text(`bytes of ${name}`)
  }
  return routes
}
const tree = routesOf({ a: ['b', 'c'], b: ['c'], c: [], d: [] })

type Ran = Summary & {
  /** Nothing was planned again. */
  readonly steady: boolean
  /** Entries that were planned. */
  readonly planned: number
}

const holder = 'manifest.yaml'
const placesAt = (store: string) => ({ catalog: '', store })
const selectors = (names: readonly string[]): readonly Selector[] =>
  names.map((name) => ({ name, from: { file: holder } }))

/** A run an hour later. */
async function ran(
  at: TestMirror,
  names: readonly string[],
  { store = '/store', ...more }: Partial<RunOptions> & { readonly store?: string } = {},
): Promise<Ran> {
  at.clock.pass(hour)
  const context = {
    settings: { keepFree: { share: 0.05 }, maxGrowth: Number.POSITIVE_INFINITY, origins: {} },
    signal: new AbortController().signal,
  } as unknown as Parameters<typeof run>[0]
  const workspace = {
    ...{ mirror: at.mirror, events: at.mirror.events, cleaned: { files: 0, bytes: 0 } },
    places: placesAt(store),
  }
  const told = at.events.length
  const [repo = ''] = at.mirror.repos.keys()
  const summary = await run(context, workspace as unknown as Parameters<typeof run>[1], {
    ...{ command: 'sync', holder, dryRun: false, wants: new Map([[repo, selectors(names)]]) },
    ...more,
  })
  const planned = at.events.slice(told).filter(({ type }) => type === 'planned').length
  return { ...summary, planned, steady: summary.repositories[repo]?.steady === true }
}

/** A mirror whose next run of the same has nothing to do. */
async function settled(t: TestContext, names: readonly string[], policy: Partial<Policy> = {}, routes = tree) {
  const { up, at } = await mirrorOf(t, routes, { policy })
  const first = await ran(at, names)
  assert.deepEqual([first.code, first.steady, first.changed], [0, false, true])
  const second = await ran(at, names)
  assert.deepEqual([second.code, second.steady, second.changed], [0, false, false])
  up.reset()
  return { up, at, second }
}

const requested = (up: { readonly requests: readonly { readonly path: string }[] }) =>
  up.requests.map(({ path }) => path).sort()

describe('a run in which nothing has changed', () => {
  test('asks for the documents by condition, and plans nothing', async (t) => {
    const { up, at, second } = await settled(t, ['a'])
    const third = await ran(at, ['a'])
    assert.deepEqual([third.steady, third.planned, third.changed], [true, 0, false])
    assert.deepEqual(requested(up), ['/index/a', '/index/b', '/index/c'])
    assert.ok(up.requests.every(({ headers }) => headers['if-none-match'] !== undefined))
    const { steady: _, ...said } = third.repositories.shelf ?? assert.fail()
    const { steady: __, ...before } = second.repositories.shelf ?? assert.fail()
    assert.deepEqual(said, before, 'and says the same of it')
    assert.deepEqual(third.growth, second.growth)
  })

  test('holds what it held, again and again', async (t) => {
    const { at } = await settled(t, ['a'])
    for (let turn = 0; turn < 3; turn += 1) assert.equal((await ran(at, ['a'])).steady, true)
    assert.deepEqual(at.mirror.catalog.holds.of('shelf', '/files/c/c.tgz'), [holder])
    assert.equal(at.mirror.catalog.holds.sums(holder)[0]?.files, 6)
  })

  test('is one of a signed archive too: one request for its root', async (t) => {
    const list = JSON.stringify({ files: [{ path: '/pool/p/p.deb', sha256: sha256('p') }] })
    const routes = {
      '/s/root': json({ date: noon, signature: 'good', lists: { main: sha256(list) } }, { etag: true }),
      '/s/lists/main': text(list),
      '/pool/p/p.deb': text('p'),
    }
    const { up, at } = await mirrorOf(t, routes, { ecosystem: 'chain' })
    for (let turn = 0; turn < 2; turn += 1) assert.deepEqual((await ran(at, ['s'])).faults, [])
    up.reset()
    const third = await ran(at, ['s'])
    assert.deepEqual([third.code, third.steady, third.planned], [0, true, 0])
    assert.deepEqual(requested(up), ['/s/root'])
  })

  test('lets go of what a run with faults had left', async (t) => {
    const { up, at } = await settled(t, ['a', 'd'])
    up.set('/index/d', status(503))
    assert.equal((await ran(at, ['d', 'a'])).code, 6)
    up.set('/index/d', tree['/index/d'] ?? assert.fail())
    assert.equal((await ran(at, ['a'])).steady, false)
    assert.deepEqual(at.mirror.catalog.holds.of('shelf', '/files/d/d.tgz'), [])
    assert.equal((await ran(at, ['a'])).steady, true)
  })
})

describe('everything is planned again', () => {
  /** The run after the change is whole, and the one after that short again. */
  async function plansOnce(at: TestMirror, names = ['a'], expected: Partial<Summary> = { code: 0 }) {
    const next = await ran(at, names)
    assert.deepEqual([next.steady, next.code], [false, expected.code])
    return next
  }

  test('when the last run fetched something', async (t) => {
    const { at } = await mirrorOf(t, tree)
    assert.equal((await ran(at, ['a'])).steady, false)
    assert.equal((await ran(at, ['a'])).steady, false, 'it looked at what a run without news does not look at')
  })

  test('when something else is wanted', async (t) => {
    const { at } = await settled(t, ['a'])
    await plansOnce(at, ['a', 'd'])
    assert.deepEqual(at.mirror.catalog.holds.of('shelf', '/files/d/d.tgz'), [holder])
    await plansOnce(at, ['a'])
    assert.deepEqual(at.mirror.catalog.holds.of('shelf', '/files/d/d.tgz'), [])
  })

  test('for another holder', async (t) => {
    const { at } = await settled(t, ['a'])
    assert.equal((await ran(at, ['a'], { holder: 'other.yaml' })).steady, false)
    assert.equal((await ran(at, ['a'])).steady, true)
  })

  test('when upstream has another document', async (t) => {
    const { up, at } = await settled(t, ['a'])
    up.set('/index/c', routesOf({ c: ['d'] })['/index/c'] ?? assert.fail())
    const next = await plansOnce(at)
    assert.equal(next.repositories.shelf?.fetched, 3)
    assert.deepEqual(at.mirror.catalog.holds.of('shelf', '/files/d/d.tgz'), [holder])
  })

  test('when a client was given another document meanwhile', async (t) => {
    const { up, at } = await settled(t, ['a'])
    up.set('/index/c', routesOf({ c: ['d'] })['/index/c'] ?? assert.fail())
    await at.get('/index/c')
    await plansOnce(at)
    assert.deepEqual(at.mirror.catalog.holds.of('shelf', '/files/d/d.tgz'), [holder])
  })

  test('when a document has gone, or one has come that was not there', async (t) => {
    const { up, at } = await settled(t, ['a'])
    up.set('/index/c', status(404))
    await plansOnce(at, ['a'], { code: 3 })
    up.set('/index/c', tree['/index/c'] ?? assert.fail())
    await plansOnce(at)
  })

  test('when another rule holds', async (t) => {
    const { at } = await settled(t, ['a'])
    const denying = await at.reopen({ policy: { deny: [rule('pkg:shelf/c')] } })
    t.after(() => denying.close())
    const next = await ran(denying, ['a'])
    assert.deepEqual([next.steady, next.code], [false, 5])
  })

  test('when a cooldown has ended', async (t) => {
    const files = [
      item('a.tgz', 'old', { version: '1.0.0', published: noon - 9 * day }),
      item('b.tgz', 'new', { version: '2.0.0', published: noon }),
    ]
    const routes = {
      '/index/a': json({ files }, { etag: true }),
      '/files/a/a.tgz': text('old'),
      '/files/a/b.tgz': text('new'),
    }
    const { at } = await settled(t, ['a'], { cooldown: cooldown({ default: day }) }, routes)
    assert.equal((await ran(at, ['a'])).steady, true)
    at.clock.now = noon + day - hour - 1
    assert.equal((await ran(at, ['a'])).steady, true, 'a millisecond before')
    at.clock.now = noon + day - hour
    const next = await ran(at, ['a'])
    assert.deepEqual([next.steady, next.repositories.shelf?.fetched], [false, 1])
  })

  test('when the clock went back', async (t) => {
    const { at } = await settled(t, ['a'])
    at.clock.now = noon - day
    assert.equal((await ran(at, ['a'])).steady, false)
  })

  test('when a file is not held any more', async (t) => {
    const { up, at } = await settled(t, ['a'])
    const { refs } = at.mirror.catalog
    refs.drop(refs.get('shelf', '/files/c/c.tgz', '', 0) ?? assert.fail())
    await plansOnce(at)
    assert.ok(refs.get('shelf', '/files/c/c.tgz', '', 0) !== undefined)
    assert.ok(requested(up).includes('/index/c'))
  })

  test('when the collection took a file', async (t) => {
    const { at } = await settled(t, ['a'])
    const { refs, sweeps } = at.mirror.catalog
    const { checked, used, ...ref } = refs.get('shelf', '/files/c/c.tgz', '', 0) ?? assert.fail()
    assert.equal(sweeps.refs([{ ...ref, checked, used } as unknown as Parameters<typeof sweeps.refs>[0][0]]).length, 1)
    assert.equal((await plansOnce(at)).repositories.shelf?.fetched, 0, 'its bytes were still there')
  })

  test('when the bytes of a file were lost', async (t) => {
    const { at } = await settled(t, ['a'])
    at.mirror.catalog.blobs.drop(sha256('bytes of c'))
    await plansOnce(at)
  })

  test('when what a document says is not known any more', async (t) => {
    const { at } = await settled(t, ['a'])
    const { facts } = at.mirror.catalog
    const [reading] = facts.readings()
    facts.drop(reading?.id ?? assert.fail())
    await plansOnce(at)
  })

  test('when a document is not held any more', async (t) => {
    const { at } = await settled(t, ['a'])
    const { refs } = at.mirror.catalog
    refs.drop(refs.get('shelf', '/index/c', '', 0) ?? assert.fail())
    await plansOnce(at)
  })

  test('when something was let go of', async (t) => {
    const { at } = await settled(t, ['a'])
    at.mirror.catalog.holds.drop(holder, 'shelf', '/files/c/c.tgz')
    await plansOnce(at)
    assert.deepEqual(at.mirror.catalog.holds.of('shelf', '/files/c/c.tgz'), [holder])
  })

  test('after a run that failed', async (t) => {
    const { up, at } = await settled(t, ['a'])
    up.set('/index/c', status(503))
    assert.equal((await ran(at, ['a'])).code, 6)
    up.set('/index/c', status(404))
    assert.equal((await ran(at, ['a'])).code, 3)
    assert.equal((await ran(at, ['a'])).steady, false)
  })

  test('for who is told of every entry, and in a dry run', async (t) => {
    const { at } = await settled(t, ['a'])
    const paths = new Set<string>()
    assert.equal((await ran(at, ['a'], { item: ({ path }) => void paths.add(path) })).steady, false)
    assert.equal((await ran(at, ['a'], { before: () => undefined })).steady, false)
    const dry = await ran(at, ['a'], { dryRun: true })
    assert.deepEqual([dry.steady, dry.repositories.shelf?.items, paths.size], [false, 6, 6])
    assert.equal((await ran(at, ['a'])).steady, true)
  })

  test('over another store', async (t) => {
    const { at } = await settled(t, ['a'])
    assert.equal((await ran(at, ['a'], { store: '/other' })).steady, false)
  })

  test('by another program', async (t) => {
    const { at } = await settled(t, ['a'])
    const workspace = { mirror: at.mirror, places: placesAt('/store') }
    const wants = new Map([['shelf', selectors(['a'])]])
    const lastBy = async (program?: string) =>
      (await standingOf(workspace, holder, wants, program)).get('shelf')?.last !== undefined
    assert.deepEqual([await lastBy(), await lastBy('99.0.0')], [true, false])
  })

  test('when another document came to speak of files that rules judge', async (t) => {
    const { at } = await settled(t, ['a'], { deny: [rule('pkg:shelf/x')] })
    assert.equal((await ran(at, ['a'])).steady, true)
    await at.get('/index/d')
    assert.equal((await ran(at, ['a'])).steady, false)
    const open = await settled(t, ['a'])
    await open.at.get('/index/d')
    assert.equal((await ran(open.at, ['a'])).steady, true, 'not where nothing is judged')
  })
})
