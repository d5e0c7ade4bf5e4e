// Facts: what the reading of a document says of other paths, and when this mirror first saw a path.

import type { Digests, Entry } from '../contract.ts'
import type { Connection } from './open.ts'
import type { Fact, Seen } from './rows.ts'

interface Row {
  readonly path: string
  readonly reading: number
  readonly name: string | null
  readonly version: string | null
  readonly size: number | null
  readonly url: string | null
  readonly published: number | null
  readonly digests: string | null
  readonly data: string | null
  readonly scope: string
  readonly by: string
}

function decode(row: Row): Fact {
  const entry: Entry = {
    path: row.path,
    ...(row.url === null ? {} : { url: row.url }),
    ...(row.digests === null ? {} : { digests: JSON.parse(row.digests) as Digests }),
    ...(row.size === null ? {} : { size: row.size }),
    ...(row.name === null ? {} : { name: row.name }),
    ...(row.version === null ? {} : { version: row.version }),
    ...(row.published === null ? {} : { published: row.published }),
    ...(row.data === null ? {} : { data: JSON.parse(row.data) as unknown }),
  }
  return { reading: row.reading, scope: row.scope, by: row.by, entry }
}

/** SQLite has no NaN and would keep it as "not stated", which may be allowed; a time that cannot be read never comes. */
const readable = (time: number | undefined): number | null => {
  if (time === undefined) return null
  return Number.isNaN(time) ? Number.MAX_SAFE_INTEGER : Math.min(time, Number.MAX_SAFE_INTEGER)
}

export interface Facts {
  /** The complete reading of these bytes for this scope. */
  reading(repo: string, scope: string, sha256: string): number | undefined
  /** Starts a reading anew; what an unfinished one left is dropped. */
  begin(repo: string, scope: string, sha256: string, time: number): number
  add(repo: string, reading: number, entries: readonly Entry[]): void
  complete(reading: number): void
  drop(reading: number): void
  of(repo: string, path: string): readonly Fact[]
  byName(repo: string, name: string): readonly Fact[]
  /** The paths from one to another that the repo holds anything at and any reading speaks of. */
  spoken(repo: string, from: string, to: string): ReadonlySet<string>
  /** Every fact of one reading, by path, in pages. */
  ofReading(repo: string, reading: number): Iterable<Fact>
  /** The paths of a reading that the repo holds. */
  heldOf(repo: string, reading: number): readonly string[]
  /** First-seen times of the paths of a reading. */
  seenOf(repo: string, reading: number): ReadonlyMap<string, Seen>
  seen(repo: string, path: string): Seen | undefined
  /** What is known of the age of a version by any of its files: the earliest time stated, and the earliest first sight. */
  clock(repo: string, name: string, version: string): { readonly published?: number; readonly seen?: Seen }
  see(repo: string, paths: Iterable<string>, time: number, baseline: boolean): void
  hasReadings(repo: string, scope: string): boolean
  /** All readings, for gc. */
  readings(): readonly {
    readonly id: number
    readonly repo: string
    readonly scope: string
    readonly sha256: string
    readonly made: number
  }[]
}

const PAGE = 1000

