import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import Database from 'better-sqlite3'
import { type Catalog, openCatalog } from '../../src/catalog/catalog.ts'
import { migrations } from '../../src/catalog/migrations.ts'
import type { Ref } from '../../src/catalog/rows.ts'
import { nameOf } from '../../src/catalog/snapshots.ts'
import { refOf } from '../suites/catalog.ts'

async function open(t: TestContext): Promise<{ readonly catalog: Catalog; readonly file: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'snapshots-'))
  const file = join(folder, 'catalog.db')
  const catalog = openCatalog(file)
  t.after(() => {
    catalog.close()
    return rm(folder, { recursive: true })
  })
  return { catalog, file }
}

const shown = (refs: Iterable<Ref>): readonly string[] => [...refs].map((ref) => `${ref.path}=${ref.sha256}`)
const snap = (catalog: Catalog, name: string): number => catalog.snapshots.create({ name, time: 1 }).id
const changes = (catalog: Catalog, before: number, after: number): readonly string[] =>
  [...catalog.snapshots.diff(before, after)].map(
    (one) => `${one.path} ${one.before?.sha256 ?? '-'} ${one.after?.sha256 ?? '-'}`,
  )

/** Rows that only snapshots need. */
function pastOf(file: string): number {
  const connection = new Database(file, { readonly: true })
  const { n } = connection.prepare<[], { n: number }>('SELECT count(*) AS n FROM past').get() ?? { n: -1 }
  connection.close()
  return n
}

test('a snapshot goes on showing what was changed, deleted and added since', async (t) => {
  const { catalog } = await open(t)
  catalog.refs.put(refOf({ path: '/a', sha256: 'a1' }))
  catalog.refs.put(refOf({ path: '/b', sha256: 'b1' }))
  const first = snap(catalog, 'first')
  catalog.refs.put(refOf({ path: '/a', sha256: 'a2' }))
  catalog.refs.drop(refOf({ path: '/b' }))
  catalog.refs.put(refOf({ path: '/c', sha256: 'c1' }))
  const second = snap(catalog, 'second')
  catalog.refs.put(refOf({ path: '/a', sha256: 'a3' }))
  catalog.refs.put(refOf({ path: '/a', sha256: 'a4' }))
  catalog.refs.put(refOf({ path: '/b', sha256: 'b2' }))
  const { snapshots } = catalog
  assert.deepEqual(shown(snapshots.refs(first)), ['/a=a1', '/b=b1'])
  assert.deepEqual(shown(snapshots.refs(second)), ['/a=a2', '/c=c1'])
  assert.deepEqual(shown(snapshots.refs(0)), ['/a=a4', '/b=b2', '/c=c1'])
  assert.deepEqual(changes(catalog, first, second), ['/a a1 a2', '/b b1 -', '/c - c1'])
  assert.deepEqual(changes(catalog, second, first), ['/a a2 a1', '/b - b1', '/c c1 -'])
  assert.deepEqual(changes(catalog, first, 0), ['/a a1 a4', '/b b1 b2', '/c - c1'])
  assert.deepEqual(changes(catalog, 0, second), ['/a a4 a2', '/b b2 -'])
  assert.deepEqual([changes(catalog, first, first), changes(catalog, 0, 0)], [[], []])
})

test('every query of a catalog that is opened at a snapshot sees that snapshot', async (t) => {
  const { catalog } = await open(t)
  const old = refOf({ path: '/a', sha256: 'a1', version: '1.0.0' })
  catalog.refs.put(old)
  const reading = catalog.facts.begin('r', '*0', 'i1', 1)
  catalog.facts.add('r', reading, [{ path: '/a', name: 'a', version: '1.0.0', published: 5 }])
  catalog.facts.complete(reading)
  catalog.refs.put(refOf({ path: '/index', kind: 'index', sha256: 'i1' }))
  const at = catalog.at(snap(catalog, 'first'))
  t.after(() => at.close())
  catalog.refs.put({ ...old, sha256: 'a2' })
  catalog.refs.put(refOf({ path: '/index', kind: 'index', sha256: 'i2' }))
  assert.deepEqual(at.refs.get('r', '/a', '', 0), old)
  assert.deepEqual(at.refs.variants('r', '/a'), [old])
  assert.deepEqual(at.refs.bySha256('a2'), [])
  assert.deepEqual(at.refs.bySha256('a1'), [old])
  assert.deepEqual(shown(at.refs.scan('r')), ['/a=a1', '/index=i1'])
  assert.deepEqual(shown(at.refs.byName('r', 'a')), ['/a=a1', '/index=i1'])
  assert.deepEqual(at.facts.heldOf('r', reading), ['/a'])
  assert.deepEqual([at.facts.clock('r', 'a', '1.0.0'), catalog.facts.clock('r', 'a', '1.0.0')], [{ published: 5 }, {}])
  assert.equal(at.totals.held()[0]?.files, 2)
})

