// Snapshots: making one of a large catalog, what they cost each write, and what changed between two of 100,000 refs each.

import path from 'node:path'
import { type Catalog, openCatalog } from '../src/catalog/catalog.ts'
import type { Ref } from '../src/catalog/rows.ts'
import { report } from './figures.ts'
import { type Bench, place } from './shipped.ts'

const ROUNDS = 3
const BATCH = 1000

function refOf(number: number, content = 0): Ref {
  const name = `parcel-${number >> 4}`
  const version = `1.${number & 15}.${content}`
  const file = `/${name}/-/${name}-${version}.tgz`
  return {
    ...{ repo: 'npm', path: file, variant: '', generation: 0, kind: 'artifact' },
    ...{ sha256: `${number.toString(16)}-${content}`.padStart(64, '0'), size: 20_000, status: 200 },
    ...{ type: 'application/octet-stream', url: `http://127.0.0.1:1${file}`, headers: { etag: `"${number}"` } },
    ...{ fetched: 1.7e12, checked: 1.7e12, modified: 1.7e12, name, version, proof: 'digest' },
    ...{ proven: `digest in /${name}`, hits: 0, used: 0 },
  }
}

const timed = (work: () => void): number => {
  const started = performance.now()
  work()
  return performance.now() - started
}

export async function snapshots(bench: Bench): Promise<void> {
  const put = (catalog: Catalog, refs: Iterable<Ref>): void => {
    let page: Ref[] = []
    const write = (): void => catalog.atomically(() => page.forEach((ref) => void catalog.refs.put(ref)))
    for (const ref of refs) {
      page.push(ref)
      if (page.length < BATCH) continue
      write()
      page = []
    }
    write()
  }
  function* some(from: number, to: number, content = 0): Generator<Ref> {
    for (let number = from; number < to; number += 1) yield refOf(number, content)
  }

  await creation(bench, openCatalog, put, some)
  await difference(bench, openCatalog, put, some)
}

type Open = (file: string) => Catalog
type Put = (catalog: Catalog, refs: Iterable<Ref>) => void
type Some = (from: number, to: number, content?: number) => Generator<Ref>

async function creation(bench: Bench, open: Open, put: Put, some: Some): Promise<void> {
  const count = bench.full ? 1_000_000 : 100_000
  const large = open(path.join(place(bench, 'snapshots', {}).data, 'catalog.db'))
  put(large, some(0, count))
  const each = Math.floor(count / 20)
  const all = count.toLocaleString('en')
  let written = 0
  /** The same paths with other bytes. */
  const write = (from: number): void => {
    written += 1
    put(large, replaced(some(from, from + each), `w${written}-`))
  }
  await report({
    title: `snapshot: making one of ${all} refs; and writing ${each.toLocaleString('en')} of them anew, which one sees or not`,
    unit: 'ms',
    rounds: ROUNDS,
    contenders: [
      {
        name: 'write that none sees',
        async turn() {
          write(0)
          return { value: timed(() => write(0)) }
        },
      },
      {
        name: 'write that one sees',
        async turn(round) {
          write(each)
          large.snapshots.create({ name: `seen-${round}`, time: round })
          return { value: timed(() => write(each)) }
        },
      },
      {
        name: 'make one',
        turn: async (round) => ({
          value: timed(() => void large.snapshots.create({ name: `made-${round}`, time: round })),
        }),
      },
    ],
  })
  large.close()
}

function* replaced(refs: Iterable<Ref>, by: string): Generator<Ref> {
  for (const ref of refs) yield { ...ref, sha256: `${by}${(ref.sha256 ?? '').slice(by.length)}` }
}

async function difference(bench: Bench, open: Open, put: Put, some: Some): Promise<void> {
  const count = 100_000
  const mirror = place(bench, 'snapshot-diff', { npm: { ecosystem: 'npm', upstream: 'http://127.0.0.1:1' } })
  const catalog = open(path.join(mirror.data, 'catalog.db'))
  put(catalog, some(0, count))
  catalog.snapshots.create({ name: 'before', time: 1 })
  // a tenth of the packages rises
  catalog.atomically(() => {
    for (const ref of some(0, count / 10)) catalog.refs.drop(ref)
  })
  put(catalog, some(0, count / 10, 1))
  catalog.snapshots.create({ name: 'after', time: 2 })
  catalog.close()
  const words = (...names: readonly string[]): readonly string[] => ['snapshot', ...names]
  await report({
    title: `snapshot diff: two of ${count.toLocaleString('en')} refs, a tenth of them other, from start to exit`,
    unit: 'ms',
    rounds: ROUNDS,
    contenders: [
      { name: 'list', words: words('list') },
      { name: 'diff', words: words('diff', 'before', 'after', '--json') },
      { name: 'diff with the newest state', words: words('diff', 'before', '--json') },
    ].map(({ name, words: asked }) => ({
      name,
      async turn() {
        const { milliseconds, cpu, peak } = await mirror.command(asked)
        return { value: milliseconds, cpu, peak }
      },
    })),
  })
}
