// The marks of a collection: what is to go, in temporary tables of this connection. The plan that is shown and the plan
// that is carried out are these same rows; memory stays small however much goes, and a crash forgets them.

import type { Connection } from './open.ts'
import type { Ref } from './rows.ts'

/** Why something goes. Of those below the line something still names the bytes; of the others nothing does. */
export type Reason =
  | 'absent'
  | 'unfinished'
  | 'superseded'
  | 'stale'
  | 'released'
  | 'unreferenced'
  // by rule of the user
  | 'expired'
  | 'unused'
  | 'old'
  | 'size'
  // the catalog was lost, or a crash came between a blob and its row
  | 'unknown'

export interface GoingRef {
  readonly repo: string
  readonly path: string
  readonly variant: string
  readonly generation: number
  readonly kind: string
  readonly sha256: string | null
  readonly size: number
  /** As they were when it was marked: what was asked for or renewed since stays. */
  readonly checked: number
  readonly used: number
  readonly reason: Reason
}

/** What is needed of a ref to mark it. */
export type Markable = Pick<
  Ref,
  'repo' | 'path' | 'variant' | 'generation' | 'kind' | 'sha256' | 'size' | 'checked' | 'used'
>

export interface GoingView {
  readonly key: string
  readonly repo: string
  readonly path: string
  readonly type: string
  readonly size: number
  readonly used: number
  readonly reason: Reason
}

export interface GoingReading {
  readonly id: number
  readonly repo: string
  readonly scope: string
  readonly sha256: string
  readonly made: number
}

export interface GoingBlob {
  readonly sha256: string
  readonly size: number
  /** '' when no repository has named it for long. */
  readonly repo: string
  readonly reason: Reason
}

/** What may go when space is short, least recently used first. */
export interface Candidate extends Omit<GoingRef, 'reason'> {
  /** When it was last asked for, or fetched. */
  readonly last: number
  /** The reason by which it goes already, if no document that stays needs it; '' when only for space. */
  readonly reason: Reason | ''
}

export interface MarkedBlob {
  readonly sha256: string
  readonly size: number
  readonly added: number
  readonly kept: boolean
  readonly repo: string
  readonly reason: Reason
}

export interface Marks {
  addRefs(refs: readonly Markable[], reason: Reason): void
  addCandidateRef(candidate: Candidate, reason: Reason): void
  isGoing(ref: Pick<Ref, 'repo' | 'path' | 'variant' | 'generation'>): boolean
  refs(after: GoingRef | undefined): readonly GoingRef[]

  addCandidates(candidates: readonly Candidate[]): void
  candidates(kind: string, after: Candidate | undefined): readonly Candidate[]

  /** Versions that are held, and those of them that are to stay. */
  addVersions(versions: readonly { readonly repo: string; readonly name: string; readonly version: string }[]): void
  names(after: { repo: string; name: string } | undefined): readonly { readonly repo: string; readonly name: string }[]
  versionsOf(repo: string, name: string): readonly string[]
  keepVersions(repo: string, name: string, versions: readonly string[]): void
  isKeptVersion(repo: string, name: string, version: string): boolean

  /** Forgets which views go and which blobs views show. */
  resetViews(): void
  addView(view: Omit<GoingView, 'reason'>, reason: Reason, blobs: readonly string[]): void
  addShown(blobs: readonly string[]): void
  views(after: GoingView | undefined): readonly GoingView[]
  /** Does the repo hold these bytes at this path, in a ref that stays? Any bytes when `sha256` is left out. */
  stays(repo: string, path: string, sha256?: string): boolean

  /** Of some paths that a reading names, in order: does a ref that stays hold it? */
  named(reading: number, after: string): readonly { readonly path: string; readonly stays: number }[]
  /** Readings, with whether a ref of the repo that stays holds their document. */
  readingsFrom(after: number): readonly (GoingReading & { readonly complete: number; readonly stays: number })[]
  addReadings(readings: readonly GoingReading[]): void
  readings(after: GoingReading | undefined): readonly GoingReading[]

