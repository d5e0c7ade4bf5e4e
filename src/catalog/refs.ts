// Refs: (repo, path, variant, generation) to bytes, with validators, times and proof.

import type { Kind } from '../contract.ts'
import type { Connection } from './open.ts'
import type { Proof, Ref } from './rows.ts'

export interface Row extends Omit<Ref, 'sha256' | 'headers' | 'name' | 'version' | 'kind' | 'proof'> {
  readonly sha256: string | null
  readonly headers: string
  readonly name: string | null
  readonly version: string | null
  readonly kind: string
  readonly proof: string
}

export const decode = (row: Row): Ref => ({
  ...row,
  kind: row.kind as Kind,
  proof: row.proof as Proof,
  sha256: row.sha256 ?? undefined,
  headers: row.headers === '{}' ? none : (JSON.parse(row.headers) as Record<string, string>),
  name: row.name ?? undefined,
  version: row.version ?? undefined,
})

const none: Readonly<Record<string, string>> = {}

const encode = (ref: Ref): Row => ({
  ...ref,
  sha256: ref.sha256 ?? null,
  headers: JSON.stringify(ref.headers),
  name: ref.name ?? null,
  version: ref.version ?? null,
})

/** One page of a scan: scans never keep a statement open, so that a writer may write in between. */
const PAGE = 500

/** Lacks are counted once in so many. */
const COUNTED = 128

export interface Refs {
  get(repo: string, path: string, variant: string, generation: number): Ref | undefined
  /** All that a repo keeps for one path outside of generations. */
  variants(repo: string, path: string): readonly Ref[]
  /** A path without a variant, in every generation that has it. */
  everywhere(repo: string, path: string): readonly Ref[]
  put(ref: Ref): void
  /** Remembers that upstream does not have it. Only about so many lacks are kept, the newest: whoever guesses names must not fill the catalog. */
  lack(ref: Ref, most: number): void
  /** Renews the validation time of an unchanged ref. */
  checked(ref: Ref, time: number, headers?: Readonly<Record<string, string>>): void
  drop(ref: Ref): void
  ofGeneration(generation: number): readonly Ref[]
  bySha256(sha256: string): readonly Ref[]
  /** Refs as they were, which only snapshots see. */
  past(sha256: string): readonly Ref[]
  /** All refs of a repo, or of all, by path; in pages, so that others may write meanwhile. */
  scan(repo?: string): Iterable<Ref>
  byName(repo: string, name: string): readonly Ref[]
  /** What a repo holds, by generation and proof: how many refs, and when the last of them was validated. */
  proofs(repo: string): readonly {
    readonly generation: number
    readonly proof: Proof
    readonly refs: number
    readonly checked: number
  }[]
  /** Adds hits and last uses, gathered by (repo, path). */
  used(
    uses: Iterable<{ readonly repo: string; readonly path: string; readonly hits: number; readonly used: number }>,
  ): void
  /** Per repository: refs, held refs, bytes of distinct blobs, hits, last fetch. */
  totals(): readonly {
    readonly repo: string
    readonly refs: number
    readonly artifacts: number
    readonly bytes: number
    readonly hits: number
    readonly fetched: number
  }[]
}

export const columns =
  'repo, path, variant, generation, kind, sha256, size, status, type, url, headers, fetched, checked, modified, name, version, proof, proven, hits, used'

export const refs = (connection: Connection): Refs => ({ ...refReads(connection), ...refWrites(connection) })

type Writes = Pick<Refs, 'put' | 'lack' | 'checked' | 'drop' | 'used'>

/** What an engine would note down while it looks at a snapshot is let go of. */
export const quietWrites: Writes = {
  put: () => undefined,
  lack: () => undefined,
  checked: () => undefined,
  drop: () => undefined,
  used: () => undefined,
}

