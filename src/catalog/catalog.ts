// The catalog: what is held, who said what of it, what was made of it, and which runs there were.

import type { Digests } from '../contract.ts'
import { MirrorError } from '../errors.ts'
import { type Absorption, absorption } from './absorb.ts'
import { type Bundles, bundles } from './bundles.ts'
import { type Facts, facts } from './facts.ts'
import { createFinds, type Finds } from './finds.ts'
import { type Generations, generationReads, generations } from './generations.ts'
import { createMarks, type Marks } from './marks.ts'
import { connect, connectAt } from './open.ts'
import { quietWrites, type Refs, refReads, refs } from './refs.ts'
import type { BlobRow, RecordedRepository, Run, ViewRow } from './rows.ts'
import { type Snapshots, snapshots } from './snapshots.ts'
import { createSpool, type Spool } from './spool.ts'
import { type SteadyWalks, steadyWalks } from './steady.ts'
import { type Sweeps, scans, sweeps } from './sweeps.ts'
import { type Totals, totals } from './totals.ts'

/** What a holder holds of a repository: files, their bytes (shared ones for each), and packages that have a name. */
export interface HeldSum {
  readonly repo: string
  readonly files: number
  readonly bytes: number
  readonly packages: number
  /** Files that no index is, and their bytes. */
  readonly artifacts: number
  readonly artifactBytes: number
}

/** What a document says of a held path. */
export interface SaidOf {
  readonly repo: string
  readonly path: string
  readonly name: string | undefined
  readonly version: string | undefined
  /** The ecosystem's own, as JSON. */
  readonly data: string | undefined
  /** The word that is remembered: `yanked`. */
  readonly word: string | undefined
}

export interface Unmet {
  readonly repo: string
  readonly path: string
  readonly name: string | undefined
  readonly version: string | undefined
  /** Does a document that was read still name it? */
  readonly named: boolean
}

export interface Catalog {
  /** The snapshot that refs and generations are those of; 0: the newest state. */
  readonly snapshot: number
  readonly refs: Refs
  readonly facts: Facts
  readonly generations: Generations
  readonly totals: Totals
  readonly blobs: {
    get(sha256: string): BlobRow | undefined
    put(sha256: string, size: number, digests: Digests, time: number): void
    drop(sha256: string): void
    scan(): Iterable<BlobRow>
  }
  readonly views: {
    get(key: string): ViewRow | undefined
    put(view: ViewRow): void
    /** The newest view of a path, for a Last-Modified that never goes back. */
    latest(repo: string, path: string, type: string): ViewRow | undefined
    all(): readonly ViewRow[]
    drop(key: string): void
  }
  readonly holds: {
    put(holder: string, run: number, held: Iterable<{ readonly repo: string; readonly path: string }>): void
    /**
     * Forgets what the holder wanted before this run; only of these repositories, when they are named. What was planned in
     * an earlier run and stands, by repository, is held by that run's number.
     */
    settle(holder: string, run: number, repos?: Iterable<string>, standing?: ReadonlyMap<string, number>): number
    /** What the holder wanted before this run, in pages. */
    before(holder: string, run: number): Iterable<{ readonly repo: string; readonly path: string }>
    drop(holder: string, repo: string, path: string): void
    of(repo: string, path: string): readonly string[]
    holders(): readonly { readonly holder: string; readonly paths: number; readonly run: number }[]
    /** What a holder holds, by repository; but for what is known of some already. */
    sums(holder: string, known?: ReadonlyMap<string, HeldSum | undefined>): readonly HeldSum[]
    /** Some of what a holder wanted of a repository before this run and did not meet in it, artifacts alone, by path. */
    unmet(holder: string, repo: string, run: number, after: Unmet | undefined): readonly Unmet[]
  }
  readonly withdrawn: {
    /** What documents say now of paths of a repository that a holder holds; in pages. */
    said(holder: string, repo: string, after: SaidOf | undefined): readonly SaidOf[]
    /** Remembers it; true when that was not known. */
    add(repo: string, path: string, word: string, run: number): boolean
    drop(repo: string, path: string): void
  }
  readonly runs: {
    start(command: string, time: number): number
    end(id: number, time: number, code: number, summary: unknown): void
    list(most: number): readonly Run[]
    /** Forgets all but the newest so many, and the last of each command. */
    trim(most: number): void
    /** The newest run of one of these commands. */
    last(commands: readonly string[]): Omit<Run, 'summary'> | undefined
  }
  readonly steady: SteadyWalks
  readonly repositories: {
    record(repository: RecordedRepository): void
    list(): readonly RecordedRepository[]
  }
  /** The chains of bundles that were made and taken here. */
  readonly bundles: Bundles
  /** A copy to try something on, and the way back. */
  readonly copies: Absorption
  readonly snapshots: Snapshots
  /** The same catalog as a snapshot saw it, over a connection of its own. Its refs and generations cannot be changed. */
  at(snapshot: number): Catalog
  /** Deletions and scans of gc and verify. */
  readonly sweeps: Sweeps
  /** Begins a collection; ends the one before. */
  marks(): Marks
  /** Begins a rebuild; ends the one before. */
  finds(): Finds
  /** A list that may be long. */
  spool<T>(): Spool<T>
  /** Runs `work` in one transaction. */
  atomically<T>(work: () => T): T
  /**
   * What `work` commits, and all that was committed before it, is on the disk when this returns: for what a power cut must not
   * undo, because files go by it or others are told of it. Other commits may be undone, the last ones first.
   */
  durably<T>(work: () => T): T
  /** Does it name no bytes at all? */
  isEmpty(): boolean
  /** Changes whenever anything was written, by this process (`touch`) or another. */
  epoch(): number
  touch(): void
  close(): void
}

