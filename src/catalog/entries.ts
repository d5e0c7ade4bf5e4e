// The entries of a bundle in a file of their own while it is written or taken: looked up by path and passed over in order,
// with no more in memory than a page.

import Database from 'better-sqlite3'
import type { GoneEntry, HeldEntry } from '../formats/bundle.ts'

export type Entry = HeldEntry | GoneEntry
type Place = Pick<HeldEntry, 'repo' | 'path' | 'variant'>

export interface Blob {
  readonly sha256: string
  readonly size: number
}

export interface Entries {
  /** False when there is one of that place already, which stays. */
  add(entry: Entry): boolean
  find(place: Place): Entry | undefined
  drop(place: Place): void
  /** By repository, path and variant: all, or those that are held and of one kind. */
  scan(kind?: HeldEntry['kind']): Iterable<Entry>
  /** Is it one of the blobs? */
  names(sha256: string): boolean
  /** By digest, each once. */
  blobs(): Iterable<Blob>
  /** A digest that two entries state with different sizes. */
  contradiction(): string | undefined
  totals(): { readonly held: number; readonly gone: number; readonly blobs: number; readonly bytes: number }
  /** Runs many additions as one. */
  atomically<T>(work: () => T): T
  close(): void
}

const PAGE = 500

/** In a new file, which the caller removes. */
export function openEntries(file: string): Entries {
  const connection = new Database(file)
  // nobody needs it after a crash
  connection.pragma('journal_mode = OFF')
  connection.pragma('synchronous = OFF')
  connection.exec(`
    CREATE TABLE entry (repo TEXT, path TEXT, variant TEXT, kind TEXT, line TEXT,
      PRIMARY KEY (repo, path, variant)) WITHOUT ROWID;
    CREATE INDEX entry_kind ON entry (kind, repo, path, variant);
    CREATE TABLE blob (sha256 TEXT PRIMARY KEY, size INTEGER) WITHOUT ROWID;
    CREATE TABLE contradiction (sha256 TEXT PRIMARY KEY) WITHOUT ROWID;
  `)
  const add = connection.prepare(
    'INSERT INTO entry (repo, path, variant, kind, line) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
  )
  const addBlob = connection.prepare('INSERT INTO blob (sha256, size) VALUES (?, ?) ON CONFLICT DO NOTHING')
  const sizeOf = connection.prepare<[string], number>('SELECT size FROM blob WHERE sha256 = ?').pluck()
  const contradict = connection.prepare('INSERT INTO contradiction (sha256) VALUES (?) ON CONFLICT DO NOTHING')
  const find = connection
    .prepare<[string, string, string], string>('SELECT line FROM entry WHERE repo = ? AND path = ? AND variant = ?')
    .pluck()
  const drop = connection.prepare('DELETE FROM entry WHERE repo = ? AND path = ? AND variant = ?')
  type Row = Place & { readonly line: string }
  const page = connection.prepare<[string, string, string], Row>(
    `SELECT repo, path, variant, line FROM entry WHERE (repo, path, variant) > (?, ?, ?) ORDER BY repo, path, variant LIMIT ${PAGE}`,
  )
  const pageOf = connection.prepare<[string, string, string, string], Row>(
    `SELECT repo, path, variant, line FROM entry WHERE kind = ? AND (repo, path, variant) > (?, ?, ?)
     ORDER BY repo, path, variant LIMIT ${PAGE}`,
  )
  const blobs = connection.prepare<[string], Blob>(
    `SELECT sha256, size FROM blob WHERE sha256 > ? ORDER BY sha256 LIMIT ${PAGE}`,
  )
  const totals = connection.prepare<[], ReturnType<Entries['totals']>>(
    `SELECT (SELECT count(*) FROM entry WHERE kind <> '') AS held, (SELECT count(*) FROM entry WHERE kind = '') AS gone,
       (SELECT count(*) FROM blob) AS blobs, (SELECT coalesce(sum(size), 0) FROM blob) AS bytes`,
  )
  const contradiction = connection.prepare<[], string>('SELECT sha256 FROM contradiction LIMIT 1').pluck()
  return {
    add(entry) {
      const { repo, path, variant } = entry
      const kind = entry.type === 'held' ? entry.kind : ''
      if (add.run(repo, path, variant, kind, JSON.stringify(entry)).changes === 0) return false
      if (entry.type === 'gone') return true
      const { sha256, size } = entry
      if (addBlob.run(sha256, size).changes === 0 && sizeOf.get(sha256) !== size) contradict.run(sha256)
      return true
    },
    find({ repo, path, variant }) {
      const line = find.get(repo, path, variant)
      return line === undefined ? undefined : (JSON.parse(line) as Entry)
    },
    drop: ({ repo, path, variant }) => void drop.run(repo, path, variant),
    *scan(kind) {
      let last: Place = { repo: '', path: '', variant: '' }
      for (;;) {
        const from = [last.repo, last.path, last.variant] as const
        const rows = kind === undefined ? page.all(...from) : pageOf.all(kind, ...from)
        for (const { line } of rows) yield JSON.parse(line) as Entry
        const end = rows.at(-1)
        if (end === undefined || rows.length < PAGE) return
        last = end
      }
    },
    names: (sha256) => sizeOf.get(sha256) !== undefined,
    *blobs() {
      let last = ''
      for (;;) {
        const rows = blobs.all(last)
        yield* rows
        const end = rows.at(-1)
        if (end === undefined || rows.length < PAGE) return
        last = end.sha256
      }
    },
    contradiction: () => contradiction.get(),
    totals: () => totals.get() ?? { held: 0, gone: 0, blobs: 0, bytes: 0 },
    atomically: (work) => connection.transaction(work)(),
    close: () => connection.close(),
  }
}