export function refReads(connection: Connection): Omit<Refs, keyof Writes> {
  const get = connection.prepare<[string, string, string, number], Row>(
    `SELECT ${columns} FROM ref WHERE repo = ? AND path = ? AND variant = ? AND generation = ?`,
  )
  const variants = connection.prepare<[string, string], Row>(
    `SELECT ${columns} FROM ref WHERE repo = ? AND path = ? AND generation = 0`,
  )
  const everywhere = connection.prepare<[string, string], Row>(
    `SELECT ${columns} FROM ref WHERE repo = ? AND path = ? AND variant = ''`,
  )
  const ofGeneration = connection.prepare<[number], Row>(
    `SELECT ${columns} FROM ref WHERE generation = ? ORDER BY path`,
  )
  const past = connection.prepare<[string], Row>(`SELECT ${columns} FROM past WHERE sha256 = ?`)
  const bySha256 = connection.prepare<[string], Row>(`SELECT ${columns} FROM ref WHERE sha256 = ?`)
  // nothing beside the comparison of the whole place: SQLite would begin each page where the repo begins
  const first = connection.prepare<[string, string, string, number], Row>(
    `SELECT ${columns} FROM ref WHERE (repo, path, variant, generation) > (?, ?, ?, ?)
     ORDER BY repo, path, variant, generation LIMIT ${PAGE}`,
  )
  const byName = connection.prepare<[string, string], Row>(
    `SELECT ${columns} FROM ref WHERE repo = ? AND name = ? ORDER BY path`,
  )
  const proofs = connection.prepare<[string], { generation: number; proof: Proof; refs: number; checked: number }>(
    `SELECT generation, proof, count(*) AS refs, max(checked) AS checked FROM ref
     WHERE repo = ? AND sha256 IS NOT NULL GROUP BY generation, proof`,
  )
  const totals = connection.prepare<
    [],
    { repo: string; refs: number; artifacts: number; bytes: number; hits: number; fetched: number }
  >(
    `SELECT r.repo AS repo, count(*) AS refs, sum(r.kind = 'artifact') AS artifacts, sum(r.hits) AS hits, max(r.fetched) AS fetched,
       (SELECT coalesce(sum(b.size), 0) FROM blob b WHERE b.sha256 IN (SELECT sha256 FROM ref WHERE repo = r.repo)) AS bytes
     FROM ref r WHERE r.sha256 IS NOT NULL GROUP BY r.repo ORDER BY r.repo`,
  )
  return {
    get(repo, path, variant, generation) {
      const row = get.get(repo, path, variant, generation)
      return row === undefined ? undefined : decode(row)
    },
    variants: (repo, path) => variants.all(repo, path).map(decode),
    everywhere: (repo, path) => everywhere.all(repo, path).map(decode),
    ofGeneration: (generation) => ofGeneration.all(generation).map(decode),
    bySha256: (sha256) => bySha256.all(sha256).map(decode),
    past: (sha256) => past.all(sha256).map(decode),
    *scan(repo) {
      let from: readonly [string, string, string, number] = [repo ?? '', '', '', -1]
      for (;;) {
        const page = first.all(...from)
        for (const row of page) {
          if (repo !== undefined && row.repo !== repo) return
          yield decode(row)
        }
        const last = page.at(-1)
        if (last === undefined || page.length < PAGE) return
        from = [last.repo, last.path, last.variant, last.generation]
      }
    },
    byName: (repo, name) => byName.all(repo, name).map(decode),
    proofs: (repo) => proofs.all(repo),
    totals: () => totals.all(),
  }
}

function refWrites(connection: Connection): Writes {
  const put = connection.prepare(
    `INSERT INTO ref (${columns}) VALUES (@repo, @path, @variant, @generation, @kind, @sha256, @size, @status, @type, @url, @headers,
       @fetched, @checked, @modified, @name, @version, @proof, @proven, @hits, @used)
     ON CONFLICT (repo, path, variant, generation) DO UPDATE SET kind = excluded.kind, sha256 = excluded.sha256, size = excluded.size,
       status = excluded.status, type = excluded.type, url = excluded.url, headers = excluded.headers, fetched = excluded.fetched,
       checked = excluded.checked, modified = excluded.modified, name = excluded.name, version = excluded.version,
       proof = excluded.proof, proven = excluded.proven`,
  )
  const lacks = connection.prepare<[], { n: number }>('SELECT count(*) AS n FROM ref WHERE sha256 IS NULL')
  const forget = connection.prepare(
    `DELETE FROM ref WHERE sha256 IS NULL AND checked <
       (SELECT checked FROM ref WHERE sha256 IS NULL ORDER BY checked DESC LIMIT 1 OFFSET ?)`,
  )
  let added = 0
  const checked = connection.prepare(
    'UPDATE ref SET checked = ?, headers = ? WHERE repo = ? AND path = ? AND variant = ? AND generation = ?',
  )
  const drop = connection.prepare('DELETE FROM ref WHERE repo = ? AND path = ? AND variant = ? AND generation = ?')
  const use = connection.prepare('UPDATE ref SET hits = hits + ?, used = max(used, ?) WHERE repo = ? AND path = ?')
  return {
    put: (ref) => void put.run(encode(ref)),
    lack(ref, most) {
      put.run(encode(ref))
      added += 1
      if (added % COUNTED === 0 && (lacks.get()?.n ?? 0) > most) forget.run(most - 1)
    },
    checked: (ref, time, headers) =>
      void checked.run(time, JSON.stringify(headers ?? ref.headers), ref.repo, ref.path, ref.variant, ref.generation),
    drop: (ref) => void drop.run(ref.repo, ref.path, ref.variant, ref.generation),
    used: connection.transaction((uses: Parameters<Refs['used']>[0]) => {
      for (const { repo, path, hits, used } of uses) use.run(hits, used, repo, path)
    }),
  }
}
