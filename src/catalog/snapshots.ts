// Snapshots: named sets of refs and generations that never change. One is a row and the generations that were current; what
// it sees is told from the others by the numbers that triggers write beside each ref (see migrations.ts).

import { MirrorError } from '../errors.ts'
import { type Changes, changes } from './changes.ts'
import type { Connection } from './open.ts'
import { decode, type Row as RefRow } from './refs.ts'
import type { Ref } from './rows.ts'
import { sideOf } from './seen.ts'

export interface Snapshot {
  /** Grows from one to the next; 0 stands for the newest state. */
  readonly id: number
  readonly name: string
  /** Milliseconds since 1970. */
  readonly made: number
  readonly tags: readonly string[]
  readonly note: string
  /** Made by a run, so that it goes by rule. */
  readonly automatic: boolean
}

export interface NewSnapshot {
  readonly name: string
  readonly time: number
  readonly tags?: readonly string[]
  readonly note?: string
  readonly automatic?: boolean
}

export interface SnapshotGeneration {
  readonly repo: string
  readonly key: string
  readonly generation: number
}

/** What differs between two states at a path. */
export interface RefChange {
  readonly repo: string
  readonly path: string
  readonly variant: string
  readonly before: Ref | undefined
  readonly after: Ref | undefined
}

export interface Snapshots {
  /** Costs nothing for what is held. Throws USAGE for a name that is taken or cannot be one. */
  create(snapshot: NewSnapshot): Snapshot
  get(name: string): Snapshot | undefined
  /** Oldest first. */
  list(): readonly Snapshot[]
  /** Forgets one, unless it is shown. What only it saw stays until it is released. */
  drop(id: number): boolean
  /** Does the newest state hold anything else than this snapshot, as far as its numbers tell? */
  changedSince(id: number): boolean
  /** Lets go of some refs that no snapshot sees any more; true when none is left. */
  release(): boolean
  /** Refs of a snapshot that hold bytes (0: of the newest state), by (repo, path, variant, generation); in pages. */
  refs(id: number): Iterable<Ref>
  /** Per repository: files and bytes. */
  totals(id: number): readonly { readonly repo: string; readonly files: number; readonly bytes: number }[]
  generations(id: number): readonly SnapshotGeneration[]
  /** Do these bytes stand in a ref that was replaced since some snapshot? */
  hold(repo: string, sha256: string): boolean
  /** What is served and exported instead of the newest state. */
  shown(): Snapshot | undefined
  show(id: number | undefined, time: number): void
  /** When what is shown was last changed by `show`; 0 for never. */
  turned(): number
  /** By (repo, path, variant); 0 stands for the newest state. */
  diff(before: number, after: number): Iterable<RefChange>
  /** The same by package; ends the one before. */
  changes(before: number, after: number): Changes
}

/** One page of a scan. */
const PAGE = 500
/** Rows let go of in one transaction. */
const BATCH = 500

const nameForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/

/** The name of a snapshot that is given none: `2026-12-01T03-30-00Z`. */
export const nameOf = (time: number): string =>
  new Date(time).toISOString().slice(0, 19).replaceAll(':', '-').concat('Z')

function mustBeName(name: string): void {
  if (nameForm.test(name) && !name.includes('..')) return
  throw new MirrorError('USAGE', `${JSON.stringify(name.slice(0, 100))} cannot be the name of a snapshot`, {
    hint: 'Letters, digits, `.`, `_` and `-`, at most 100 of them, the first a letter or digit, and no two dots together.',
  })
}

interface Row extends Omit<Snapshot, 'tags' | 'automatic'> {
  readonly tags: string
  readonly automatic: number
}

const snapshotOf = (row: Row): Snapshot => ({
  ...row,
  tags: JSON.parse(row.tags) as readonly string[],
  automatic: row.automatic === 1,
})

export function snapshots(connection: Connection): Snapshots {
  return {
    ...records(connection),
    ...contents(connection),
    ...shownSnapshot(connection),
    changes: (before, after) => changes(connection, before, after),
  }
}