/** Rows of one page. */
const PAGE = 500

const json = JSON.stringify
const parse = <T>(text: string): T => JSON.parse(text) as T

export function openCatalog(file: string): Catalog {
  const connection = connect(file)
  return {
    ...whatever(connection, file, 0),
    refs: refs(connection),
    generations: generations(connection),
    facts: facts(connection),
    sweeps: sweeps(connection),
    marks: () => createMarks(connection),
  }
}

function openAt(file: string, snapshot: number): Catalog {
  const connection = connectAt(file, snapshot)
  return {
    ...whatever(connection, file, snapshot),
    refs: { ...refReads(connection), ...quietWrites },
    generations: {
      ...generationReads(connection),
      make: never,
      mark: never,
      flip: never,
      drop: never,
      remember: never,
    },
    // nothing is first seen in what is past
    facts: { ...facts(connection), see: () => undefined },
    sweeps: {
      ...scans(connection),
      ...{ refs: never, generation: never, views: never, reading: never, blobs: never, claim: never },
    },
    marks: never,
  }
}

function never(): never {
  throw new MirrorError('FAULT', 'a snapshot never changes')
}

/** What is not a state of refs. */
function whatever(
  connection: Connected,
  file: string,
  snapshot: number,
): Omit<Catalog, 'refs' | 'generations' | 'facts' | 'sweeps' | 'marks'> {
  let own = 0
  const some = connection.prepare('SELECT 1 FROM blob LIMIT 1')
  const dataVersion = connection.prepare('PRAGMA data_version').pluck()
  return {
    snapshot,
    totals: totals(connection),
    blobs: blobs(connection),
    views: views(connection, snapshot),
    holds: holds(connection),
    withdrawn: withdrawn(connection),
    runs: runs(connection),
    steady: steadyWalks(connection),
    repositories: repositories(connection),
    bundles: bundles(connection),
    copies: absorption(connection),
    snapshots: snapshots(connection),
    at: (id) => openAt(file, id),
    finds: () => createFinds(connection),
    spool: () => createSpool(connection),
    atomically: (work) => connection.transaction(work).immediate(),
    durably(work) {
      connection.pragma('synchronous = FULL')
      try {
        return work()
      } finally {
        connection.pragma('synchronous = NORMAL')
      }
    },
    isEmpty: () => some.get() === undefined,
    epoch: () => Number(dataVersion.get()) * 2 ** 26 + own,
    touch() {
      own = (own + 1) % 2 ** 26
    },
    close() {
      connection.close()
    },
  }
}

type Connected = ReturnType<typeof connect>

