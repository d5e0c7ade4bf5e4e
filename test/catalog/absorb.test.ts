// A copy of a catalog is changed and written back, while others write to the catalog itself.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { type Catalog, openCatalog } from '../../src/catalog/catalog.ts'
import type { Ref } from '../../src/catalog/rows.ts'
import { MirrorError } from '../../src/errors.ts'

const digest = (digit: string): string => digit.repeat(64)
const refOf = (at: string, sha: string, more: Partial<Ref> = {}): Ref => ({
  ...{ repo: 'r', path: at, variant: '', generation: 0, kind: 'artifact', sha256: digest(sha), size: 1, status: 200 },
  ...{ type: '', url: '', headers: {}, fetched: 1, checked: 1, modified: 1, name: undefined, version: undefined },
  ...{ proof: 'tls', proven: '', hits: 0, used: 0 },
  ...more,
})

interface Pair {
  readonly main: Catalog
  readonly copy: Catalog
  absorb(also?: () => void): void
}

function pair(t: TestContext, before: (main: Catalog) => void): Pair {
  const folder = mkdtempSync(path.join(tmpdir(), 'absorb-'))
  const main = openCatalog(path.join(folder, 'catalog.db'))
  before(main)
  const file = path.join(folder, 'copy.db')
  main.copies.copyTo(file)
  const copy = openCatalog(file)
  t.after(() => {
    main.close()
    rmSync(folder, { recursive: true })
  })
  return {
    main,
    copy,
    absorb(also = () => {}) {
      copy.close()
      main.copies.absorb(file, also)
    },
  }
}

function read(catalog: Catalog, scope: string, sha: string, paths: readonly string[]): void {
  const reading = catalog.facts.begin('r', scope, digest(sha), 1)
  catalog.facts.add(
    'r',
    reading,
    paths.map((at) => ({ path: at, digests: { sha256: digest(sha) } })),
  )
  catalog.facts.complete(reading)
}

const paths = (catalog: Catalog): readonly string[] =>
  [...catalog.refs.scan()].map((ref) => `${ref.path} ${ref.sha256?.[0]} ${ref.hits}`)

