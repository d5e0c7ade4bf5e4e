// A large catalog: insertion and look-up against SQLite by hand, look-ups beside a writer, and the commands that
// read all of it.

import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import Database from 'better-sqlite3'
import { openCatalog } from '../src/catalog/catalog.ts'
import { migrations } from '../src/catalog/migrations.ts'
import type { Ref } from '../src/catalog/rows.ts'
import { median, report } from './figures.ts'
import { start } from './process.ts'
import { type Bench, place } from './shipped.ts'

const ROUNDS = 3
const BATCH = 1000
const LOOKS = 20_000

/** In the order in which a sync comes by them: package by package. */
function refOf(number: number): Ref {
  const name = `parcel-${number >> 4}`
  const version = `1.${number & 15}.0`
  const path = `/${name}/-/${name}-${version}.tgz`
  return {
    ...{ repo: 'npm', path, variant: '', generation: 0, kind: 'artifact' },
    ...{ sha256: createHash('sha256').update(path).digest('hex'), size: 20_000, status: 200 },
    ...{ type: 'application/octet-stream', url: `http://127.0.0.1:1${path}`, headers: { etag: `"${number}"` } },
    ...{ fetched: 1.7e12, checked: 1.7e12, modified: 1.7e12, name, version, proof: 'digest' },
    ...{ proven: `digest in /${name}`, hits: 0, used: 0 },
  }
}

export async function catalog(bench: Bench): Promise<void> {
  const count = bench.full ? 1_000_000 : 300_000
  const refs = count.toLocaleString('en')
  /** In no order, as clients ask. */
  const scattered = (at: number): string => refOf((at * 611_953) % count).path
  const mirror = place(bench, 'catalog', { npm: { ecosystem: 'npm', upstream: 'http://127.0.0.1:1' } })
  const file = path.join(mirror.data, 'catalog.db')
  const ours = openCatalog(file)
  const hand = byHand(path.join(mirror.data, 'by-hand.db'))
  const each = Math.floor(count / ROUNDS)
  const insertion =
    (atomically: (work: () => void) => void, put: (ref: Ref) => void) =>
    async (round: number): Promise<{ value: number }> => {
      const all = Array.from({ length: each }, (_, at) => refOf(round * each + at))
      const started = performance.now()
      for (let at = 0; at < each; at += BATCH)
        atomically(() => {
          for (const ref of all.slice(at, at + BATCH)) put(ref)
        })
      return { value: (each / (performance.now() - started)) * 1000 }
    }
  await report({
    title: `catalog: insertion, ${BATCH} refs a transaction, up to ${refs}`,
    unit: 'refs/s',
    rounds: ROUNDS,
    contenders: [
      { name: 'SQLite by hand', turn: insertion(hand.atomically, hand.put) },
      { name: 'pkgmirror', turn: insertion(ours.atomically, ours.refs.put) },
    ],
  })
  for (let at = 0; at < count; at += BATCH)
    ours.atomically(() => {
      for (let one = at; one < Math.min(count, at + BATCH); one++) {
        const { sha256 = '', size } = refOf(one)
        ours.blobs.put(sha256, size, {}, 1.7e12)
      }
    })

  const lookUp = (get: (path: string) => unknown) => async (round: number) => {
    const paths = Array.from({ length: LOOKS }, (_, at) => scattered(round * LOOKS + at))
    const started = performance.now()
    const errors = paths.filter((path) => get(path) === undefined).length
    return { value: ((performance.now() - started) / LOOKS) * 1000, errors }
  }
  const look = (path: string): Ref | undefined => ours.refs.get('npm', path, '', 0)
  await report({
    title: `catalog of ${refs} refs: look-up`,
    unit: 'µs',
    rounds: ROUNDS,
    contenders: [
      { name: 'SQLite by hand', turn: lookUp(hand.get) },
      { name: 'pkgmirror', turn: lookUp(look) },
    ],
  })
  const took = await besideWriter(bench, file, (at) => look(scattered(at)))
  hand.close()
  ours.close()
  const sorted = took.toSorted((a, b) => a - b)
  const most = sorted.at(-1) ?? Number.NaN
  console.log(
    `look-ups beside a process that writes all the time: p50 ${median(sorted).toFixed(0)} µs, p99 ${(sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN).toFixed(0)} µs, most ${(most / 1000).toFixed(1)} ms`,
  )
  await report({
    title: `commands on a catalog of ${refs} refs, from start to exit`,
    unit: 'ms',
    rounds: ROUNDS,
    contenders: [
      { name: 'status', words: ['status'] },
      { name: 'gc --dry-run', words: ['gc', '--dry-run'] },
      { name: 'gc --dry-run, a rule marks all', words: ['gc', '--dry-run', '--keep-unused-for', '1d'] },
    ].map(({ name, words }) => ({
      name,
      async turn() {
        const { milliseconds, cpu, peak } = await mirror.command(words)
        return { value: milliseconds, cpu, peak }
      },
    })),
  })
}

/** The least that must be done: the same table, and nothing between. */
function byHand(file: string) {
  const connection = new Database(file)
  connection.pragma('journal_mode = WAL')
  connection.pragma('synchronous = NORMAL')
  connection.exec(migrations[0] ?? '')
  const { headers: _, ...fields } = refOf(0)
  const columns = [...Object.keys(fields), 'headers']
  const insert = connection.prepare(
    `INSERT INTO ref (${columns.join(', ')}) VALUES (${columns.map((name) => `@${name}`).join(', ')})`,
  )
  const select = connection.prepare(
    "SELECT * FROM ref WHERE repo = 'npm' AND path = ? AND variant = '' AND generation = 0",
  )
  return {
    atomically: (work: () => void) => connection.transaction(work).immediate(),
    put: (ref: Ref) => void insert.run({ ...ref, headers: JSON.stringify(ref.headers) }),
    get: (path: string) => select.get(path),
    close: () => void connection.close(),
  }
}

/** Microseconds of each look-up while another process writes. */
async function besideWriter(
  { folder }: Bench,
  file: string,
  look: (at: number) => unknown,
): Promise<readonly number[]> {
  const script = path.join(folder, 'write.mjs')
  const before = refOf(0)
  writeFileSync(
    script,
    `import { openCatalog } from '${path.resolve(import.meta.dirname, '../src/catalog/catalog.ts')}'
const catalog = openCatalog('${file}')
const ref = ${JSON.stringify(before)}
let at = 0
const write = () => {
  catalog.atomically(() => { for (let one = 0; one < ${BATCH}; one++) catalog.refs.put({ ...ref, path: '/other/' + at++ }) })
  if (at === ${BATCH}) console.log('writing')
  if (at < 2_000_000) setImmediate(write)
}
write()
`,
  )
  const writer = await start([process.execPath, script], (line) => (line === 'writing' ? line : undefined))
  const took: number[] = []
  for (let at = 0; at < LOOKS; at++) {
    const started = performance.now()
    if (look(at) === undefined) throw new Error('a ref is not there')
    took.push((performance.now() - started) * 1000)
    // a server does other things in between
    if (at % 20 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  await writer.stop()
  return took
}