  /** Marks a snapshot: what only it sees goes with it. */
  addSnapshot(id: number): void
  keepsSnapshot(id: number): boolean
  /** What snapshots that stay hold beside the refs of now. */
  inPast(): readonly { readonly repo: string; readonly items: number; readonly bytes: number }[]
  /** Does a snapshot that stays hold these bytes, whatever becomes of the refs of now? */
  inSnapshots(sha256: string): boolean

  /** Blobs, with whether a ref or view that stays keeps them, or a snapshot. */
  blobsFrom(after: string): readonly MarkedBlob[]
  keeps(sha256: string): boolean
  resetBlobs(): void
  addBlobs(blobs: readonly GoingBlob[]): void
  blobs(after: GoingBlob | undefined): readonly GoingBlob[]
  addFiles(files: readonly { readonly sha256: string; readonly size: number }[]): void
  files(after: GoingBlob | undefined): readonly GoingBlob[]
  /** Forgets all marks. */
  close(): void
}

/** A page is the work of one turn: a few milliseconds. */
const PAGE = 200

const names = [
  'going_ref',
  'candidate',
  'held_version',
  'kept_version',
  'going_view',
  'shown_blob',
  'freed_by',
  'going_reading',
  'going_blob',
  'going_file',
  'kept_snapshot',
]

const schema = `
  CREATE TEMPORARY TABLE going_ref (repo TEXT, path TEXT, variant TEXT, generation INTEGER, kind TEXT, sha256 TEXT, size INTEGER,
    checked INTEGER, used INTEGER, reason TEXT, PRIMARY KEY (repo, path, variant, generation));
  CREATE TEMPORARY TABLE candidate (kind TEXT, last INTEGER, repo TEXT, path TEXT, variant TEXT, generation INTEGER, sha256 TEXT,
    size INTEGER, checked INTEGER, used INTEGER, reason TEXT, PRIMARY KEY (kind, last, repo, path, variant));
  CREATE TEMPORARY TABLE held_version (repo TEXT, name TEXT, version TEXT, PRIMARY KEY (repo, name, version));
  CREATE TEMPORARY TABLE kept_version (repo TEXT, name TEXT, version TEXT, PRIMARY KEY (repo, name, version));
  CREATE TEMPORARY TABLE going_view (key TEXT PRIMARY KEY, repo TEXT, path TEXT, type TEXT, size INTEGER, used INTEGER, reason TEXT);
  CREATE TEMPORARY TABLE shown_blob (sha256 TEXT PRIMARY KEY);
  CREATE TEMPORARY TABLE freed_by (sha256 TEXT PRIMARY KEY, repo TEXT, reason TEXT);
  CREATE TEMPORARY TABLE going_reading (id INTEGER PRIMARY KEY, repo TEXT, scope TEXT, sha256 TEXT, made INTEGER);
  CREATE TEMPORARY TABLE going_blob (sha256 TEXT PRIMARY KEY, size INTEGER, repo TEXT, reason TEXT);
  CREATE TEMPORARY TABLE going_file (sha256 TEXT PRIMARY KEY, size INTEGER, repo TEXT, reason TEXT);
  CREATE TEMPORARY TABLE kept_snapshot (id INTEGER PRIMARY KEY);
  INSERT INTO kept_snapshot SELECT id FROM snapshot;
`

/** A ref `r` that is not marked. */
const unmarked = `NOT EXISTS (SELECT 1 FROM going_ref g
  WHERE g.repo = r.repo AND g.path = r.path AND g.variant = r.variant AND g.generation = r.generation)`

/** Is a row of a ref as it is or was (`of`) among those that a snapshot `k` which stays has? */
const within = (of: string) => `(${of}.generation = 0
  OR EXISTS (SELECT 1 FROM snapshot_generation n WHERE n.snapshot = k.id AND n.generation = ${of}.generation))`

/** Some snapshot that stays has this in a ref. */
const inSnapshots = (
  where: (of: string) => string,
) => `(EXISTS (SELECT 1 FROM ref r JOIN kept_snapshot k ON k.id > r.since
    WHERE ${where('r')} AND ${within('r')})
  OR EXISTS (SELECT 1 FROM past p JOIN kept_snapshot k ON k.id > p.since AND k.id <= p.until WHERE ${where('p')} AND ${within('p')}))`

