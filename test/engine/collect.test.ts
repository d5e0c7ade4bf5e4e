import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { after, afterEach, before, test } from 'node:test'
import type { Settings } from '../../src/config/types.ts'
import { type Collected, type CollectOptions, collect, type Gone } from '../../src/engine/collect.ts'
import {
  day,
  hour,
  item,
  openTestMirror,
  sha256,
  suite,
  type TestMirror,
  type TestMirrorOptions,
} from '../builders/mirror.ts'
import { json, startUpstream, text, type Upstream } from '../fakes/upstream.ts'

let upstream: Upstream
let mirrors: TestMirror[] = []
before(async () => {
  upstream = await startUpstream()
})
after(() => upstream.close())
afterEach(async () => {
  for (const mirror of mirrors) await mirror.close()
  mirrors = []
})

const never = Number.POSITIVE_INFINITY
const keepAll: Settings['keep'] = { unusedFor: never, maxSize: never, maxAge: never, grace: day, pinned: [] }

/** The clock begins at the real time, because files carry it. */
async function open(options: Partial<TestMirrorOptions> = {}): Promise<TestMirror> {
  const repositories = [
    { ecosystem: 'shelf', upstreams: [upstream.url] },
    { ecosystem: 'chain', upstreams: [`${upstream.url}/chain`] },
  ]
  const opened = await openTestMirror({ repositories, now: Date.now(), ...options })
  mirrors.push(opened)
  return opened
}

const gc = (
  { mirror }: TestMirror,
  keep: Partial<Settings['keep']> = {},
  options: Partial<CollectOptions> = {},
): Promise<Collected> =>
  collect(mirror, {
    keep: { ...keepAll, ...keep },
    dryRun: false,
    force: true,
    signal: new AbortController().signal,
    ...options,
  })

/** A shelf of one package: versions to contents, the file of version 1.0.0 is `a-1.0.0`. */
function shelve(name: string, versions: Readonly<Record<string, string>>): void {
  const files = Object.entries(versions).map(([version, content]) => ({
    ...item(`${name}-${version}`, content),
    version,
  }))
  upstream.set(`/index/${name}`, json({ files }))
  for (const [version, content] of Object.entries(versions))
    upstream.set(`/files/${name}/${name}-${version}`, text(content))
}

function publish(files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) upstream.set(`/chain${path}`, text(content))
}

/** Asks as a client does, and waits until what came is kept. */
async function bring(at: TestMirror, path: string): Promise<void> {
  await at.get(path)
  await at.mirror.flights.idle()
  await at.mirror.holder.settle()
}

const heldPaths = ({ mirror }: TestMirror, repo = 'shelf'): string[] =>
  [...mirror.catalog.refs.scan(repo)].filter((ref) => ref.sha256 !== undefined).map((ref) => ref.path)

const inStore = async ({ mirror }: TestMirror, content: string): Promise<boolean> =>
  (await mirror.store.stat(sha256(content))) !== undefined

const forShelf = ({ repositories }: Collected) => repositories.shelf

test('keeps for ever what was fetched on demand, when no rule says otherwise', async () => {
  shelve('a', { '1.0.0': 'one' })
  const at = await open()
  await bring(at, '/files/a/a-1.0.0')
  at.clock.pass(1000 * day)
  const collected = await gc(at)
  assert.deepEqual([collected.freed.items, heldPaths(at)], [0, ['/files/a/a-1.0.0', '/index/a']])
})

test('drops bytes that nothing names any more, once they are older than the grace', async () => {
  shelve('a', { '1.0.0': 'one' })
  const at = await open()
  const old = sha256((await upstreamBody('/index/a')) ?? '')
  await at.get('/index/a')
  shelve('a', { '1.0.0': 'one', '2.0.0': 'two' })
  await at.get('/index/a')
  at.clock.pass(hour)
  const early = await gc(at)
  const waited = await at.mirror.store.stat(old)
  at.clock.pass(2 * day)
  await gc(at)
  assert.deepEqual(
    [early.freed.items, early.waiting.items > 0, waited === undefined, await at.mirror.store.stat(old)],
    [0, true, false, undefined],
  )
})

