// Totals for `status`: two scans, a quarter of a second each on a million refs. Sums over distinct blobs for each
// repository would cost ten times that.

import type { Connection } from './open.ts'

/** What clients of a repository see: refs that belong to no generation or to a current one. */
export interface HeldTotals {
  readonly repo: string
  readonly files: number
  readonly artifacts: number
  /** Bytes of the files; one blob under two paths counts twice. */
  readonly bytes: number
  readonly hits: number
  /** The last fetch, and the last use that was asked for (0 when there was none), milliseconds since 1970. */
  readonly fetched: number
  readonly used: number
}

export interface Totals {
  held(): readonly HeldTotals[]
  /** Everything in the store, whatever refers to it. */
  stored(): { readonly blobs: number; readonly bytes: number }
  /** Bytes that a file of a repository has, by a thousand of them; undefined where none is held. */
  usualSize(repo: string): number | undefined
}

export function totals(connection: Connection): Totals {
  // the plus keeps SQLite from going through the index of generations, which reads the table in no order: 20 times slower
  const held = connection.prepare<[], HeldTotals>(
    `SELECT repo, count(*) AS files, sum(kind = 'artifact') AS artifacts, sum(size) AS bytes, sum(hits) AS hits,
       max(fetched) AS fetched, max(used) AS used
     FROM ref WHERE sha256 IS NOT NULL AND (+generation = 0 OR +generation IN (SELECT id FROM generation WHERE state = 'current'))
     GROUP BY repo ORDER BY repo`,
  )
  const stored = connection.prepare<[], { blobs: number; bytes: number }>(
    'SELECT count(*) AS blobs, coalesce(sum(size), 0) AS bytes FROM blob',
  )
  const usual = connection
    .prepare<[string], number | null>(
      `SELECT avg(size) FROM (SELECT size FROM ref WHERE repo = ? AND kind = 'artifact' AND sha256 IS NOT NULL LIMIT 1000)`,
    )
    .pluck()
  return {
    usualSize: (repo) => usual.get(repo) ?? undefined,
    held: () => held.all(),
    stored: () => stored.get() ?? { blobs: 0, bytes: 0 },
  }
}