function blobs(connection: Connected): Catalog['blobs'] {
  type Row = Omit<BlobRow, 'digests'> & { readonly digests: string }
  const decode = (row: Row): BlobRow => ({ ...row, digests: { ...parse<Digests>(row.digests), sha256: row.sha256 } })
  const get = connection.prepare<[string], Row>('SELECT sha256, size, digests, added FROM blob WHERE sha256 = ?')
  const put = connection.prepare(
    'INSERT INTO blob (sha256, size, digests, added) VALUES (?, ?, ?, ?) ON CONFLICT (sha256) DO UPDATE SET digests = excluded.digests, added = excluded.added',
  )
  const drop = connection.prepare('DELETE FROM blob WHERE sha256 = ?')
  const page = connection.prepare<[string], Row>(
    'SELECT sha256, size, digests, added FROM blob WHERE sha256 > ? ORDER BY sha256 LIMIT 500',
  )
  return {
    get(sha256) {
      const row = get.get(sha256)
      return row === undefined ? undefined : decode(row)
    },
    put(sha256, size, digests, time) {
      const known = get.get(sha256)
      const all = { ...(known === undefined ? {} : parse<Digests>(known.digests)), ...digests }
      put.run(sha256, size, json(all), time)
    },
    drop: (sha256) => void drop.run(sha256),
    *scan() {
      let last = ''
      for (;;) {
        const rows = page.all(last)
        for (const row of rows) yield decode(row)
        const end = rows.at(-1)
        if (end === undefined || rows.length < 500) return
        last = end.sha256
      }
    },
  }
}

/** Those of a snapshot are apart from those of the newest state. */
function views(connection: Connected, snapshot: number): Catalog['views'] {
  type Row = Omit<ViewRow, 'sha256' | 'twins' | 'headers' | 'inputs' | 'until'> & {
    readonly sha256: string | null
    readonly twins: string
    readonly headers: string
    readonly inputs: string
    readonly until: number
  }
  const columns = 'key, repo, path, type, sha256, size, twins, headers, inputs, until, modified, used'
  const forever = Number.MAX_SAFE_INTEGER
  const decode = (row: Row): ViewRow => ({
    ...row,
    sha256: row.sha256 ?? undefined,
    twins: parse(row.twins),
    headers: parse(row.headers),
    inputs: parse(row.inputs),
    until: row.until === forever ? Number.POSITIVE_INFINITY : row.until,
  })
  const get = connection.prepare<[string], Row>(`SELECT ${columns} FROM view WHERE key = ?`)
  const latest = connection.prepare<[string, string, string], Row>(
    `SELECT ${columns} FROM view WHERE repo = ? AND path = ? AND type = ? AND snapshot = ${snapshot} ORDER BY modified DESC LIMIT 1`,
  )
  const all = connection.prepare<[], Row>(`SELECT ${columns} FROM view ORDER BY repo, path`)
  const put = connection.prepare(
    `INSERT OR REPLACE INTO view (${columns}, snapshot)
     VALUES (@key, @repo, @path, @type, @sha256, @size, @twins, @headers, @inputs, @until, @modified, @used, ${snapshot})`,
  )
  const drop = connection.prepare('DELETE FROM view WHERE key = ?')
  return {
    get(key) {
      const row = get.get(key)
      return row === undefined ? undefined : decode(row)
    },
    put: (view) =>
      void put.run({
        ...view,
        sha256: view.sha256 ?? null,
        twins: json(view.twins),
        headers: json(view.headers),
        inputs: json(view.inputs),
        until: Number.isFinite(view.until) ? view.until : forever,
      }),
    latest(repo, path, type) {
      const row = latest.get(repo, path, type)
      return row === undefined ? undefined : decode(row)
    },
    all: () => all.all().map(decode),
    drop: (key) => void drop.run(key),
  }
}

