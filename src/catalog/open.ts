// Opens the SQLite catalog: WAL, so that readers never wait for a writer; migrations in one transaction each.

import Database from 'better-sqlite3'
import { MirrorError } from '../errors.ts'
import { migrations } from './migrations.ts'
import { seenBy } from './seen.ts'
import { steady } from './steady.ts'

export type Connection = Database.Database

/** Opens and migrates; throws CONFIG when the catalog was written by a newer pkgmirror. */
export function connect(file: string): Connection {
  const connection = new Database(file, { timeout: 10_000 })
  const prepare = connection.prepare.bind(connection)
  connection.prepare = (sql: string) => prepare(steady(sql))
  connection.pragma('journal_mode = WAL')
  connection.pragma('synchronous = NORMAL')
  connection.pragma('cache_size = -16000')
  connection.pragma('wal_autocheckpoint = 2000')
  migrate(connection, file)
  return connection
}

/**
 * A connection on which `ref` and `generation` are those of a snapshot: views that stand before the tables of these names, so
 * that every query of the engine sees them.
 */
export function connectAt(file: string, snapshot: number): Connection {
  const connection = connect(file)
  // a snapshot is looked at now and then, and several at once
  connection.pragma('cache_size = -4000')
  connection.exec(`
    CREATE TEMP VIEW ref AS ${seenBy(snapshot)};
    CREATE TEMP VIEW generation AS SELECT generation AS id, repo, key, 'current' AS state, made, flipped
      FROM main.snapshot_generation WHERE snapshot = ${snapshot};
  `)
  return connection
}

function migrate(connection: Connection, file: string): void {
  const version = () => Number(connection.pragma('user_version', { simple: true }))
  if (version() > migrations.length) {
    throw new MirrorError(
      'CONFIG',
      `the catalog is of version ${version()}, this pkgmirror knows up to ${migrations.length}`,
      {
        file,
        hint: 'Use the newer pkgmirror that wrote it, or another data directory.',
      },
    )
  }
  if (version() === migrations.length) return
  const step = connection.transaction(() => {
    for (let number = version(); number < migrations.length; number += 1) {
      connection.exec(migrations[number] ?? '')
      connection.pragma(`user_version = ${number + 1}`)
    }
  })
  step.immediate()
}
