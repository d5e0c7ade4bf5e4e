// What every catalog must do, whatever database is behind it.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Catalog } from '../../src/catalog/catalog.ts'
import type { Ref, ViewRow } from '../../src/catalog/rows.ts'

export interface CatalogUnderTest {
  readonly catalog: Catalog
  /** Another connection to the same catalog, as another process would have. */
  connect(): Catalog
  remove(): Promise<void>
}

export const refOf = (more: Partial<Ref> = {}): Ref => ({
  repo: 'r',
  path: '/a',
  variant: '',
  generation: 0,
  kind: 'artifact',
  sha256: 'aa',
  size: 1,
  status: 200,
  type: 'text/plain',
  url: 'https://registry.example.org/a',
  headers: { etag: '"1"' },
  fetched: 1,
  checked: 2,
  modified: 3,
  name: 'a',
  version: '1.0.0',
  proof: 'digest',
  proven: 'digest stated by /index',
  hits: 0,
  used: 0,
  ...more,
})

const viewOf = (more: Partial<ViewRow> = {}): ViewRow => ({
  key: 'k',
  repo: 'r',
  path: '/a',
  type: 'text/plain',
  sha256: 'aa',
  size: 1,
  twins: {},
  headers: { vary: 'Accept' },
  inputs: [['/a', 'aa']],
  until: Number.POSITIVE_INFINITY,
  modified: 1,
  used: 2,
  ...more,
})

const paths = (refs: Iterable<Ref>): readonly string[] => [...refs].map((ref) => `${ref.repo}${ref.path}`)
const number = (n: number): string => String(n).padStart(6, '0')