/** Starts a collection: one at a time for each connection. */
export function createMarks(connection: Connection): Marks {
  const drop = (): void => {
    for (const name of names) connection.exec(`DROP TABLE IF EXISTS temp.${name}`)
  }
  drop()
  connection.exec(schema)
  return {
    ...refMarks(connection),
    ...versionMarks(connection),
    ...viewMarks(connection),
    ...readingMarks(connection),
    ...snapshotMarks(connection),
    ...blobMarks(connection),
    close: drop,
  }
}

type Part<K extends keyof Marks> = Pick<Marks, K>

function refMarks(
  connection: Connection,
): Part<'addRefs' | 'addCandidateRef' | 'isGoing' | 'refs' | 'addCandidates' | 'candidates'> {
  const columns = 'repo, path, variant, generation, kind, sha256, size, checked, used, reason'
  const add = connection.prepare(
    `INSERT INTO going_ref (${columns}) VALUES (@repo, @path, @variant, @generation, @kind, @sha256, @size, @checked, @used, @reason)
     ON CONFLICT DO NOTHING`,
  )
  const freed = connection.prepare(
    'INSERT INTO freed_by (sha256, repo, reason) VALUES (@sha256, @repo, @reason) ON CONFLICT DO NOTHING',
  )
  const is = connection.prepare<[string, string, string, number], unknown>(
    'SELECT 1 FROM going_ref WHERE repo = ? AND path = ? AND variant = ? AND generation = ?',
  )
  const page = connection.prepare<[string, string, string, number], GoingRef>(
    `SELECT ${columns} FROM going_ref WHERE (repo, path, variant, generation) > (?, ?, ?, ?)
     ORDER BY repo, path, variant, generation LIMIT ${PAGE}`,
  )
  const addCandidate = connection.prepare(
    `INSERT INTO candidate (last, ${columns}) VALUES (@last, @repo, @path, @variant, @generation, @kind, @sha256, @size, @checked,
       @used, @reason) ON CONFLICT DO NOTHING`,
  )
  const candidates = connection.prepare<[string, number, string, string, string], Candidate>(
    `SELECT last, ${columns} FROM candidate WHERE kind = ? AND (last, repo, path, variant) > (?, ?, ?, ?)
     ORDER BY last, repo, path, variant LIMIT ${PAGE}`,
  )
  function mark(row: GoingRef): void {
    add.run(row)
    if (row.sha256 !== null) freed.run({ sha256: row.sha256, repo: row.repo, reason: row.reason })
  }
  return {
    addRefs: connection.transaction((refs: readonly Markable[], reason: Reason) => {
      for (const { repo, path, variant, generation, kind, sha256, size, checked, used } of refs)
        mark({ repo, path, variant, generation, kind, sha256: sha256 ?? null, size, checked, used, reason })
    }),
    addCandidateRef: ({ last: _, ...candidate }, reason) => mark({ ...candidate, reason }),
    isGoing: ({ repo, path, variant, generation }) => is.get(repo, path, variant, generation) !== undefined,
    refs: (after) => page.all(after?.repo ?? '', after?.path ?? '', after?.variant ?? '', after?.generation ?? -1),
    addCandidates: connection.transaction((all: readonly Candidate[]) => {
      for (const candidate of all) addCandidate.run(candidate)
    }),
    candidates: (kind, after) =>
      candidates.all(kind, after?.last ?? -1, after?.repo ?? '', after?.path ?? '', after?.variant ?? ''),
  }
}