function holds(connection: Connected): Catalog['holds'] {
  const put = connection.prepare(
    'INSERT INTO hold (repo, path, holder, run) VALUES (?, ?, ?, ?) ON CONFLICT (repo, path, holder) DO UPDATE SET run = excluded.run',
  )
  const settle = connection.prepare('DELETE FROM hold WHERE holder = ? AND repo = ? AND run < ?')
  // one after the other: a repository may have a great many rows
  const next = connection
    .prepare<[string, string], string>('SELECT repo FROM hold WHERE holder = ? AND repo > ? ORDER BY repo LIMIT 1')
    .pluck()
  function* reposOf(holder: string): Generator<string> {
    for (let repo = next.get(holder, ''); repo !== undefined; repo = next.get(holder, repo)) yield repo
  }
  const before = connection.prepare<[string, number, string, string], { repo: string; path: string }>(
    `SELECT repo, path FROM hold WHERE holder = ? AND run < ? AND (repo, path) > (?, ?) ORDER BY repo, path LIMIT ${PAGE}`,
  )
  const drop = connection.prepare('DELETE FROM hold WHERE holder = ? AND repo = ? AND path = ?')
  const of = connection.prepare<[string, string], { holder: string }>(
    'SELECT holder FROM hold WHERE repo = ? AND path = ? ORDER BY holder',
  )
  const holders = connection.prepare<[], { holder: string; paths: number; run: number }>(
    'SELECT holder, count(*) AS paths, max(run) AS run FROM hold GROUP BY holder ORDER BY holder',
  )
  const sum = connection.prepare<[string, string], HeldSum>(
    `SELECT r.repo AS repo, count(*) AS files, sum(r.size) AS bytes, count(DISTINCT r.name) AS packages,
       sum(r.kind = 'artifact') AS artifacts, sum(r.size * (r.kind = 'artifact')) AS artifactBytes
     FROM hold h JOIN ref r ON r.repo = h.repo AND r.path = h.path AND r.variant = '' AND r.sha256 IS NOT NULL
       AND (+r.generation = 0 OR +r.generation IN (SELECT id FROM generation WHERE state = 'current'))
     WHERE h.holder = ? AND h.repo = ? GROUP BY r.repo`,
  )
  const unmet = connection.prepare<
    [string, string, number, string],
    { repo: string; path: string; name: string | null; version: string | null; named: number }
  >(
    `SELECT h.repo AS repo, h.path AS path, r.name AS name, r.version AS version,
       EXISTS (SELECT 1 FROM fact f JOIN reading d ON d.id = f.reading WHERE f.repo = h.repo AND f.path = h.path
         AND d.complete = 1 AND EXISTS (SELECT 1 FROM ref o WHERE o.sha256 = d.sha256 AND o.repo = d.repo)) AS named
     FROM hold h JOIN ref r ON r.repo = h.repo AND r.path = h.path AND r.variant = '' AND r.generation = 0
     WHERE h.holder = ? AND h.repo = ? AND h.run < ? AND r.kind = 'artifact' AND r.sha256 IS NOT NULL AND h.path > ?
     ORDER BY h.path LIMIT 500`,
  )
  return {
    put: connection.transaction((holder: string, run: number, held: Iterable<{ repo: string; path: string }>) => {
      for (const { repo, path } of held) put.run(repo, path, holder, run)
    }),
    settle: connection.transaction(
      (holder: string, run: number, repos?: Iterable<string>, standing?: ReadonlyMap<string, number>) =>
        [...(repos ?? reposOf(holder))].reduce(
          (count, repo) => count + settle.run(holder, repo, standing?.get(repo) ?? run).changes,
          0,
        ),
    ),
    *before(holder, run) {
      for (let last = { repo: '', path: '' }; ; ) {
        const rows = before.all(holder, run, last.repo, last.path)
        yield* rows
        const end = rows.at(-1)
        if (end === undefined || rows.length < PAGE) return
        last = end
      }
    },
    drop: (holder, repo, path) => void drop.run(holder, repo, path),
    of: (repo, path) => of.all(repo, path).map((row) => row.holder),
    holders: () => holders.all(),
    sums: (holder, known) =>
      [...reposOf(holder)].flatMap((repo) => {
        const found = known?.has(repo) === true ? known.get(repo) : sum.get(holder, repo)
        return found ?? []
      }),
    unmet: (holder, repo, run, after) =>
      unmet.all(holder, repo, run, after?.path ?? '').map(({ name, version, named, ...row }) => ({
        ...row,
        name: name ?? undefined,
        version: version ?? undefined,
        named: named === 1,
      })),
  }
}