async function upstreamBody(path: string): Promise<Buffer> {
  const response = await fetch(upstream.url + path)
  return Buffer.from(await response.arrayBuffer())
}

test('shows in a dry run what it then does, and touches nothing', async () => {
  shelve('a', { '1.0.0': 'one', '2.0.0': 'two' })
  const at = await open()
  await bring(at, '/files/a/a-1.0.0')
  at.clock.pass(40 * day)
  await bring(at, '/files/a/a-2.0.0')
  const [planned, done]: [Gone[], Gone[]] = [[], []]
  const plan = await gc(at, { unusedFor: 30 * day }, { dryRun: true, item: (one) => planned.push(one) })
  const before = heldPaths(at)
  const run = await gc(at, { unusedFor: 30 * day }, { item: (one) => done.push(one) })
  assert.deepEqual(planned, done)
  assert.deepEqual({ ...run, swept: undefined }, plan)
  assert.deepEqual([before.length, heldPaths(at)], [3, ['/files/a/a-2.0.0', '/index/a']])
  assert.deepEqual(run.swept?.files, run.freed)
})

test('drops what nobody asked for in a while, but no index of what stays', async () => {
  shelve('a', { '1.0.0': 'one' })
  shelve('b', { '1.0.0': 'uno' })
  const at = await open()
  await bring(at, '/files/a/a-1.0.0')
  await bring(at, '/files/b/b-1.0.0')
  at.clock.pass(40 * day)
  at.mirror.catalog.refs.used([{ repo: 'shelf', path: '/files/a/a-1.0.0', hits: 1, used: at.clock.now }])
  const collected = await gc(at, { unusedFor: 30 * day })
  assert.deepEqual(heldPaths(at), ['/files/a/a-1.0.0', '/index/a'])
  assert.equal(forShelf(collected)?.going.unused?.items, 2)
  assert.deepEqual([await inStore(at, 'one'), await inStore(at, 'uno')], [true, false])
})

test('keeps what a manifest holds, and says so', async () => {
  shelve('a', { '1.0.0': 'one' })
  const at = await open()
  await bring(at, '/files/a/a-1.0.0')
  at.mirror.catalog.holds.put('ci.yaml', 1, [
    { repo: 'shelf', path: '/files/a/a-1.0.0' },
    { repo: 'shelf', path: '/index/a' },
  ])
  at.clock.pass(400 * day)
  const collected = await gc(at, { unusedFor: day, maxAge: day, maxSize: 1 })
  assert.deepEqual(heldPaths(at), ['/files/a/a-1.0.0', '/index/a'])
  assert.equal(forShelf(collected)?.kept['ci.yaml']?.items, 2)
})

test('leaves the newest versions of a package, by its own order', async () => {
  shelve('a', { '1.9.0': 'nine', '1.10.0': 'ten', '1.2.0': 'two' })
  const at = await open()
  for (const version of ['1.9.0', '1.10.0', '1.2.0']) await bring(at, `/files/a/a-${version}`)
  at.clock.pass(40 * day)
  await gc(at, { maxAge: 30 * day, latest: 2 })
  assert.deepEqual(heldPaths(at), ['/files/a/a-1.10.0', '/files/a/a-1.9.0', '/index/a'])
})

test('drops the least recently used files until the rest fits', async () => {
  const at = await open()
  for (const [index, name] of ['a', 'b', 'c'].entries()) {
    shelve(name, { '1.0.0': name.repeat(10_000 + index) })
    await bring(at, `/files/${name}/${name}-1.0.0`)
    at.clock.pass(hour)
  }
  at.mirror.catalog.refs.used([{ repo: 'shelf', path: '/files/a/a-1.0.0', hits: 1, used: at.clock.now }])
  at.clock.pass(2 * day)
  await gc(at, { maxSize: 25_000 })
  assert.deepEqual(
    heldPaths(at).filter((path) => path.startsWith('/files/')),
    ['/files/a/a-1.0.0', '/files/c/c-1.0.0'],
  )
})

test('drops what expired, offline only where policy says so', async () => {
  shelve('a', { '1.0.0': 'one' })
  const at = await open({ policy: { expireAfter: 7 * day } })
  await bring(at, '/files/a/a-1.0.0')
  at.clock.pass(8 * day)
  at.offline = true
  await gc(at)
  const offline = heldPaths(at).length
  at.offline = false
  await gc(at)
  assert.deepEqual([offline, heldPaths(at)], [2, []])
})

