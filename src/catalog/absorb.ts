// A copy of the catalog to try something on, and the way back: what was changed in the copy is written into the catalog in
// one transaction, so that whoever reads it meanwhile sees all of it or nothing. The copy notes by triggers which rows were
// changed; whoever else wrote to the catalog in the meantime is not written over.

import Database from 'better-sqlite3'
import { MirrorError } from '../errors.ts'
import type { Connection } from './open.ts'

/** Tables whose changes are written back, with their keys. Readings and facts go by new numbers; the rest is not ours to change. */
const keys = {
  blob: ['sha256'],
  generation: ['id'],
  ref: ['repo', 'path', 'variant', 'generation'],
  seen: ['repo', 'path'],
  hold: ['repo', 'path', 'holder'],
  repository: ['name'],
} as const
type Table = keyof typeof keys

/** Rows written in one transaction before the last one. */
const BATCH = 2000

export interface Absorption {
  /** Copies the catalog into a new file, which is then opened like any other. */
  copyTo(file: string): void
  /**
   * Writes back what was changed in that copy, with `also` in the same transaction. Throws LOCKED when somebody has changed the
   * same things meanwhile, and then nothing that counts has been written.
   */
  absorb(file: string, also: () => void): void
}

export function absorption(connection: Connection): Absorption {
  return {
    copyTo(file) {
      connection.prepare('VACUUM INTO ?').run(file)
      const copy = new Database(file)
      try {
        copy.exec(tracking())
      } finally {
        copy.close()
      }
    },
    absorb(file, also) {
      connection.prepare('ATTACH ? AS copy').run(file)
      try {
        addBlobs(connection)
        addReadings(connection)
        connection
          .transaction(() => {
            mustBeAlone(connection)
            writeBack(connection)
            also()
          })
          .immediate()
      } finally {
        connection.exec('DETACH copy')
      }
    },
  }
}

/** Triggers that note the keys of changed rows, and the highest numbers before any change. */
function tracking(): string {
  const tables = Object.entries(keys).map(([table, columns]) => {
    const note = (row: 'NEW' | 'OLD'): string =>
      `INSERT INTO changed_${table} VALUES (${columns.map((column) => `${row}.${column}`).join(', ')}) ON CONFLICT DO NOTHING;`
    return `
      CREATE TABLE changed_${table} (${columns.join(', ')}, PRIMARY KEY (${columns.join(', ')})) WITHOUT ROWID;
      CREATE TRIGGER track_${table}_insert AFTER INSERT ON ${table} BEGIN ${note('NEW')} END;
      CREATE TRIGGER track_${table}_update AFTER UPDATE ON ${table} BEGIN ${note('NEW')} END;
      CREATE TRIGGER track_${table}_delete AFTER DELETE ON ${table} BEGIN ${note('OLD')} END;`
  })
  return `${tables.join('')}
    CREATE TABLE changed_remembered (repo, key, was, PRIMARY KEY (repo, key)) WITHOUT ROWID;
    CREATE TRIGGER track_remembered_insert AFTER INSERT ON remembered BEGIN
      INSERT INTO changed_remembered VALUES (NEW.repo, NEW.key, NULL) ON CONFLICT DO NOTHING; END;
    CREATE TRIGGER track_remembered_update AFTER UPDATE ON remembered BEGIN
      INSERT INTO changed_remembered VALUES (NEW.repo, NEW.key, OLD.value) ON CONFLICT DO NOTHING; END;
    CREATE TABLE before AS SELECT (SELECT coalesce(max(id), 0) FROM reading) AS reading,
      (SELECT coalesce(max(id), 0) FROM generation) AS generation;
    CREATE TABLE reading_is (mine INTEGER PRIMARY KEY, theirs INTEGER, fresh INTEGER);
    CREATE TABLE generation_is (mine INTEGER PRIMARY KEY, theirs INTEGER);`
}