test('nothing of a snapshot can be changed by who looks at it', async (t) => {
  const { catalog, file } = await open(t)
  const old = refOf()
  catalog.refs.put(old)
  const at = catalog.at(snap(catalog, 'first'))
  t.after(() => at.close())
  at.refs.put({ ...old, sha256: 'zz' })
  at.refs.used([{ repo: 'r', path: '/a', hits: 5, used: 5 }])
  at.refs.lack(refOf({ path: '/x', sha256: undefined }), 10)
  at.facts.see('r', ['/a'], 1, true)
  at.refs.drop(old)
  assert.deepEqual([catalog.refs.get('r', '/a', '', 0), at.refs.get('r', '/a', '', 0)], [old, old])
  assert.deepEqual([catalog.facts.seen('r', '/a'), pastOf(file)], [undefined, 0])
  assert.throws(() => at.generations.make('r', 'k', 1), { code: 'FAULT' })
  assert.throws(() => at.marks(), { code: 'FAULT' })
})

test('times, hits and header fields alone make no new content', async (t) => {
  const { catalog, file } = await open(t)
  const ref = refOf()
  catalog.refs.put(ref)
  const id = snap(catalog, 'first')
  catalog.refs.checked(ref, 99, { etag: '"2"' })
  catalog.refs.used([{ repo: 'r', path: '/a', hits: 3, used: 99 }])
  catalog.refs.put({ ...ref, fetched: 100, checked: 100, headers: { etag: '"3"' } })
  assert.deepEqual([pastOf(file), changes(catalog, id, 0)], [0, []])
  catalog.refs.put({ ...ref, proof: 'signature' })
  assert.deepEqual([pastOf(file), changes(catalog, id, 0)], [1, ['/a aa aa']])
})

test('what is remembered as absent is in no snapshot', async (t) => {
  const { catalog, file } = await open(t)
  const absent = refOf({ variant: '!', sha256: undefined })
  catalog.refs.put(absent)
  const id = snap(catalog, 'first')
  catalog.refs.drop(absent)
  assert.deepEqual([shown(catalog.snapshots.refs(id)), pastOf(file)], [[], 0])
})

test('of generations it has those that were current, with their refs, also when they are dropped', async (t) => {
  const { catalog } = await open(t)
  const { generations, refs } = catalog
  const make = (sha256: string): number => {
    const id = generations.make('r', 'suite', 1)
    refs.put(refOf({ path: '/root', generation: id, sha256 }))
    return id
  }
  const old = make('r1')
  generations.flip(old, 2)
  const unfinished = make('u1')
  const first = snap(catalog, 'first')
  const is = make('r2')
  generations.flip(is, 3)
  const second = snap(catalog, 'second')
  generations.drop(unfinished)
  generations.drop(old)
  assert.deepEqual(shown(catalog.snapshots.refs(first)), ['/root=r1'])
  assert.deepEqual(shown(catalog.snapshots.refs(second)), ['/root=r2'])
  assert.deepEqual(changes(catalog, first, second), ['/root r1 r2'])
  assert.deepEqual(catalog.snapshots.generations(first), [{ repo: 'r', key: 'suite', generation: old }])
  const at = catalog.at(first)
  t.after(() => at.close())
  const current = { id: old, repo: 'r', key: 'suite', state: 'current', made: 1, flipped: 2 }
  assert.deepEqual([at.generations.current('r', 'suite'), at.generations.all()], [current, [current]])
  assert.equal(at.generations.byId(is), undefined)
  assert.deepEqual(shown(at.refs.ofGeneration(old)), ['/root=r1'])
})

test('generations that carry a ref over unchanged do not differ by it', async (t) => {
  const { catalog } = await open(t)
  const { generations, refs } = catalog
  for (const [name, time] of [
    ['first', 1],
    ['second', 2],
  ] as const) {
    const id = generations.make('r', 'suite', time)
    refs.put(refOf({ path: '/list', generation: id, sha256: 'l' }))
    refs.put(refOf({ path: '/root', generation: id, sha256: `r${time}` }))
    generations.flip(id, time)
    snap(catalog, name)
  }
  assert.deepEqual(changes(catalog, 1, 2), ['/root r1 r2'])
})

test('dropping one releases what only it saw', async (t) => {
  const { catalog, file } = await open(t)
  const { snapshots, refs } = catalog
  refs.put(refOf({ sha256: 'a1' }))
  const first = snap(catalog, 'first')
  const second = snap(catalog, 'second')
  refs.put(refOf({ sha256: 'a2' }))
  const third = snap(catalog, 'third')
  refs.put(refOf({ sha256: 'a3' }))
  assert.equal(snapshots.hold('r', 'a1'), true)
  assert.equal(snapshots.drop(second), true)
  assert.equal(snapshots.release(), true)
  assert.deepEqual([pastOf(file), shown(snapshots.refs(first))], [2, ['/a=a1']])
  snapshots.drop(first)
  snapshots.release()
  assert.deepEqual([pastOf(file), snapshots.hold('r', 'a1'), shown(snapshots.refs(third))], [1, false, ['/a=a2']])
  snapshots.drop(third)
  snapshots.release()
  assert.deepEqual([pastOf(file), snapshots.list()], [0, []])
})