function versionMarks(
  connection: Connection,
): Part<'addVersions' | 'names' | 'versionsOf' | 'keepVersions' | 'isKeptVersion'> {
  const add = connection.prepare(
    'INSERT INTO held_version (repo, name, version) VALUES (@repo, @name, @version) ON CONFLICT DO NOTHING',
  )
  const all = connection.prepare<[string, string], { repo: string; name: string }>(
    `SELECT DISTINCT repo, name FROM held_version WHERE (repo, name) > (?, ?) ORDER BY repo, name LIMIT ${PAGE}`,
  )
  const of = connection
    .prepare<[string, string], string>('SELECT version FROM held_version WHERE repo = ? AND name = ?')
    .pluck()
  const keep = connection.prepare(
    'INSERT INTO kept_version (repo, name, version) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  )
  const is = connection.prepare<[string, string, string], unknown>(
    'SELECT 1 FROM kept_version WHERE repo = ? AND name = ? AND version = ?',
  )
  return {
    addVersions: connection.transaction((versions: Parameters<Marks['addVersions']>[0]) => {
      for (const { repo, name, version } of versions) add.run({ repo, name, version })
    }),
    names: (after) => all.all(after?.repo ?? '', after?.name ?? ''),
    versionsOf: (repo, name) => of.all(repo, name),
    keepVersions(repo, name, versions) {
      for (const version of versions) keep.run(repo, name, version)
    },
    isKeptVersion: (repo, name, version) => is.get(repo, name, version) !== undefined,
  }
}

function viewMarks(connection: Connection): Part<'resetViews' | 'addView' | 'addShown' | 'views' | 'stays'> {
  const clearViews = connection.prepare('DELETE FROM going_view')
  const clearShown = connection.prepare('DELETE FROM shown_blob')
  const add = connection.prepare(
    'INSERT INTO going_view (key, repo, path, type, size, used, reason) VALUES (@key, @repo, @path, @type, @size, @used, @reason)',
  )
  const freed = connection.prepare(
    'INSERT INTO freed_by (sha256, repo, reason) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  )
  const show = connection.prepare('INSERT INTO shown_blob (sha256) VALUES (?) ON CONFLICT DO NOTHING')
  const page = connection.prepare<[string], GoingView>(
    `SELECT key, repo, path, type, size, used, reason FROM going_view WHERE key > ? ORDER BY key LIMIT ${PAGE}`,
  )
  const any = connection.prepare<[string, string], unknown>(
    `SELECT 1 FROM ref r WHERE r.repo = ? AND r.path = ? AND r.sha256 IS NOT NULL AND ${unmarked} LIMIT 1`,
  )
  const these = connection.prepare<[string, string, string], unknown>(
    `SELECT 1 FROM ref r WHERE r.repo = ? AND r.path = ? AND r.sha256 = ? AND ${unmarked} LIMIT 1`,
  )
  return {
    resetViews() {
      clearViews.run()
      clearShown.run()
    },
    addView({ key, repo, path, type, size, used }, reason, blobs) {
      add.run({ key, repo, path, type, size, used, reason })
      for (const sha256 of blobs) freed.run(sha256, repo, reason)
    },
    addShown(blobs) {
      for (const sha256 of blobs) show.run(sha256)
    },
    views: (after) => page.all(after?.key ?? ''),
    stays: (repo, path, sha256) =>
      (sha256 === undefined ? any.get(repo, path) : these.get(repo, path, sha256)) !== undefined,
  }
}

function readingMarks(connection: Connection): Part<'named' | 'readingsFrom' | 'addReadings' | 'readings'> {
  const named = connection.prepare<[number, string], { path: string; stays: number }>(
    `SELECT f.path AS path, EXISTS (SELECT 1 FROM ref r WHERE r.repo = f.repo AND r.path = f.path AND r.sha256 IS NOT NULL
       AND ${unmarked}) AS stays
     FROM fact f WHERE f.reading = ? AND f.path > ? ORDER BY f.path LIMIT ${PAGE}`,
  )
  const from = connection.prepare<[number], GoingReading & { complete: number; stays: number }>(
    `SELECT d.id AS id, d.repo AS repo, d.scope AS scope, d.sha256 AS sha256, d.made AS made, d.complete AS complete,
       (EXISTS (SELECT 1 FROM ref r WHERE r.sha256 = d.sha256 AND r.repo = d.repo AND ${unmarked})
         OR ${inSnapshots((of) => `${of}.sha256 = d.sha256 AND ${of}.repo = d.repo`)}) AS stays
     FROM (SELECT * FROM reading WHERE id > ? ORDER BY id LIMIT ${PAGE}) d ORDER BY d.id`,
  )
  const add = connection.prepare(
    'INSERT INTO going_reading (id, repo, scope, sha256, made) VALUES (@id, @repo, @scope, @sha256, @made)',
  )
  const page = connection.prepare<[number], GoingReading>(
    `SELECT id, repo, scope, sha256, made FROM going_reading WHERE id > ? ORDER BY id LIMIT ${PAGE}`,
  )
  return {
    named: (reading, after) => named.all(reading, after),
    readingsFrom: (after) => from.all(after),
    addReadings(readings) {
      for (const { id, repo, scope, sha256, made } of readings) add.run({ id, repo, scope, sha256, made })
    },
    readings: (after) => page.all(after?.id ?? 0),
  }
}

function snapshotMarks(connection: Connection): Part<'addSnapshot' | 'keepsSnapshot' | 'inPast' | 'inSnapshots'> {
  const add = connection.prepare('DELETE FROM kept_snapshot WHERE id = ?')
  const keeps = connection.prepare<[number], unknown>('SELECT 1 FROM kept_snapshot WHERE id = ?')
  const past = connection.prepare<[], { repo: string; items: number; bytes: number }>(
    `SELECT p.repo AS repo, count(*) AS items, sum(p.size) AS bytes FROM past p
     WHERE EXISTS (SELECT 1 FROM kept_snapshot k WHERE k.id > p.since AND k.id <= p.until AND ${within('p')}) GROUP BY p.repo`,
  )
  const has = connection
    .prepare<{ sha256: string }, number>(`SELECT ${inSnapshots((of) => `${of}.sha256 = @sha256`)}`)
    .pluck()
  return {
    addSnapshot: (id) => void add.run(id),
    keepsSnapshot: (id) => keeps.get(id) !== undefined,
    inPast: () => past.all(),
    inSnapshots: (sha256) => has.get({ sha256 }) === 1,
  }
}

function blobMarks(
  connection: Connection,
): Part<'blobsFrom' | 'keeps' | 'resetBlobs' | 'addBlobs' | 'blobs' | 'addFiles' | 'files'> {
  const kept = (sha256: string) =>
    `(EXISTS (SELECT 1 FROM ref r WHERE r.sha256 = ${sha256} AND ${unmarked})
      OR ${inSnapshots((of) => `${of}.sha256 = ${sha256}`)}
      OR EXISTS (SELECT 1 FROM shown_blob s WHERE s.sha256 = ${sha256}))`
  const from = connection.prepare<[string], Omit<MarkedBlob, 'kept'> & { kept: number }>(
    `SELECT b.sha256 AS sha256, b.size AS size, b.added AS added, ${kept('b.sha256')} AS kept,
       coalesce(f.repo, '') AS repo, coalesce(f.reason, 'unreferenced') AS reason
     FROM (SELECT sha256, size, added FROM blob WHERE sha256 > ? ORDER BY sha256 LIMIT ${PAGE}) b
     LEFT JOIN freed_by f ON f.sha256 = b.sha256 ORDER BY b.sha256`,
  )
  const keeps = connection.prepare<{ sha256: string }, number>(`SELECT ${kept('@sha256')}`).pluck()
  const clear = connection.prepare('DELETE FROM going_blob')
  const add = (table: string) =>
    connection.prepare(`INSERT INTO ${table} (sha256, size, repo, reason) VALUES (@sha256, @size, @repo, @reason)
      ON CONFLICT DO NOTHING`)
  const page = (table: string) =>
    connection.prepare<[string], GoingBlob>(
      `SELECT sha256, size, repo, reason FROM ${table} WHERE sha256 > ? ORDER BY sha256 LIMIT ${PAGE}`,
    )
  const [addBlob, addFile, blobs, files] = [
    add('going_blob'),
    add('going_file'),
    page('going_blob'),
    page('going_file'),
  ]
  return {
    blobsFrom: (after) => from.all(after).map((row) => ({ ...row, kept: row.kept === 1 })),
    keeps: (sha256) => keeps.get({ sha256 }) === 1,
    resetBlobs: () => void clear.run(),
    addBlobs(all) {
      for (const { sha256, size, repo, reason } of all) addBlob.run({ sha256, size, repo, reason })
    },
    blobs: (after) => blobs.all(after?.sha256 ?? ''),
    addFiles(all) {
      for (const { sha256, size } of all) addFile.run({ sha256, size, repo: '', reason: 'unknown' })
    },
    files: (after) => files.all(after?.sha256 ?? ''),
  }
}