/** Bytes that no ref names yet change nothing for anybody. */
function addBlobs(connection: Connection): void {
  const page = connection.prepare<[string], { sha256: string }>(
    `SELECT sha256 FROM copy.changed_blob WHERE sha256 > ? ORDER BY sha256 LIMIT ${BATCH}`,
  )
  const add = connection.prepare(
    `INSERT INTO main.blob (sha256, size, digests, added) SELECT sha256, size, digests, added FROM copy.blob WHERE sha256 = ?
     ON CONFLICT (sha256) DO UPDATE SET digests = excluded.digests, added = max(added, excluded.added)`,
  )
  const write = connection.transaction((rows: readonly { sha256: string }[]) => {
    for (const { sha256 } of rows) add.run(sha256)
  })
  for (let last = ''; ; ) {
    const rows = page.all(last)
    write.immediate(rows)
    const end = rows.at(-1)
    if (end === undefined || rows.length < BATCH) return
    last = end.sha256
  }
}

/** Readings that are not complete count for nobody, nor do those whose document no ref holds. */
function addReadings(connection: Connection): void {
  type Reading = { readonly id: number; readonly repo: string; readonly scope: string; readonly sha256: string }
  const all = connection.prepare<[number], Reading>(
    `SELECT id, repo, scope, sha256 FROM copy.reading WHERE id > max(?, (SELECT reading FROM copy.before)) AND complete = 1
     ORDER BY id LIMIT ${BATCH}`,
  )
  const known = connection.prepare<[string, string, string], { id: number; complete: number }>(
    'SELECT id, complete FROM main.reading WHERE repo = ? AND scope = ? AND sha256 = ?',
  )
  const dropFacts = connection.prepare('DELETE FROM main.fact WHERE reading = ?')
  const drop = connection.prepare('DELETE FROM main.reading WHERE id = ?')
  const add = connection.prepare(
    `INSERT INTO main.reading (repo, scope, sha256, made, complete) SELECT repo, scope, sha256, made, 0 FROM copy.reading WHERE id = ?`,
  )
  const is = connection.prepare('INSERT OR REPLACE INTO copy.reading_is (mine, theirs, fresh) VALUES (?, ?, ?)')
  const columns = 'name, version, size, url, published, digests, data'
  const facts = connection.prepare(
    `INSERT INTO main.fact (repo, path, reading, ${columns})
     SELECT repo, path, @theirs, ${columns} FROM copy.fact WHERE reading = @mine AND repo = @repo AND path > @last
     ORDER BY path LIMIT ${BATCH}`,
  )
  const end = connection.prepare<[number], string | null>('SELECT max(path) FROM main.fact WHERE reading = ?').pluck()
  const begin = connection.transaction(({ id, repo, scope, sha256 }: Reading): number | undefined => {
    const there = known.get(repo, scope, sha256)
    if (there?.complete === 1) is.run(id, there.id, 0)
    if (there?.complete === 1) return undefined
    if (there !== undefined) {
      dropFacts.run(there.id)
      drop.run(there.id)
    }
    const theirs = Number(add.run(id).lastInsertRowid)
    is.run(id, theirs, 1)
    return theirs
  })
  for (let last = 0; ; ) {
    const rows = all.all(last)
    for (const row of rows) {
      const theirs = begin.immediate(row)
      if (theirs === undefined) continue
      for (let path = ''; ; ) {
        if (facts.run({ theirs, mine: row.id, repo: row.repo, last: path }).changes < BATCH) break
        path = end.get(theirs) ?? ''
      }
    }
    const final = rows.at(-1)
    if (final === undefined || rows.length < BATCH) return
    last = final.id
  }
}

function mustBeAlone(connection: Connection): void {
  const generation = connection
    .prepare<[], string>(
      `SELECT repo FROM main.generation WHERE id > (SELECT generation FROM copy.before)
         AND repo IN (SELECT repo FROM copy.generation WHERE id > (SELECT generation FROM copy.before)) LIMIT 1`,
    )
    .pluck()
    .get()
  const remembered = connection
    .prepare<[], string>(
      `SELECT c.repo FROM copy.changed_remembered c
         LEFT JOIN main.remembered m ON m.repo = c.repo AND m.key = c.key WHERE m.value IS NOT c.was LIMIT 1`,
    )
    .pluck()
    .get()
  const repo = generation ?? remembered
  if (repo === undefined) return
  throw new MirrorError('LOCKED', `another process has brought something new into ${repo} meanwhile`, {
    hint: 'Repeat it; let no other process fetch the same repositories at the same time.',
  })
}