function records(
  connection: Connection,
): Pick<Snapshots, 'create' | 'get' | 'list' | 'drop' | 'release' | 'generations' | 'hold'> {
  const fields = 'id, name, made, tags, note, automatic'
  const get = connection.prepare<[string], Row>(`SELECT ${fields} FROM snapshot WHERE name = ?`)
  const list = connection.prepare<[], Row>(`SELECT ${fields} FROM snapshot ORDER BY id`)
  const insert = connection.prepare(
    'INSERT INTO snapshot (name, made, tags, note, automatic) VALUES (@name, @time, @tags, @note, @automatic)',
  )
  const keep = connection.prepare(
    `INSERT INTO snapshot_generation (snapshot, generation, repo, key, made, flipped)
     SELECT ?, id, repo, key, made, flipped FROM generation WHERE state = 'current'`,
  )
  const drop = connection.prepare(
    'DELETE FROM snapshot WHERE id = @id AND NOT EXISTS (SELECT 1 FROM shown WHERE snapshot = @id)',
  )
  const dropGenerations = connection.prepare('DELETE FROM snapshot_generation WHERE snapshot = ?')
  const dropViews = connection.prepare('DELETE FROM view WHERE snapshot = ?')
  const release = connection.prepare(
    `DELETE FROM past WHERE (repo, path, variant, generation, until) IN (
       SELECT repo, path, variant, generation, until FROM past p
       WHERE NOT EXISTS (SELECT 1 FROM snapshot s WHERE s.id > p.since AND s.id <= p.until) LIMIT ${BATCH})`,
  )
  const generations = connection.prepare<[number], SnapshotGeneration>(
    'SELECT repo, key, generation FROM snapshot_generation WHERE snapshot = ? ORDER BY repo, key',
  )
  const hold = connection.prepare<[string, string], unknown>('SELECT 1 FROM past WHERE sha256 = ? AND repo = ?')
  function found(name: string): Snapshot | undefined {
    const row = get.get(name)
    return row === undefined ? undefined : snapshotOf(row)
  }
  return {
    create: connection.transaction(({ name, time, tags = [], note = '', automatic = false }: NewSnapshot) => {
      mustBeName(name)
      if (get.get(name) !== undefined)
        throw new MirrorError('USAGE', `there is a snapshot ${name} already`, { hint: 'Choose another name.' })
      const row = { name, time, tags: JSON.stringify(tags), note, automatic: automatic ? 1 : 0 }
      const id = Number(insert.run(row).lastInsertRowid)
      keep.run(id)
      return { id, name, made: time, tags, note, automatic }
    }).immediate,
    get: found,
    list: () => list.all().map(snapshotOf),
    drop: connection.transaction((id: number) => {
      if (drop.run({ id }).changes === 0) return false
      dropGenerations.run(id)
      dropViews.run(id)
      return true
    }).immediate,
    release: () => release.run().changes < BATCH,
    generations: (id) => generations.all(id),
    hold: (repo, sha256) => hold.get(sha256, repo) !== undefined,
  }
}

function shownSnapshot(connection: Connection): Pick<Snapshots, 'shown' | 'show' | 'turned'> {
  const shown = connection.prepare<[], Row>(
    `SELECT s.id AS id, name, made, tags, note, automatic FROM shown JOIN snapshot s ON s.id = shown.snapshot`,
  )
  const show = connection.prepare('UPDATE shown SET snapshot = ?, since = ?')
  const turned = connection.prepare<[], number>('SELECT since FROM shown').pluck()
  return {
    shown() {
      const row = shown.get()
      return row === undefined ? undefined : snapshotOf(row)
    },
    show: (id, time) => void show.run(id ?? null, time),
    turned: () => turned.get() ?? 0,
  }
}

type Side = RefRow & { readonly since: number }

function contents(connection: Connection): Pick<Snapshots, 'refs' | 'totals' | 'diff' | 'changedSince'> {
  /** Rows of one state that are not, by their numbers, the same in the other. */
  function* rows(id: number, other?: number): Generator<Side> {
    const page = connection.prepare<[string, string, string, number], Side>(
      `SELECT * FROM (${sideOf(id, other)}) WHERE (repo, path, variant, generation) > (?, ?, ?, ?)
       ORDER BY repo, path, variant, generation LIMIT ${PAGE}`,
    )
    let from: readonly [string, string, string, number] = ['', '', '', -1]
    for (;;) {
      const found = page.all(...from)
      yield* found
      const last = found.at(-1)
      if (last === undefined || found.length < PAGE) return
      from = [last.repo, last.path, last.variant, last.generation]
    }
  }
  return {
    *refs(id) {
      for (const row of rows(id)) yield refOf(row)
    },
    totals: (id) =>
      connection
        .prepare<[], { repo: string; files: number; bytes: number }>(
          `SELECT repo, count(*) AS files, sum(size) AS bytes FROM (${sideOf(id)}) GROUP BY repo ORDER BY repo`,
        )
        .all(),
    changedSince: (id) =>
      [sideOf(0, id), sideOf(id, 0)].some(
        (side) => connection.prepare(`SELECT 1 FROM (${side}) LIMIT 1`).get() !== undefined,
      ),
    *diff(before, after) {
      const [left, right] = [rows(before, after), rows(after, before)]
      let [one, two] = [nextPath(left), nextPath(right)]
      while (one !== undefined || two !== undefined) {
        const order = one === undefined ? 1 : two === undefined ? -1 : comparePlaces(one, two)
        const [was, is] = [order <= 0 ? one : undefined, order >= 0 ? two : undefined]
        const place = was ?? is
        if (place !== undefined && !(was !== undefined && is !== undefined && isAlike(was, is))) {
          const { repo, path, variant } = place
          yield { repo, path, variant, before: was && refOf(was), after: is && refOf(is) }
        }
        if (order <= 0) one = nextPath(left)
        if (order >= 0) two = nextPath(right)
      }
    },
  }
}

const refOf = ({ since: _, ...row }: Side): Ref => decode(row)

function nextPath(rows: Generator<Side>): Side | undefined {
  const next = rows.next()
  return next.done === true ? undefined : next.value
}

const placeOf = ({ repo, path, variant }: Side): readonly [string, string, string] => [repo, path, variant]

/** In the order of the catalog, which is that of UTF-8. */
function comparePlaces(a: Side, b: Side): number {
  for (const [index, one] of placeOf(a).entries()) {
    const two = placeOf(b)[index] ?? ''
    if (one !== two) return Buffer.compare(Buffer.from(one), Buffer.from(two))
  }
  return 0
}

/** Times, counts and header fields alone are no change. */
const isAlike = (a: Side, b: Side): boolean =>
  (['kind', 'sha256', 'size', 'status', 'type', 'url', 'name', 'version', 'proof', 'proven'] as const).every(
    (column) => a[column] === b[column],
  )