test('numbers are never given twice, so that a later one sees what was written after a dropped one', async (t) => {
  const { catalog } = await open(t)
  const first = snap(catalog, 'first')
  catalog.refs.put(refOf({ sha256: 'a1' }))
  catalog.snapshots.drop(first)
  const second = snap(catalog, 'second')
  assert.deepEqual([second > first, shown(catalog.snapshots.refs(second))], [true, ['/a=a1']])
})

test('what is released is let go of in steps', async (t) => {
  const { catalog, file } = await open(t)
  const put = (sha256: string): void =>
    catalog.atomically(() => {
      for (let n = 0; n < 1200; n += 1) catalog.refs.put(refOf({ path: `/${n}`, sha256 }))
    })
  put('a1')
  const id = snap(catalog, 'first')
  put('a2')
  assert.equal([...catalog.snapshots.diff(id, 0)].length, 1200)
  catalog.snapshots.drop(id)
  assert.deepEqual([catalog.snapshots.release(), pastOf(file)], [false, 700])
  while (!catalog.snapshots.release());
  assert.equal(pastOf(file), 0)
})

test('names are plain, and given once', async (t) => {
  const { catalog } = await open(t)
  const { snapshots } = catalog
  const bad = [
    '',
    '..',
    '../x',
    'a/b',
    '.a',
    'a..b',
    'a b',
    'ä',
    'a'.repeat(101),
    'a\n',
    '-rf',
    'a%2fb',
    'a\\b',
    'con\u0000',
  ]
  for (const name of bad) assert.throws(() => snap(catalog, name), { code: 'USAGE' }, JSON.stringify(name))
  assert.deepEqual(snapshots.list(), [])
  snap(catalog, 'v1.2_x-3')
  assert.throws(() => snap(catalog, 'v1.2_x-3'), { code: 'USAGE', message: /already/ })
  assert.equal(snapshots.create({ name: nameOf(Date.UTC(2026, 11, 1, 3, 30)), time: 1 }).name, '2026-12-01T03-30-00Z')
  assert.equal(snapshots.get('../x'), undefined)
})

test('a snapshot has what it was given, and another connection sees it at once', async (t) => {
  const { catalog, file } = await open(t)
  const made = catalog.snapshots.create({ name: 'first', time: 7, tags: ['release'], note: 'before', automatic: true })
  const other = openCatalog(file)
  t.after(() => other.close())
  assert.deepEqual(other.snapshots.get('first'), made)
  assert.deepEqual(made, { id: 1, name: 'first', made: 7, tags: ['release'], note: 'before', automatic: true })
})

test('the shown one is kept, and when what is shown was changed is known', async (t) => {
  const { catalog } = await open(t)
  const { snapshots } = catalog
  const id = snap(catalog, 'first')
  assert.deepEqual([snapshots.shown(), snapshots.turned()], [undefined, 0])
  snapshots.show(id, 50)
  assert.deepEqual([snapshots.shown()?.name, snapshots.turned(), snapshots.drop(id)], ['first', 50, false])
  snapshots.show(undefined, 60)
  assert.deepEqual([snapshots.shown(), snapshots.turned(), snapshots.drop(id)], [undefined, 60, true])
})

test('one that is interrupted is not there at all', async (t) => {
  const { catalog } = await open(t)
  assert.throws(() =>
    catalog.atomically(() => {
      snap(catalog, 'half')
      throw new Error('the power fails')
    }),
  )
  assert.deepEqual(catalog.snapshots.list(), [])
})

test('a catalog from before there were snapshots is taken over as it is', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'snapshots-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'catalog.db')
  const old = new Database(file)
  old.exec(migrations[0] ?? '')
  old.pragma('user_version = 1')
  old
    .prepare(
      `INSERT INTO ref VALUES ('r','/a','',0,'index','a1',1,200,'text/plain','','{}',1,1,1,NULL,NULL,'tls','',0,0)`,
    )
    .run()
  old.close()
  const catalog = openCatalog(file)
  t.after(() => catalog.close())
  const id = snap(catalog, 'first')
  catalog.refs.put(refOf({ sha256: 'a2' }))
  assert.deepEqual(shown(catalog.snapshots.refs(id)), ['/a=a1'])
})

test('views of a snapshot are apart from those of the newest state, and go with it', async (t) => {
  const { catalog } = await open(t)
  const id = snap(catalog, 'first')
  const at = catalog.at(id)
  t.after(() => at.close())
  const view = {
    ...{
      key: 'v',
      repo: 'r',
      path: '/a',
      type: 'text/plain',
      sha256: 'aa',
      size: 1,
      twins: {},
      headers: {},
      inputs: [],
    },
    ...{ until: Number.POSITIVE_INFINITY, modified: 10, used: 2 },
  }
  catalog.views.put(view)
  at.views.put({ ...view, key: 'w', modified: 20 })
  assert.equal(catalog.views.latest('r', '/a', 'text/plain')?.key, 'v')
  assert.equal(at.views.latest('r', '/a', 'text/plain')?.key, 'w')
  catalog.snapshots.drop(id)
  assert.deepEqual(
    catalog.views.all().map(({ key }) => key),
    ['v'],
  )
})