test('forgets what upstream did not have', async () => {
  const at = await open({ policy: { negativeFor: hour } })
  await at.failure('/index/nothing')
  const count = () => [...at.mirror.catalog.refs.scan('shelf')].length
  await gc(at)
  const early = count()
  at.clock.pass(2 * hour)
  await gc(at)
  assert.deepEqual([early, count()], [1, 0])
})

test('drops the generation before when its grace has passed, with the bytes that it alone named', async () => {
  publish(suite('stable', 1, { main: { '/pool/a/a-1': 'first' } }))
  const at = await open()
  await at.sync(['stable'], { repo: 'chain', item: () => undefined })
  const old = [...at.mirror.catalog.refs.scan('chain')].find((ref) => ref.path === '/stable/lists/main')?.sha256 ?? ''
  publish(suite('stable', 2, { main: { '/pool/b/b-1': 'second' } }))
  at.clock.pass(hour)
  await at.sync(['stable'], { repo: 'chain', item: () => undefined })
  await gc(at)
  const kept = at.mirror.catalog.generations.all().length
  at.clock.pass(2 * day)
  await gc(at)
  assert.deepEqual([kept, at.mirror.catalog.generations.all().map((one) => one.state)], [2, ['current']])
  assert.equal(await at.mirror.store.stat(old), undefined)
  assert.equal((await at.get('/pool/b/b-1', { repo: 'chain' })).text, 'second')
})

test('drops an index under the path of its digest when no kept state names it any more', async () => {
  publish(suite('stable', 1, { main: { '/pool/a/a-1': 'first' } }))
  const at = await open()
  await at.sync(['stable'], { repo: 'chain', item: () => undefined })
  const hashed = () => [...at.mirror.catalog.refs.scan('chain')].filter(({ path }) => path.startsWith('/stable/hash/'))
  const old = [...at.mirror.catalog.refs.scan('chain')].find((ref) => ref.path === '/stable/lists/main')?.sha256 ?? ''
  await at.get(`/stable/hash/${old}`, { repo: 'chain' })
  publish(suite('stable', 2, { main: { '/pool/b/b-1': 'second' } }))
  at.clock.pass(hour)
  await at.sync(['stable'], { repo: 'chain', item: () => undefined })
  await gc(at)
  const young = hashed().length
  for (const _ of ['its generation', 'what that said', 'and then the index']) {
    at.clock.pass(2 * day)
    await gc(at)
  }
  assert.deepEqual([young, hashed().length], [1, 0])
  assert.equal(await at.mirror.store.stat(old), undefined)
})

test('drops what a run that died was building, once it is older than the grace', async () => {
  const at = await open()
  at.mirror.catalog.generations.make('chain', 'stable', at.clock.now)
  await gc(at)
  const young = at.mirror.catalog.generations.all().length
  at.clock.pass(2 * day)
  await gc(at)
  assert.deepEqual([young, at.mirror.catalog.generations.all().length], [1, 0])
})

test('forgets what a document said when nobody holds it, and keeps what lockfiles say', async () => {
  shelve('a', { '1.0.0': 'one' })
  const at = await open()
  await bring(at, '/files/a/a-1.0.0')
  const { facts } = at.mirror.catalog
  facts.complete(facts.begin('shelf', 'lockfile:/x', 'lockfile', at.clock.now))
  at.clock.pass(40 * day)
  await gc(at, { unusedFor: day })
  assert.deepEqual(
    facts.readings().map(({ scope }) => scope),
    ['lockfile:/x'],
  )
  assert.deepEqual(facts.of('shelf', '/files/a/a-1.0.0'), [])
})

test('drops views of what is gone, and keeps the newest view of what is held', async () => {
  shelve('a', { '1.0.0': 'one' })
  const at = await open()
  await at.get('/index/a')
  await at.get('/index/a', { base: 'http://other.test' })
  at.clock.pass(10_000)
  shelve('a', { '1.0.0': 'one', '2.0.0': 'two' })
  await at.get('/index/a')
  const before = at.mirror.catalog.views.all().length
  at.clock.pass(2 * day)
  await gc(at)
  const views = at.mirror.catalog.views.all()
  assert.deepEqual([before, views.length], [2, 1])
  assert.notEqual(await at.mirror.store.stat(views[0]?.sha256 ?? ''), undefined)
})