function withdrawn(connection: Connected): Catalog['withdrawn'] {
  type Row = {
    repo: string
    path: string
    name: string | null
    version: string | null
    data: string | null
    word: string | null
  }
  const said = connection.prepare<[string, string, string], Row>(
    `SELECT h.repo AS repo, h.path AS path, r.name AS name, r.version AS version, w.word AS word,
       (SELECT f.data FROM fact f JOIN reading d ON d.id = f.reading WHERE f.repo = h.repo AND f.path = h.path
          AND d.complete = 1 AND f.data IS NOT NULL ORDER BY d.id DESC LIMIT 1) AS data
     FROM hold h JOIN ref r ON r.repo = h.repo AND r.path = h.path AND r.variant = '' AND r.generation = 0
     LEFT JOIN withdrawn w ON w.repo = h.repo AND w.path = h.path
     WHERE h.holder = ? AND h.repo = ? AND r.kind = 'artifact' AND r.sha256 IS NOT NULL AND h.path > ?
     ORDER BY h.path LIMIT 500`,
  )
  const add = connection.prepare(
    'INSERT INTO withdrawn (repo, path, word, run) VALUES (?, ?, ?, ?) ON CONFLICT (repo, path) DO NOTHING',
  )
  const drop = connection.prepare('DELETE FROM withdrawn WHERE repo = ? AND path = ?')
  return {
    said: (holder, repo, after) =>
      said.all(holder, repo, after?.path ?? '').map(({ name, version, data, word, ...row }) => ({
        ...row,
        name: name ?? undefined,
        version: version ?? undefined,
        data: data ?? undefined,
        word: word ?? undefined,
      })),
    add: (repo, path, word, run) => add.run(repo, path, word, run).changes > 0,
    drop: (repo, path) => void drop.run(repo, path),
  }
}

function runs(connection: Connected): Catalog['runs'] {
  type Row = Omit<Run, 'ended' | 'code' | 'summary'> & {
    readonly ended: number | null
    readonly code: number | null
    readonly summary: string | null
  }
  const start = connection.prepare('INSERT INTO run (command, started) VALUES (?, ?)')
  const end = connection.prepare('UPDATE run SET ended = ?, code = ?, summary = ? WHERE id = ?')
  const trim = connection.prepare(
    'DELETE FROM run WHERE id <= (SELECT max(id) FROM run) - ? AND id NOT IN (SELECT max(id) FROM run GROUP BY command)',
  )
  const list = connection.prepare<[number], Row>(
    'SELECT id, command, started, ended, code, summary FROM run ORDER BY id DESC LIMIT ?',
  )
  const last = connection.prepare<[string], Row>(
    `SELECT id, command, started, ended, code, summary FROM run
     WHERE command IN (SELECT value FROM json_each(?)) ORDER BY id DESC LIMIT 1`,
  )
  return {
    start: (command, time) => Number(start.run(command, time).lastInsertRowid),
    last(commands) {
      const row = last.get(json(commands))
      if (row === undefined) return undefined
      const { summary: _, ended, code, ...rest } = row
      return { ...rest, ended: ended ?? undefined, code: code ?? undefined }
    },
    end: (id, time, code, summary) => void end.run(time, code, json(summary), id),
    trim: (most) => void trim.run(most),
    list: (most) =>
      list.all(most).map((row) => ({
        ...row,
        ended: row.ended ?? undefined,
        code: row.code ?? undefined,
        summary: row.summary === null ? undefined : parse<unknown>(row.summary),
      })),
  }
}

function repositories(connection: Connected): Catalog['repositories'] {
  const record = connection.prepare(
    'INSERT OR REPLACE INTO repository (name, ecosystem, settings, recorded) VALUES (@name, @ecosystem, @settings, @recorded)',
  )
  const list = connection.prepare<[], { name: string; ecosystem: string; settings: string; recorded: number }>(
    'SELECT name, ecosystem, settings, recorded FROM repository ORDER BY name',
  )
  return {
    record: (repository) => void record.run({ ...repository, settings: json(repository.settings) }),
    list: () => list.all().map((row) => ({ ...row, settings: parse<unknown>(row.settings) })),
  }
}