describe('what was changed in a copy', () => {
  it('is written back beside what others have written meanwhile', (t) => {
    const { main, copy, absorb } = pair(t, (catalog) => {
      for (const [at, sha] of [
        ['/same', '1'],
        ['/changed', '2'],
        ['/gone', '3'],
      ] as const)
        catalog.refs.put(refOf(at, sha))
      read(catalog, '/index', '1', ['/same'])
    })
    copy.refs.put(refOf('/changed', '4'))
    copy.refs.put(refOf('/new', '5'))
    copy.refs.put({ ...refOf('/absent', '6'), sha256: undefined, variant: '!' })
    copy.refs.drop(refOf('/gone', '3'))
    copy.blobs.put(digest('5'), 1, {}, 1)
    read(copy, '/list', '5', ['/a', '/b'])
    copy.facts.see('r', ['/new'], 7, true)
    copy.holds.put('bundles', 9, [{ repo: 'r', path: '/new' }])
    // meanwhile
    main.refs.used([{ repo: 'r', path: '/changed', hits: 3, used: 5 }])
    main.refs.put(refOf('/other', '7'))
    read(main, '/others', '7', ['/c'])
    absorb(() => main.bundles.take({ series: 's', number: 1, snapshot: 'x', header: digest('0'), key: 'K', taken: 1 }))
    assert.deepEqual(paths(main), ['/changed 4 3', '/new 5 0', '/other 7 0', '/same 1 0'])
    assert.deepEqual(
      ['/a', '/b', '/c', '/same'].map((at) => main.facts.of('r', at).map(({ scope, by }) => `${scope} ${by[0]}`)),
      [['/list 5'], ['/list 5'], ['/others 7'], ['/index 1']],
    )
    assert.deepEqual(main.facts.seen('r', '/new'), { first: 7, baseline: true })
    assert.deepEqual(main.holds.of('r', '/new'), ['bundles'])
    assert.equal(main.blobs.get(digest('5'))?.size, 1)
    assert.equal(main.bundles.taken()[0]?.number, 1)
  })

  it('brings its generations with numbers of their own', (t) => {
    const { main, copy, absorb } = pair(t, (catalog) => {
      const first = catalog.generations.make('r', '/set', 1)
      catalog.refs.put(refOf('/root', '1', { generation: first, kind: 'index' }))
      catalog.generations.flip(first, 1)
    })
    const second = copy.generations.make('r', '/set', 2)
    copy.refs.put(refOf('/root', '2', { generation: second, kind: 'index' }))
    copy.generations.flip(second, 2)
    copy.generations.remember('r', 'date', '2')
    // somebody else's new set takes the number
    assert.equal(main.generations.make('other', '/set', 2), second)
    absorb()
    const current = main.generations.current('r', '/set')
    assert.ok(current !== undefined && current.id !== second)
    assert.deepEqual(
      main.generations.of('r', '/set').map(({ state }) => state),
      ['current', 'previous'],
    )
    assert.deepEqual(
      main.refs.ofGeneration(current.id).map(({ sha256 }) => sha256),
      [digest('2')],
    )
    assert.equal(main.generations.recall('r', 'date'), '2')
  })

  it('is seen by the snapshots that come after it, and not by those before', (t) => {
    const { main, copy, absorb } = pair(t, (catalog) => {
      catalog.refs.put(refOf('/changed', '1'))
      catalog.snapshots.create({ name: 'before', time: 1 })
    })
    copy.refs.put(refOf('/changed', '2'))
    absorb(() => void main.snapshots.create({ name: 'after', time: 2 }))
    const seen = (name: string) =>
      [...main.snapshots.refs(main.snapshots.get(name)?.id ?? -1)].map(({ sha256 }) => sha256?.[0])
    assert.deepEqual([seen('before'), seen('after')], [['1'], ['2']])
  })

  it('is not written at all when others have changed the same set, or what a check remembers', (t) => {
    for (const meanwhile of [
      (main: Catalog) => void main.generations.make('r', '/set', 3),
      (main: Catalog) => main.generations.remember('r', 'date', '3'),
    ]) {
      const { main, copy, absorb } = pair(t, (catalog) => catalog.generations.remember('r', 'date', '1'))
      copy.generations.make('r', '/set', 2)
      copy.generations.remember('r', 'date', '2')
      copy.refs.put(refOf('/new', '2'))
      meanwhile(main)
      let called = false
      assert.throws(
        () =>
          absorb(() => {
            called = true
          }),
        (error) => error instanceof MirrorError && error.code === 'LOCKED',
      )
      assert.deepEqual([paths(main), called], [[], false])
    }
  })

  it('is not written at all when what goes with it fails', (t) => {
    const { main, copy, absorb } = pair(t, () => {})
    copy.refs.put(refOf('/new', '2'))
    assert.throws(() =>
      absorb(() => {
        throw new Error('full')
      }),
    )
    assert.deepEqual(paths(main), [])
  })

  it('may be many facts of many documents', (t) => {
    const { main, copy, absorb } = pair(t, () => {})
    for (let at = 0; at < 30; at += 1)
      read(
        copy,
        `/index${at}`,
        String(at % 10),
        Array.from({ length: 300 }, (_, n) => `/${at}/${n}`),
      )
    read(
      copy,
      '/large',
      'a',
      Array.from({ length: 9001 }, (_, n) => `/large/${n}`),
    )
    absorb()
    const large = main.facts.reading('r', '/large', digest('a'))
    assert.equal([...main.facts.ofReading('r', large ?? -1)].length, 9001)
    assert.equal(main.facts.of('r', '/29/299').length, 1)
  })
})