export function catalogSuite(name: string, open: () => Promise<CatalogUnderTest>): void {
  describe(name, () => {
    let at: CatalogUnderTest
    let catalog: Catalog
    before(async () => {
      at = await open()
      catalog = at.catalog
    })
    after(async () => {
      catalog.close()
      await at.remove()
    })
    /** Repositories of one test's own, so that the tests do not see each other. */
    let count = 0
    const own = (): string => `repo-${number(count++)}`

    describe('refs', () => {
      test('come back as they were put, with and without bytes', () => {
        const { refs } = catalog
        const full = refOf({ repo: own() })
        const bare = refOf({
          repo: own(),
          sha256: undefined,
          name: undefined,
          version: undefined,
          headers: {},
          status: 404,
        })
        for (const ref of [full, bare]) {
          refs.put(ref)
          assert.deepEqual(refs.get(ref.repo, ref.path, '', 0), ref)
        }
        assert.equal(refs.get(full.repo, '/b', '', 0), undefined)
        assert.equal(refs.get(full.repo, '/a', '?page=1', 0), undefined)
        assert.equal(refs.get(full.repo, '/a', '', 1), undefined)
      })
      test('put again are replaced, but for their hits', () => {
        const { refs } = catalog
        const repo = own()
        refs.put(refOf({ repo, variant: '?x' }))
        refs.put(refOf({ repo }))
        refs.used([
          { repo, path: '/a', hits: 2, used: 50 },
          { repo, path: '/a', hits: 1, used: 40 },
          { repo, path: '/nothing', hits: 1, used: 1 },
        ])
        refs.put(refOf({ repo, sha256: 'bb', checked: 9 }))
        const ref = refs.get(repo, '/a', '', 0)
        assert.deepEqual([ref?.sha256, ref?.checked, ref?.hits, ref?.used], ['bb', 9, 3, 50])
        assert.equal([...refs.scan(repo)].length, 2)
      })
      test('are renewed and dropped one by one', () => {
        const { refs } = catalog
        const [one, two] = [refOf({ repo: own() }), refOf({ repo: own() })]
        for (const ref of [one, two]) refs.put(ref)
        refs.checked(one, 77)
        assert.deepEqual(refs.get(one.repo, '/a', '', 0), { ...one, checked: 77 })
        refs.checked(one, 78, { etag: '"2"' })
        assert.deepEqual(refs.get(one.repo, '/a', '', 0)?.headers, { etag: '"2"' })
        refs.drop(one)
        assert.equal(refs.get(one.repo, '/a', '', 0), undefined)
        assert.deepEqual(refs.get(two.repo, '/a', '', 0), two)
      })
      test('are found by bytes, name and generation', () => {
        const { refs } = catalog
        const repo = own()
        refs.put(refOf({ repo, path: '/b', sha256: `${repo}b`, generation: 7001 }))
        refs.put(refOf({ repo, path: '/a', sha256: `${repo}b`, name: 'other' }))
        refs.put(refOf({ repo, path: '/c', sha256: undefined, generation: 7001 }))
        assert.deepEqual(paths(refs.bySha256(`${repo}b`)).toSorted(), [`${repo}/a`, `${repo}/b`])
        assert.deepEqual(paths(refs.byName(repo, 'a')), [`${repo}/b`, `${repo}/c`])
        assert.deepEqual(paths(refs.ofGeneration(7001)), [`${repo}/b`, `${repo}/c`])
      })
      test('are scanned in order, over many pages, while others are written and dropped', () => {
        const { refs } = catalog
        const [first, repo, last] = [own(), own(), own()]
        refs.put(refOf({ repo: first, path: '/z' }))
        refs.put(refOf({ repo: last, path: '/a' }))
        catalog.atomically(() => {
          for (let n = 0; n < 1700; n += 1) refs.put(refOf({ repo, path: `/${number(n)}`, generation: n % 3 }))
        })
        const seen: string[] = []
        for (const ref of refs.scan(repo)) {
          seen.push(ref.path)
          if (seen.length === 10) refs.put(refOf({ repo, path: '/000000a' }))
          if (seen.length === 20) refs.drop(refOf({ repo, path: `/${number(1500)}`, generation: 0 }))
          if (seen.length === 30) refs.put(refOf({ repo, path: '/999999' }))
        }
        assert.equal(seen.length, 1700)
        assert.deepEqual(seen, [...new Set(seen)].sort())
        assert.ok(seen.includes('/999999') && !seen.includes(`/${number(1500)}`))
        const all = paths(refs.scan())
        assert.ok(all.indexOf(`${first}/z`) < all.indexOf(`${repo}/000000`))
        assert.ok(all.indexOf(`${last}/a`) > all.indexOf(`${repo}/999999`))
        assert.deepEqual([...refs.scan('nothing')], [])
      })
      test('that lack are kept up to a number, the newest', () => {
        const { refs } = catalog
        const repo = own()
        refs.put(refOf({ repo, path: '/held' }))
        for (let n = 0; n < 1000; n += 1)
          refs.lack(refOf({ repo, path: `/${number(n)}`, sha256: undefined, checked: n }), 100)
        const kept = [...refs.scan(repo)]
        assert.ok(kept.length > 100 && kept.length < 300, `${kept.length}`)
        assert.ok(kept.some((ref) => ref.path === `/${number(999)}`))
        assert.ok(kept.some((ref) => ref.path === '/held'))
      })
      test('are counted by repository, each blob once', () => {
        const repo = own()
        catalog.blobs.put(`${repo}x`, 10, {}, 1)
        for (const path of ['/a', '/b']) catalog.refs.put(refOf({ repo, path, sha256: `${repo}x`, fetched: 5 }))
        catalog.refs.put(refOf({ repo, path: '/c', sha256: undefined }))
        catalog.refs.used([{ repo, path: '/a', hits: 4, used: 1 }])
        const totals = catalog.refs.totals().find((one) => one.repo === repo)
        assert.deepEqual(totals, { repo, refs: 2, artifacts: 2, bytes: 10, hits: 4, fetched: 5 })
      })
    })

    describe('blobs', () => {
      test('gather their digests', () => {
        const { blobs } = catalog
        blobs.put('b1', 5, { sha512: 'x' }, 1)
        blobs.put('b1', 5, { md5: 'y' }, 2)
        assert.deepEqual(blobs.get('b1'), {
          sha256: 'b1',
          size: 5,
          digests: { sha512: 'x', md5: 'y', sha256: 'b1' },
          added: 2,
        })
        blobs.drop('b1')
        assert.equal(blobs.get('b1'), undefined)
      })
      test('are scanned in pages', () => {
        catalog.atomically(() => {
          for (let n = 0; n < 1200; n += 1) catalog.blobs.put(`page-${number(n)}`, 1, {}, 1)
        })
        const scanned = [...catalog.blobs.scan()]
          .map((blob) => blob.sha256)
          .filter((sha256) => sha256.startsWith('page-'))
        assert.equal(scanned.length, 1200)
        assert.equal(new Set(scanned).size, 1200)
      })
    })

    describe('facts', () => {
      const entry = {
        path: '/f/a',
        name: 'a',
        version: '1',
        digests: { sha256: 'x' },
        size: 3,
        url: '/u',
        published: 9,
        data: { deep: [1] },
      }
      test('come back as they were stated, once their reading is complete', () => {
        const { facts } = catalog
        const repo = own()
        const reading = facts.begin(repo, '/i', 's1', 1)
        facts.add(repo, reading, [entry, { path: '/f/bare' }])
        assert.equal(facts.reading(repo, '/i', 's1'), undefined)
        assert.deepEqual(facts.of(repo, '/f/a'), [])
        assert.deepEqual(facts.byName(repo, 'a'), [])
        assert.equal(facts.hasReadings(repo, '/i'), false)
        facts.complete(reading)
        assert.equal(facts.reading(repo, '/i', 's1'), reading)
        assert.deepEqual(facts.of(repo, '/f/a'), [{ reading, scope: '/i', by: 's1', entry }])
        assert.deepEqual(facts.of(repo, '/f/bare')[0]?.entry, { path: '/f/bare' })
        assert.deepEqual(
          facts.byName(repo, 'a').map((fact) => fact.entry.path),
          ['/f/a'],
        )
        assert.equal([...facts.ofReading(repo, reading)].length, 2)
        assert.equal(facts.hasReadings(repo, '/i'), true)
        assert.equal(facts.hasReadings(repo, '/j'), false)
        assert.deepEqual(facts.of('other', '/f/a'), [])
      })
      test('of a reading that was cut off are dropped when it begins again', () => {
        const { facts } = catalog
        const repo = own()
        facts.add(repo, facts.begin(repo, '/i', 's', 1), [{ path: '/old' }])
        const again = facts.begin(repo, '/i', 's', 2)
        facts.add(repo, again, [{ path: '/new' }])
        facts.complete(again)
        assert.deepEqual(facts.of(repo, '/old'), [])
        assert.equal(facts.of(repo, '/new').length, 1)
      })
      test('of a dropped reading are gone, those of others stay', () => {
        const { facts } = catalog
        const repo = own()
        const [one, two] = ['s1', 's2'].map((sha256) => {
          const reading = facts.begin(repo, '/i', sha256, 1)
          facts.add(repo, reading, [entry])
          facts.complete(reading)
          return reading
        }) as [number, number]
        facts.drop(one)
        assert.deepEqual(
          facts.of(repo, '/f/a').map((fact) => fact.reading),
          [two],
        )
        assert.equal(facts.reading(repo, '/i', 's1'), undefined)
      })
      test('that name one path twice count once; the first stays', () => {
        const { facts } = catalog
        const repo = own()
        const reading = facts.begin(repo, '/i', 's', 1)
        facts.add(repo, reading, [
          { path: '/x', version: '1' },
          { path: '/x', version: '2' },
        ])
        facts.complete(reading)
        assert.deepEqual(
          facts.of(repo, '/x').map((fact) => fact.entry.version),
          ['1'],
        )
      })
      test('a time that cannot be read is one that never comes', () => {
        const { facts } = catalog
        const repo = own()
        const reading = facts.begin(repo, '/i', 's', 1)
        facts.add(repo, reading, [
          { path: '/nan', published: Number.NaN },
          { path: '/endless', published: Number.POSITIVE_INFINITY },
        ])
        facts.complete(reading)
        for (const path of ['/nan', '/endless'])
          assert.equal(facts.of(repo, path)[0]?.entry.published, Number.MAX_SAFE_INTEGER)
      })
      test('of one reading are paged in order, while others are written', () => {
        const { facts } = catalog
        const repo = own()
        const reading = facts.begin(repo, '/i', 's', 1)
        const many = Array.from({ length: 2500 }, (_, n) => ({ path: `/${number(n)}` }))
        facts.add(repo, reading, many.toReversed())
        facts.complete(reading)
        const seen: string[] = []
        for (const fact of facts.ofReading(repo, reading)) {
          seen.push(fact.entry.path)
          if (seen.length % 500 === 0)
            facts.add(repo, facts.begin(repo, '/other', String(seen.length), 1), [{ path: '/0' }])
        }
        assert.deepEqual(
          seen,
          many.map((one) => one.path),
        )
      })
      test('know what is held and since when it was seen', () => {
        const { facts } = catalog
        const repo = own()
        const reading = facts.begin(repo, '/i', 's', 1)
        facts.add(repo, reading, [{ path: '/held' }, { path: '/lacking' }, { path: '/not' }])
        facts.complete(reading)
        catalog.refs.put(refOf({ repo, path: '/held' }))
        catalog.refs.put(refOf({ repo, path: '/lacking', sha256: undefined }))
        assert.deepEqual(facts.heldOf(repo, reading), ['/held'])
        facts.see(repo, ['/held', '/not'], 5, true)
        facts.see(repo, ['/held', '/later'], 9, false)
        assert.deepEqual(facts.seen(repo, '/held'), { first: 5, baseline: true })
        assert.deepEqual(facts.seen(repo, '/later'), { first: 9, baseline: false })
        assert.equal(facts.seen(repo, '/never'), undefined)
        assert.deepEqual(
          [...facts.seenOf(repo, reading)],
          [
            ['/held', { first: 5, baseline: true }],
            ['/not', { first: 5, baseline: true }],
          ],
        )
      })
      test('their readings are listed', () => {
        const repo = own()
        const id = catalog.facts.begin(repo, '/i', 's', 4)
        assert.deepEqual(
          catalog.facts.readings().filter((one) => one.repo === repo),
          [{ id, repo, scope: '/i', sha256: 's', made: 4 }],
        )
      })
    })

    describe('generations', () => {
      test('flip in one step: what was current is previous, what waited before it is gone', () => {
        const { generations, refs } = catalog
        const repo = own()
        const [one, two, three, four] = [1, 2, 3, 4].map((time) => generations.make(repo, 'k', time)) as [
          number,
          number,
          number,
          number,
        ]
        assert.equal(generations.current(repo, 'k'), undefined)
        generations.flip(one, 10)
        generations.mark(two, 'waiting')
        refs.put(refOf({ repo, generation: two }))
        generations.mark(four, 'waiting')
        generations.flip(three, 20)
        const states = generations.of(repo, 'k').map(({ id, state, flipped }) => [id, state, flipped])
        assert.deepEqual(states, [
          [four, 'waiting', undefined],
          [three, 'current', 20],
          [one, 'previous', 20],
        ])
        assert.deepEqual(refs.ofGeneration(two), [])
        assert.equal(generations.current(repo, 'k')?.id, three)
        assert.deepEqual(generations.byId(one), { id: one, repo, key: 'k', state: 'previous', made: 1, flipped: 20 })
        assert.equal(generations.byId(two), undefined)
        assert.deepEqual(generations.all().filter((each) => each.repo === repo).length, 3)
      })
      test('of another key or repository are left alone', () => {
        const { generations } = catalog
        const [repo, other] = [own(), own()]
        const [a, b, c] = [
          generations.make(repo, 'a', 1),
          generations.make(repo, 'b', 1),
          generations.make(other, 'a', 1),
        ]
        for (const id of [a, b, c]) generations.flip(id, 2)
        assert.deepEqual(
          [a, b, c].map((id) => generations.byId(id)?.state),
          ['current', 'current', 'current'],
        )
      })
      test('rolled back to show no older dates than clients have seen', () => {
        const { generations, refs } = catalog
        const repo = own()
        const [one, two] = [generations.make(repo, 'k', 1), generations.make(repo, 'k', 2)]
        refs.put(refOf({ repo, kind: 'index', generation: one, modified: 1000 }))
        refs.put(refOf({ repo, kind: 'index', generation: two, modified: 2000 }))
        generations.flip(one, 1000)
        generations.flip(two, 2000)
        assert.equal(refs.get(repo, '/a', '', two)?.modified, 2000)
        generations.flip(one, 5000)
        assert.equal(refs.get(repo, '/a', '', one)?.modified, 5000)
      })
      test('are dropped with their refs', () => {
        const { generations, refs } = catalog
        const repo = own()
        const id = generations.make(repo, 'k', 1)
        refs.put(refOf({ repo, generation: id }))
        generations.drop(id)
        assert.equal(generations.byId(id), undefined)
        assert.deepEqual([...refs.scan(repo)], [])
      })
      test('remember what checks have seen', () => {
        const { generations } = catalog
        const repo = own()
        assert.equal(generations.recall(repo, 'date'), undefined)
        generations.remember(repo, 'date', '1')
        generations.remember(repo, 'date', '2')
        assert.equal(generations.recall(repo, 'date'), '2')
        assert.equal(generations.recall('other', 'date'), undefined)
      })
    })

    describe('views', () => {
      test('come back as they were put, endless or not, there or not', () => {
        const { views } = catalog
        for (const view of [
          viewOf({ key: 'v1' }),
          viewOf({ key: 'v2', until: 5, sha256: undefined, twins: { gzip: { sha256: 'z', size: 2 } } }),
        ]) {
          views.put(view)
          assert.deepEqual(views.get(view.key), view)
        }
        views.put(viewOf({ key: 'v1', size: 9 }))
        assert.equal(views.get('v1')?.size, 9)
        assert.ok(views.all().some((view) => view.key === 'v2'))
        views.drop('v1')
        assert.equal(views.get('v1'), undefined)
      })
      test('the newest of a path and type is found', () => {
        const { views } = catalog
        const repo = own()
        views.put(viewOf({ key: `${repo}1`, repo, modified: 10 }))
        views.put(viewOf({ key: `${repo}2`, repo, modified: 20 }))
        views.put(viewOf({ key: `${repo}3`, repo, modified: 30, type: 'text/html' }))
        assert.equal(views.latest(repo, '/a', 'text/plain')?.key, `${repo}2`)
        assert.equal(views.latest(repo, '/b', 'text/plain'), undefined)
      })
    })

    test('holds are of a holder and a run', () => {
      const { holds } = catalog
      const repo = own()
      holds.put('one.yaml', 1, [
        { repo, path: '/a' },
        { repo, path: '/b' },
      ])
      holds.put('two.yaml', 2, [{ repo, path: '/a' }])
      holds.put('one.yaml', 3, [{ repo, path: '/a' }])
      assert.deepEqual(holds.of(repo, '/a'), ['one.yaml', 'two.yaml'])
      assert.equal(holds.settle('one.yaml', 3), 1)
      assert.deepEqual(holds.of(repo, '/b'), [])
      assert.deepEqual(holds.holders(), [
        { holder: 'one.yaml', paths: 1, run: 3 },
        { holder: 'two.yaml', paths: 1, run: 2 },
      ])
    })

    test('runs are listed, the newest first, ended or not', () => {
      const { runs } = catalog
      const [one, two] = [runs.start('sync a', 1), runs.start('sync b', 2)]
      runs.end(one, 9, 3, { items: 4 })
      assert.deepEqual(runs.list(2), [
        { id: two, command: 'sync b', started: 2, ended: undefined, code: undefined, summary: undefined },
        { id: one, command: 'sync a', started: 1, ended: 9, code: 3, summary: { items: 4 } },
      ])
      assert.equal(runs.list(1).length, 1)
    })

    test('repositories are recorded by name, the last record counts', () => {
      const { repositories } = catalog
      repositories.record({ name: 'npm', ecosystem: 'npm', settings: { a: 1 }, recorded: 1 })
      repositories.record({ name: 'npm', ecosystem: 'npm', settings: { a: 2 }, recorded: 2 })
      assert.deepEqual(repositories.list(), [{ name: 'npm', ecosystem: 'npm', settings: { a: 2 }, recorded: 2 }])
    })

    test('a transaction that fails leaves nothing', () => {
      const repo = own()
      assert.throws(
        () =>
          catalog.atomically(() => {
            catalog.refs.put(refOf({ repo }))
            catalog.holds.put(repo, 1, [{ repo, path: '/a' }])
            throw new Error('broken')
          }),
        /broken/,
      )
      assert.deepEqual([...catalog.refs.scan(repo)], [])
      assert.deepEqual(catalog.holds.of(repo, '/a'), [])
    })

    describe('two connections', () => {
      test('see what the other has written, and that it has', () => {
        const other = at.connect()
        const repo = own()
        const epochs = [catalog.epoch(), other.epoch()]
        assert.deepEqual([catalog.epoch(), other.epoch()], epochs)
        other.refs.put(refOf({ repo }))
        assert.deepEqual(paths(catalog.refs.scan(repo)), [`${repo}/a`])
        assert.notEqual(catalog.epoch(), epochs[0])
        const mine = catalog.epoch()
        catalog.touch()
        assert.notEqual(catalog.epoch(), mine)
        other.close()
      })
      test('one reads in pages what the other writes meanwhile', () => {
        const other = at.connect()
        const repo = own()
        catalog.atomically(() => {
          for (let n = 0; n < 1500; n += 1) catalog.refs.put(refOf({ repo, path: `/${number(n)}` }))
        })
        let seen = 0
        for (const ref of other.refs.scan(repo)) {
          if (seen % 100 === 0) catalog.refs.put({ ...ref, size: 99 })
          seen += 1
        }
        assert.equal(seen, 1500)
        other.close()
      })
      test('a reader does not wait for a writer, and sees a whole state', () => {
        const other = at.connect()
        const repo = own()
        catalog.atomically(() => {
          catalog.refs.put(refOf({ repo, path: '/1' }))
          assert.deepEqual([...other.refs.scan(repo)], [])
          catalog.refs.put(refOf({ repo, path: '/2' }))
        })
        assert.equal([...other.refs.scan(repo)].length, 2)
        other.close()
      })
    })
  })
}
