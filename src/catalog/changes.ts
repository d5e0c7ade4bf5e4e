// What changed between two states, by package: in temporary tables of this connection, so that memory stays small however
// much changed.

import type { Connection } from './open.ts'
import { sideOf } from './seen.ts'

export interface ChangedVersion {
  readonly version: string
  readonly files: number
  readonly bytes: number
  /** Of its files, in the order of their paths. */
  readonly digests: string
  readonly paths: readonly string[]
}

/** Every version that either state has of a package of which they do not have the same files. */
export interface ChangedPackage {
  readonly repo: string
  readonly name: string
  readonly before: readonly ChangedVersion[]
  readonly after: readonly ChangedVersion[]
}

export interface Changes {
  /** By (repo, name), in pages. */
  packages(): Iterable<ChangedPackage>
  close(): void
}

const PAGE = 100

const schema = `
  CREATE TEMPORARY TABLE changed_name (repo TEXT, name TEXT, PRIMARY KEY (repo, name)) WITHOUT ROWID;
  CREATE TEMPORARY TABLE changed_version (side INTEGER, repo TEXT, name TEXT, version TEXT, files INTEGER, bytes INTEGER,
    digests TEXT, paths TEXT, PRIMARY KEY (repo, name, side, version)) WITHOUT ROWID;
`
const drop = 'DROP TABLE IF EXISTS temp.changed_name; DROP TABLE IF EXISTS temp.changed_version'

interface Row extends Omit<ChangedVersion, 'paths'> {
  readonly side: number
  readonly paths: string
}

/** One at a time for each connection; 0 stands for the newest state. */
export function changes(connection: Connection, before: number, after: number): Changes {
  connection.exec(drop)
  connection.exec(schema)
  for (const [one, other] of [
    [before, after],
    [after, before],
  ] as const) {
    connection.exec(`INSERT INTO changed_name SELECT DISTINCT repo, name FROM (${sideOf(one, other)})
      WHERE kind = 'artifact' AND name IS NOT NULL ON CONFLICT DO NOTHING`)
  }
  for (const [side, id] of [before, after].entries()) {
    connection.exec(`INSERT INTO changed_version
      SELECT ${side}, s.repo, s.name, coalesce(s.version, ''), count(*), sum(s.size), group_concat(s.sha256, ' ' ORDER BY s.path),
        group_concat(s.path, char(10) ORDER BY s.path)
      FROM (${sideOf(id)}) s JOIN changed_name c ON c.repo = s.repo AND c.name = s.name
      WHERE s.kind = 'artifact' GROUP BY s.repo, s.name, coalesce(s.version, '')`)
  }
  const names = connection.prepare<[string, string], { repo: string; name: string }>(
    `SELECT repo, name FROM changed_name WHERE (repo, name) > (?, ?) ORDER BY repo, name LIMIT ${PAGE}`,
  )
  const versions = connection.prepare<[string, string], Row>(
    'SELECT side, version, files, bytes, digests, paths FROM changed_version WHERE repo = ? AND name = ? ORDER BY side, version',
  )
  return {
    *packages() {
      let last = { repo: '', name: '' }
      for (;;) {
        const page = names.all(last.repo, last.name)
        for (const { repo, name } of page) {
          const all = versions.all(repo, name)
          const of = (wanted: number): readonly ChangedVersion[] =>
            all
              .filter(({ side }) => side === wanted)
              .map(({ side: _, paths, ...row }) => ({ ...row, paths: paths.split('\n') }))
          yield { repo, name, before: of(0), after: of(1) }
        }
        const end = page.at(-1)
        if (end === undefined || page.length < PAGE) return
        last = end
      }
    },
    close: () => void connection.exec(drop),
  }
}