function writeBack(connection: Connection): void {
  const run = (sql: string): void => void connection.prepare(sql).run()
  run('UPDATE main.reading SET complete = 1 WHERE id IN (SELECT theirs FROM copy.reading_is WHERE fresh = 1)')
  writeGenerations(connection)
  writeTable(
    connection,
    'ref',
    'coalesce((SELECT theirs FROM copy.generation_is WHERE mine = c.generation), c.generation)',
  )
  for (const table of ['seen', 'hold', 'repository'] as const) writeTable(connection, table)
  run(`INSERT INTO main.remembered (repo, key, value)
    SELECT r.repo, r.key, r.value FROM copy.remembered r JOIN copy.changed_remembered c ON c.repo = r.repo AND c.key = r.key WHERE true
    ON CONFLICT (repo, key) DO UPDATE SET value = excluded.value`)
}

function writeGenerations(connection: Connection): void {
  const rows = connection
    .prepare<[], { id: number; fresh: number; there: number }>(
      `SELECT c.id AS id, c.id > (SELECT generation FROM copy.before) AS fresh, g.id IS NOT NULL AS there
       FROM copy.changed_generation c LEFT JOIN copy.generation g ON g.id = c.id ORDER BY c.id`,
    )
    .all()
  const add = connection.prepare(
    'INSERT INTO main.generation (repo, key, state, made, flipped) SELECT repo, key, state, made, flipped FROM copy.generation WHERE id = ?',
  )
  const is = connection.prepare('INSERT INTO copy.generation_is (mine, theirs) VALUES (?, ?)')
  const change = connection.prepare(
    `UPDATE main.generation SET (state, flipped) = (SELECT state, flipped FROM copy.generation WHERE id = @id) WHERE id = @id`,
  )
  const drop = connection.prepare('DELETE FROM main.generation WHERE id = ?')
  for (const { id, fresh, there } of rows) {
    if (fresh === 1 && there === 1) is.run(id, add.run(id).lastInsertRowid)
    else if (fresh === 0 && there === 1) change.run({ id })
    else if (fresh === 0) drop.run(id)
  }
}

/** Of a ref these belong to whoever uses it, and to snapshots. */
const kept: ReadonlySet<string> = new Set(['hits', 'used', 'since'])

/** Changed rows as they are in the copy; those that are not in it any more are deleted. */
function writeTable(connection: Connection, table: Exclude<Table, 'generation' | 'blob'>, generation?: string): void {
  const own: readonly string[] = keys[table]
  const all = connection.prepare<[], { name: string }>(`SELECT name FROM pragma_table_info('${table}', 'main')`).all()
  const columns = all.map(({ name }) => name).filter((name) => name !== 'since')
  const changed = columns.filter((name) => !own.includes(name) && !kept.has(name))
  const same = own.map((name) => `x.${name} = c.${name}`).join(' AND ')
  const copied = (name: string): string =>
    name === 'generation' && generation !== undefined ? generation : `x.${name}`
  // what upstream does not have is not for a copy to say
  const held = table === 'ref' ? 'AND x.sha256 IS NOT NULL' : ''
  const update =
    table === 'seen' || changed.length === 0
      ? 'DO NOTHING'
      : `DO UPDATE SET ${changed.map((name) => `${name} = excluded.${name}`).join(', ')}`
  const mapped = own.map(
    (name) => `m.${name} = ${name === 'generation' && generation !== undefined ? generation : `c.${name}`}`,
  )
  connection
    .prepare(
      `DELETE FROM main.${table} AS m WHERE EXISTS (SELECT 1 FROM copy.changed_${table} c WHERE ${mapped.join(' AND ')}
         AND NOT EXISTS (SELECT 1 FROM copy.${table} x WHERE ${same}))`,
    )
    .run()
  connection
    .prepare(
      `INSERT INTO main.${table} (${columns.join(', ')}) SELECT ${columns.map(copied).join(', ')}
       FROM copy.changed_${table} c JOIN copy.${table} x ON ${same} WHERE true ${held}
       ON CONFLICT (${own.join(', ')}) ${update}`,
    )
    .run()
}
