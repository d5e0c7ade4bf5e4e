// What a run is told before it fetches anything: does the plan fit, does the selection grow too much? And what it reports.

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { type RunOptions, run, type Summary } from '../../src/commands/run.ts'
import type { KeepFree } from '../../src/config/types.ts'
import { item, mirrorOf, type TestMirror } from '../builders/mirror.ts'
import { json, type Script, text } from '../fakes/upstream.ts'

interface Shelf {
  readonly at: TestMirror
  readonly up: Awaited<ReturnType<typeof mirrorOf>>['up']
  /** Bytes that the disk has free, of a million. */
  free: number
  ran(
    wants: readonly string[],
    more?: Partial<RunOptions & { keepFree: KeepFree; maxGrowth: number }>,
  ): Promise<Summary>
}

/** Packages of one file each, of so many bytes; the index states the size unless it is told not to. */
function routesOf(sizes: Readonly<Record<string, number>>, stated = true): Record<string, Script> {
  const routes: Record<string, Script> = {}
  for (const [name, size] of Object.entries(sizes)) {
    const content = name.repeat(size / name.length)
    const { size: _, ...unsized } = item(`${name}.tgz`, content)
    routes[`/index/${name}`] = json({ files: [stated ? item(`${name}.tgz`, content) : unsized] }, { etag: true })
    routes[`/files/${name}/${name}.tgz`] = text(content)
  }
  return routes
}

async function shelf(t: TestContext, routes: Readonly<Record<string, Script>>, keepFree: KeepFree): Promise<Shelf> {
  const { up, at } = await mirrorOf(t, routes, {
    keepFree,
    store: (disk) => ({ ...disk, space: async () => ({ free: made.free, total: 1_000_000 }) }),
  })
  const made: Shelf = {
    at,
    up,
    free: 1_000_000,
    async ran(wants, { keepFree: kept = keepFree, maxGrowth = Number.POSITIVE_INFINITY, ...more } = {}) {
      at.clock.pass(1)
      const context = {
        settings: { keepFree: kept, maxGrowth, origins: {} },
        signal: new AbortController().signal,
      } as unknown as Parameters<typeof run>[0]
      const workspace = {
        ...{ mirror: at.mirror, events: at.mirror.events, cleaned: { files: 0, bytes: 0 } },
        places: { catalog: '', store: '' },
      }
      return run(context, workspace as unknown as Parameters<typeof run>[1], {
        command: 'sync',
        holder: 'manifest.yaml',
        dryRun: false,
        wants: new Map([['shelf', wants.map((name) => ({ name, from: { file: 'manifest.yaml' } }))]]),
        ...more,
      })
    },
  }
  return made
}

const codes = ({ faults }: Summary): readonly string[] => faults.map(({ error }) => error.code)
const files = ({ up }: Shelf): number => up.requests.filter(({ path }) => path.startsWith('/files')).length

describe('room on the disk', () => {
  test('a plan that does not fit is refused before any file is fetched, with the numbers and the way out', async (t) => {
    const at = await shelf(t, routesOf({ a: 1000, b: 200_000 }), { share: 0.05 })
    at.free = 240_000
    const summary = await at.ran(['a', 'b'])
    assert.deepEqual([summary.code, summary.refused, codes(summary)], [1, true, ['DISK_FULL']])
    const { message, hint } = summary.faults[0]?.error ?? assert.fail()
    assert.match(message, /2 files to fetch take 201 kB: .* are free and .* are to stay free, so .* may be written/)
    assert.match(hint, /gc --dry-run.*sync --dry-run.*keep_free/)
    assert.equal(files(at), 0)
  })

  test('what fits is fetched, and what is held needs no room', async (t) => {
    const at = await shelf(t, routesOf({ a: 1000, b: 200_000 }), { bytes: 30_000 })
    at.free = 240_000
    assert.deepEqual(codes(await at.ran(['a', 'b'])), [])
    at.free = 0
    assert.deepEqual(codes(await at.ran(['a', 'b'])), [], 'a sync without news on a full disk')
  })

  test('a dry run ends as the run would', async (t) => {
    const at = await shelf(t, routesOf({ b: 200_000 }), { bytes: 900_000 })
    const summary = await at.ran(['b'], { dryRun: true })
    assert.deepEqual([summary.code, summary.refused, summary.repositories.shelf?.planned], [1, true, 1])
  })

  test('a size that nothing states is guessed, and told to be', async (t) => {
    const at = await shelf(t, routesOf({ a: 1000, b: 1000 }, false), { bytes: 900_000 })
    const summary = await at.ran(['a', 'b'])
    assert.match(summary.faults[0]?.error.message ?? '', /2 files .* of 2 of them by guess, .*: 131 kB/)
  })

  test('a run whose guess was wrong stops before it takes what is to stay free', async (t) => {
    const at = await shelf(t, routesOf({ a: 1000, b: 1000 }, false), { bytes: 1000 })
    const planned = async (): Promise<void> => {
      at.free = 999
    }
    const { codes: found } = await at.at.sync(['a', 'b'], { planned })
    assert.deepEqual([...new Set(found)], ['DISK_FULL'])
    assert.equal(files(at), 0)
  })
})