export function facts(connection: Connection): Facts {
  const columns =
    'f.path, f.reading, f.name, f.version, f.size, f.url, f.published, f.digests, f.data, r.scope, r.sha256 AS by'
  const from = `SELECT ${columns} FROM fact f JOIN reading r ON r.id = f.reading`
  const reading = connection.prepare<[string, string, string], { id: number }>(
    'SELECT id FROM reading WHERE repo = ? AND scope = ? AND sha256 = ? AND complete = 1',
  )
  const unfinished = connection.prepare<[string, string, string], { id: number }>(
    'SELECT id FROM reading WHERE repo = ? AND scope = ? AND sha256 = ?',
  )
  const begin = connection.prepare('INSERT INTO reading (repo, scope, sha256, made, complete) VALUES (?, ?, ?, ?, 0)')
  const add = connection.prepare(
    'INSERT INTO fact (repo, path, reading, name, version, size, url, published, digests, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
  )
  const complete = connection.prepare('UPDATE reading SET complete = 1 WHERE id = ?')
  const dropFacts = connection.prepare('DELETE FROM fact WHERE reading = ?')
  const dropReading = connection.prepare('DELETE FROM reading WHERE id = ?')
  const of = connection.prepare<[string, string], Row>(`${from} WHERE f.repo = ? AND f.path = ? AND r.complete = 1`)
  const byName = connection.prepare<[string, string], Row>(
    `${from} WHERE f.repo = ? AND f.name = ? AND r.complete = 1 ORDER BY f.path`,
  )
  const spoken = connection
    .prepare<[string, string, string], string>(
      `SELECT r.path FROM ref r WHERE r.repo = ? AND r.path >= ? AND r.path <= ?
         AND EXISTS (SELECT 1 FROM fact f WHERE f.repo = r.repo AND f.path = r.path)`,
    )
    .pluck()
  const page = connection.prepare<[number, string, string], Row>(
    `${from} WHERE f.reading = ? AND f.repo = ? AND f.path > ? ORDER BY f.path LIMIT ${PAGE}`,
  )
  const heldOf = connection.prepare<[number, string], { path: string }>(
    `SELECT f.path AS path FROM fact f WHERE f.reading = ? AND f.repo = ?
       AND EXISTS (SELECT 1 FROM ref WHERE ref.repo = f.repo AND ref.path = f.path AND ref.sha256 IS NOT NULL)`,
  )
  const seenOf = connection.prepare<[number, string], { path: string; first: number; baseline: number }>(
    `SELECT s.path AS path, s.first AS first, s.baseline AS baseline FROM fact f
     JOIN seen s ON s.repo = f.repo AND s.path = f.path WHERE f.reading = ? AND f.repo = ?`,
  )
  const seen = connection.prepare<[string, string], { first: number; baseline: number }>(
    'SELECT first, baseline FROM seen WHERE repo = ? AND path = ?',
  )
  const published = connection.prepare<[string, string, string], { time: number | null }>(
    `SELECT MIN(f.published) AS time FROM fact f JOIN reading r ON r.id = f.reading
     WHERE f.repo = ? AND f.name = ? AND f.version = ? AND r.complete = 1
       AND EXISTS (SELECT 1 FROM ref h WHERE h.sha256 = r.sha256 AND h.repo = r.repo)`,
  )
  const sighted = connection.prepare<[string, string, string], { first: number; baseline: number }>(
    `SELECT s.first AS first, s.baseline AS baseline FROM fact f JOIN seen s ON s.repo = f.repo AND s.path = f.path
     WHERE f.repo = ? AND f.name = ? AND f.version = ? ORDER BY s.baseline DESC, s.first LIMIT 1`,
  )
  const see = connection.prepare(
    'INSERT INTO seen (repo, path, first, baseline) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
  )
  const scoped = connection.prepare<[string, string], { id: number }>(
    'SELECT id FROM reading WHERE repo = ? AND scope = ? AND complete = 1 LIMIT 1',
  )
  const readings = connection.prepare<[], { id: number; repo: string; scope: string; sha256: string; made: number }>(
    'SELECT id, repo, scope, sha256, made FROM reading ORDER BY id',
  )
  const drop = connection.transaction((id: number) => {
    dropFacts.run(id)
    dropReading.run(id)
  })
  const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value))
  return {
    reading: (repo, scope, sha256) => reading.get(repo, scope, sha256)?.id,
    begin: connection.transaction((repo: string, scope: string, sha256: string, time: number) => {
      const old = unfinished.get(repo, scope, sha256)
      if (old !== undefined) drop(old.id)
      return Number(begin.run(repo, scope, sha256, time).lastInsertRowid)
    }),
    add: connection.transaction((repo: string, id: number, entries: readonly Entry[]) => {
      for (const entry of entries) {
        add.run(
          repo,
          entry.path,
          id,
          entry.name ?? null,
          entry.version ?? null,
          entry.size ?? null,
          entry.url ?? null,
          readable(entry.published),
          json(entry.digests),
          json(entry.data),
        )
      }
    }),
    complete: (id) => void complete.run(id),
    drop,
    of: (repo, path) => of.all(repo, path).map(decode),
    byName: (repo, name) => byName.all(repo, name).map(decode),
    spoken: (repo, from, to) => new Set(spoken.all(repo, from, to)),
    *ofReading(repo, id) {
      let last = ''
      for (;;) {
        const rows = page.all(id, repo, last)
        for (const row of rows) yield decode(row)
        const end = rows.at(-1)
        if (end === undefined || rows.length < PAGE) return
        last = end.path
      }
    },
    heldOf: (repo, id) => heldOf.all(id, repo).map((row) => row.path),
    seenOf: (repo, id) =>
      new Map(seenOf.all(id, repo).map((row) => [row.path, { first: row.first, baseline: row.baseline === 1 }])),
    seen(repo, path) {
      const row = seen.get(repo, path)
      return row === undefined ? undefined : { first: row.first, baseline: row.baseline === 1 }
    },
    clock(repo, name, version) {
      const time = published.get(repo, name, version)?.time
      const row = sighted.get(repo, name, version)
      return {
        ...(time === null || time === undefined ? {} : { published: time }),
        ...(row === undefined ? {} : { seen: { first: row.first, baseline: row.baseline === 1 } }),
      }
    },
    see: connection.transaction((repo: string, paths: Iterable<string>, time: number, baseline: boolean) => {
      for (const path of paths) see.run(repo, path, time, baseline ? 1 : 0)
    }),
    hasReadings: (repo, scope) => scoped.get(repo, scope) !== undefined,
    readings: () => readings.all(),
  }
}