test('refuses to drop more than half of what is kept, before anything is touched', async () => {
  shelve('a', { '1.0.0': 'one' })
  const at = await open()
  await bring(at, '/files/a/a-1.0.0')
  at.clock.pass(40 * day)
  await assert.rejects(gc(at, { unusedFor: day }, { force: false }), { code: 'DENIED' })
  const plan = await gc(at, { unusedFor: day }, { force: false, dryRun: true })
  assert.deepEqual([plan.guarded, heldPaths(at).length], [true, 2])
})

test('does not count what nothing names as a loss', async () => {
  const at = await open()
  for (let round = 0; round < 10; round += 1) {
    upstream.set('/loose/x', text('x'.repeat(1000 + round)))
    upstream.set('/text/x', text('x'.repeat(1000 + round)))
    await at.get('/text/x')
  }
  at.clock.pass(2 * day)
  const collected = await gc(at, {}, { force: false })
  assert.deepEqual([collected.loss, collected.freed.items], [0, 9])
})

test('drops files that the catalog does not know, when they are old enough', async () => {
  const at = await open()
  const lost = Buffer.from('nobody knows me')
  await at.mirror.store.put(
    (async function* () {
      yield lost
    })(),
  )
  await gc(at)
  const young = await inStore(at, lost.toString())
  at.clock.pass(2 * day)
  const collected = await gc(at)
  assert.deepEqual([young, collected.unknown.items, await inStore(at, lost.toString())], [true, 1, false])
})

test('leaves alone what somebody asked for since it was marked', async () => {
  shelve('a', { '1.0.0': 'one' })
  const at = await open()
  await bring(at, '/files/a/a-1.0.0')
  const marks = at.mirror.catalog.marks()
  marks.addRefs([...at.mirror.catalog.refs.scan('shelf')], 'unused')
  at.mirror.catalog.refs.used([{ repo: 'shelf', path: '/files/a/a-1.0.0', hits: 1, used: at.clock.now }])
  at.mirror.catalog.sweeps.refs(marks.refs(undefined))
  marks.close()
  assert.deepEqual(heldPaths(at), ['/files/a/a-1.0.0'])
})

test('never forgets a blob that a ref names again', async () => {
  shelve('a', { '1.0.0': 'one' })
  const at = await open()
  await bring(at, '/files/a/a-1.0.0')
  at.clock.pass(2 * day)
  const going = [{ sha256: sha256('one'), size: 3, repo: '', reason: 'unreferenced' }] as const
  assert.deepEqual(at.mirror.catalog.sweeps.blobs(going, at.clock.now, at.clock.now), [])
})

test('goes on after it was stopped in the middle', async () => {
  shelve('a', { '1.0.0': 'one' })
  const at = await open()
  await bring(at, '/files/a/a-1.0.0')
  at.clock.pass(40 * day)
  let deleted = 0
  const failing = {
    ...at.mirror,
    store: {
      ...at.mirror.store,
      async delete(digest: string) {
        deleted += 1
        if (deleted === 1) throw new Error('killed')
        await at.mirror.store.delete(digest)
      },
    },
  }
  const options = {
    keep: { ...keepAll, unusedFor: day },
    dryRun: false,
    force: true,
    signal: new AbortController().signal,
  }
  await assert.rejects(collect(failing, options))
  await gc(at, { unusedFor: day })
  assert.deepEqual(await Array.fromAsync(at.mirror.store.list()), [])
})

test('stops between two steps when it is told to', async () => {
  shelve('a', { '1.0.0': 'one' })
  const at = await open()
  await bring(at, '/files/a/a-1.0.0')
  at.mirror.catalog.generations.make('chain', 'stable', at.clock.now)
  await assert.rejects(gc(at, {}, { signal: AbortSignal.abort() }), { code: 'STOPPED' })
})