describe('growth', () => {
  test('a first run may grow as it likes, a later one not beyond what is allowed', async (t) => {
    const at = await shelf(t, routesOf({ a: 1000, b: 1000, c: 1000, d: 1000 }), { bytes: 0 })
    assert.deepEqual(codes(await at.ran(['a', 'b'], { maxGrowth: 0.2 })), [])
    const before = files(at)
    const refused = await at.ran(['a', 'b', 'c', 'd'], { maxGrowth: 0.2 })
    assert.deepEqual([refused.code, refused.refused, codes(refused)], [5, true, ['GROWTH']])
    assert.match(
      refused.faults[0]?.error.message ?? '',
      /manifest\.yaml holds beside indexes, 2 files \(2\.0 kB\), would grow by 100 %, and 20 % are allowed: shelf 2 files/,
    )
    assert.equal(files(at), before, 'nothing was fetched')
    assert.deepEqual(refused.growth.after, refused.growth.before, 'and nothing is held by it')
    assert.ok(at.at.mirror.catalog.holds.of('shelf', '/files/a/a.tgz').length > 0, 'and nothing is let go of')
    assert.deepEqual(codes(await at.ran(['a', 'b', 'c', 'd'], { maxGrowth: 2 })), [])
  })

  test('is told, before and after', async (t) => {
    const at = await shelf(t, routesOf({ a: 1000, b: 2000 }), { bytes: 0 })
    const first = await at.ran(['a'])
    assert.deepEqual(first.growth.before, { packages: 0, files: 0, bytes: 0 })
    const second = await at.ran(['a', 'b'])
    assert.deepEqual(second.growth.before, first.growth.after)
    assert.equal(second.growth.after.packages, 2)
    assert.equal(second.growth.after.files - second.growth.before.files, 2)
  })
})

describe('drift', () => {
  test('what vanished upstream is told once', async (t) => {
    const two = (names: readonly string[]) => json({ files: names.map((name) => item(name, name)) })
    const at = await shelf(t, { '/index/a': two(['a-1', 'a-2']) }, { bytes: 0 })
    for (const name of ['a-1', 'a-2']) at.up.set(`/files/a/${name}`, text(name))
    assert.equal((await at.ran(['a'])).drift.vanished.count, 0)
    at.up.set('/index/a', two(['a-2']))
    const { vanished } = (await at.ran(['a'])).drift
    assert.deepEqual(vanished, {
      count: 1,
      items: [{ repo: 'shelf', path: '/files/a/a-1', name: 'a', version: '1.0.0' }],
    })
    at.up.set('/index/a', two(['a-2', 'a-3']))
    at.up.set('/files/a/a-3', text('a-3'))
    assert.equal((await at.ran(['a'])).drift.vanished.count, 0)
  })

  test('what the manifest wants no more has not vanished', async (t) => {
    const at = await shelf(t, routesOf({ a: 1000, b: 1000 }), { bytes: 0 })
    await at.ran(['a'])
    assert.equal((await at.ran(['b'])).drift.vanished.count, 0)
  })
})