test('leaves repositories alone that are not configured', async () => {
  shelve('a', { '1.0.0': 'one' })
  const at = await open({ keep: true })
  await bring(at, '/files/a/a-1.0.0')
  const later = await at.reopen({ repositories: [{ ecosystem: 'chain', upstreams: [upstream.url] }], keep: false })
  mirrors.push(later)
  later.clock.pass(400 * day)
  await gc(later, { unusedFor: day })
  assert.deepEqual(heldPaths(later), ['/files/a/a-1.0.0', '/index/a'])
})

test('leaves what is pinned, with the index that proves it', async () => {
  shelve('a', { '1.0.0': 'one', '1.1.0': 'two', '2.0.0': 'three' })
  shelve('b', { '1.0.0': 'four' })
  const at = await open({ policy: { expireAfter: 20 * day } })
  for (const path of ['/files/a/a-1.0.0', '/files/a/a-1.1.0', '/files/a/a-2.0.0', '/files/b/b-1.0.0'])
    await bring(at, path)
  at.clock.pass(40 * day)
  const where = { file: 'pkgmirror.yaml' }
  const pinned = [{ pattern: 'pkg:shelf/a@^1', where }]
  const plan = await gc(at, { unusedFor: day, maxSize: 1, pinned }, { dryRun: true })
  assert.equal(forShelf(plan)?.kept['keep.pinned']?.items, 3)
  await gc(at, { unusedFor: day, maxSize: 1, pinned })
  assert.deepEqual(heldPaths(at), ['/files/a/a-1.0.0', '/files/a/a-1.1.0', '/index/a'])
  assert.deepEqual(
    [await inStore(at, 'one'), await inStore(at, 'three'), await inStore(at, 'four')],
    [true, false, false],
  )
})

/** Many files of which one in three is used after `days`, so that little of it would go by a rule. */
async function manyUsed(days: number): Promise<TestMirror> {
  const at = await open()
  const names = Array.from({ length: 9 }, (_, index) => `m${index}`)
  for (const name of names) shelve(name, { '1.0.0': `content of ${name}` })
  for (const name of names) await bring(at, `/files/${name}/${name}-1.0.0`)
  at.clock.pass(days * day)
  at.mirror.catalog.refs.used(
    names
      .slice(3)
      .map((name) => ({ repo: 'shelf', path: `/files/${name}/${name}-1.0.0`, hits: 1, used: at.clock.now })),
  )
  return at
}

test('takes nothing for its age by a clock that has jumped ahead', async () => {
  const at = await manyUsed(10)
  const before = heldPaths(at)
  at.clock.pass(3650 * day)
  // somebody asked for most of it since the jump, so that less than half would go
  at.mirror.catalog.refs.used(
    before.slice(2).map((path) => ({ repo: 'shelf', path, hits: 1, used: at.clock.now - hour })),
  )
  const plan = await gc(at, { unusedFor: 30 * day }, { dryRun: true })
  assert.deepEqual([plan.guarded, plan.loss < 0.5, Math.round((plan.leap ?? 0) / day)], [true, true, 3660])
  await assert.rejects(gc(at, { unusedFor: 30 * day }, { force: false }), {
    code: 'DENIED',
    message: /nothing has happened here for 3660 days, and what would go is only too old/,
  })
  assert.deepEqual(heldPaths(at), before)
  at.clock.pass(-3650 * day)
  await gc(at, { unusedFor: 30 * day }, { force: false })
  assert.deepEqual(heldPaths(at), before, 'nor after it is right again')
})

test('goes by a clock that jumped once the grace has passed since', async () => {
  const at = await manyUsed(10)
  at.clock.pass(3650 * day)
  const run = at.mirror.catalog.runs.start('gc', at.clock.now)
  at.mirror.catalog.runs.end(run, at.clock.now, 5, {})
  at.clock.pass(day + hour)
  const plan = await gc(at, { unusedFor: 30 * day }, { dryRun: true })
  assert.equal(plan.leap, undefined)
})

test('takes nothing that it should not by a clock that was set back', async () => {
  const at = await manyUsed(10)
  const before = heldPaths(at)
  at.clock.pass(-3650 * day)
  await gc(at, { unusedFor: 1, maxAge: 1, grace: 0 }, { force: false })
  assert.deepEqual(heldPaths(at), before)
})
