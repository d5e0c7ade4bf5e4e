// A tree that is being put together: names checked against each other as they come, in a table on disk once it grows, so
// that memory does not depend on how many there are.

import Database from 'better-sqlite3'
import { MirrorError } from '../errors.ts'
import { exportName } from '../formats/safe-path.ts'
import type { ManifestEntry } from '../formats/tree-manifest.ts'
import type { Tree, TreeFile } from './sink.ts'

/** The folder of a tree that belongs to the export itself. */
export const OWN_FOLDER = '.pkgmirror'

const PAGE = 500

export interface TreeOptions {
  /** Names that differ in letter case alone are one name on many file systems; `apart` where they never will be. */
  readonly letterCase: 'folded' | 'apart'
}

export interface GrowingTree extends Tree {
  /**
   * @throws MirrorError BAD_PATH for a name that a published tree cannot have, and for one that collides with another:
   * equal, equal but for letter case, or a file where the other needs a folder.
   */
  add(file: TreeFile): void
  /** A file in the folder that belongs to the export, below which `path` is; one that is there already is enough. */
  addOwn(file: TreeFile): void
  /** An earlier tree may have it, and this one must not. */
  withdraw(path: string): void
  /** What a web server has to say of a file of a repository, beside its bytes. */
  states(repo: string, path: string, fields: Readonly<Record<string, string>>): void
  /** The names of the fields that were stated for a repository. */
  fieldsOf(repo: string): readonly string[]
  stated(repo: string, field: string): Iterable<readonly [path: string, value: string]>
  /** An earlier tree has it, and it stays as it is. */
  keep(entry: ManifestEntry): void
  /** All that is there then, what stays included, by path. */
  described(): Iterable<ManifestEntry>
  close(): void
}

const schema = `
  PRAGMA journal_mode = OFF;
  PRAGMA synchronous = OFF;
  -- names come and go in their order: what was seen last is enough
  PRAGMA cache_size = -4000;
  CREATE TABLE file (path TEXT PRIMARY KEY, fold TEXT NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL,
    modified INTEGER NOT NULL, kind TEXT NOT NULL, rank INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX file_fold ON file (fold);
  CREATE TABLE folder (path TEXT PRIMARY KEY, first TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE field (repo TEXT NOT NULL, name TEXT NOT NULL, path TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (repo, name, path)) WITHOUT ROWID;
  CREATE INDEX field_path ON field (path);
  CREATE TABLE kept (path TEXT PRIMARY KEY, sha256 TEXT NOT NULL, size INTEGER NOT NULL, fields TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE withdrawn (path TEXT PRIMARY KEY) WITHOUT ROWID;
  -- never ended: nobody else sees this database, and nothing of it outlives the connection
  BEGIN;
`

export function createTree({ letterCase }: TreeOptions): GrowingTree {
  // no name: a temporary database of its own, in memory until it is large
  const connection = new Database('')
  connection.exec(schema)
  const columns = 'path, sha256, size, modified, kind, rank'
  const get = connection.prepare<[string], TreeFile>(`SELECT ${columns} FROM file WHERE path = ?`)
  const page = connection.prepare<[number, string], TreeFile>(
    `SELECT ${columns} FROM file WHERE (rank, path) > (?, ?) ORDER BY rank, path LIMIT ${PAGE}`,
  )
  const byPath = connection.prepare<
    [string, string],
    { path: string; sha256: string; size: number; fields: string | null }
  >(
    `SELECT path, sha256, size, NULL AS fields FROM file WHERE path > ?
     UNION ALL SELECT path, sha256, size, fields FROM kept WHERE path > ? ORDER BY path LIMIT ${PAGE}`,
  )
  const keep = connection.prepare('INSERT OR IGNORE INTO kept (path, sha256, size, fields) VALUES (?, ?, ?, ?)')
  const fieldsAt = connection.prepare<[string], { name: string; value: string }>(
    'SELECT name, value FROM field WHERE path = +? ORDER BY name',
  )
  const withdraw = connection.prepare('INSERT OR IGNORE INTO withdrawn (path) VALUES (?)')
  const withdrawn = connection.prepare<[string], string>('SELECT path FROM withdrawn WHERE path = ?').pluck()
  const insert = connection.prepare(
    `INSERT INTO file (fold, ${columns}) VALUES (@fold, @path, @sha256, @size, @modified, @kind, @rank)`,
  )
  const folded = connection.prepare<[string], { path: string }>('SELECT path FROM file WHERE fold = ?')
  const asFolder = connection.prepare<[string], { first: string }>('SELECT first FROM folder WHERE path = ?')
  const addFolder = connection.prepare('INSERT INTO folder (path, first) VALUES (?, ?)')
  const addField = connection.prepare('INSERT INTO field (repo, name, path, value) VALUES (?, ?, ?, ?)')
  const fieldNames = connection.prepare<[string], { name: string }>(
    'SELECT DISTINCT name FROM field WHERE repo = ? ORDER BY name',
  )
  const fieldPage = connection.prepare<[string, string, string], { path: string; value: string }>(
    `SELECT path, value FROM field WHERE repo = ? AND name = ? AND path > ? ORDER BY path LIMIT ${PAGE}`,
  )
  let files = 0
  let bytes = 0
  let fields = 0
  let lastFolder = ''

  function mustBeFree(path: string, fold: string): void {
    const same = folded.get(fold)
    if (same !== undefined) {
      const why = same.path === path ? 'is wanted by two files' : `and ${same.path} differ in letter case alone`
      throw collision(`${path} ${why}`, same.path === path ? undefined : caseHint)
    }
    const within = asFolder.get(fold)
    if (within !== undefined) throw collision(`${path} is a file, and ${within.first} needs a folder of that name`)
  }

  /** The folders of a path, the innermost first; one that is known has its parents known. */
  function addFolders(path: string, fold: string): void {
    const inmost = fold.slice(0, Math.max(0, fold.lastIndexOf('/')))
    if (inmost === lastFolder) return
    for (let at = inmost.length; at > 0; at = fold.lastIndexOf('/', at - 1)) {
      const folder = fold.slice(0, at)
      if (asFolder.get(folder) !== undefined) break
      const file = folded.get(folder)
      if (file !== undefined) throw collision(`${file.path} is a file, and ${path} needs a folder of that name`)
      addFolder.run(folder, path)
    }
    lastFolder = inmost
  }

  function put(file: TreeFile): void {
    const { path } = file
    const fold = letterCase === 'folded' ? path.normalize('NFC').toLowerCase() : path
    mustBeFree(path, fold)
    addFolders(path, fold)
    insert.run({ ...file, fold })
    files += 1
    bytes += file.size
  }

  function fieldsOf({ path, fields: kept }: { path: string; fields: string | null }): ManifestEntry['fields'] {
    if (kept !== null) return JSON.parse(kept)
    if (fields === 0) return {}
    return Object.fromEntries(fieldsAt.all(`/${path}`).map(({ name, value }) => [name, value]))
  }

  return {
    get files() {
      return files
    },
    get bytes() {
      return bytes
    },
    add(file) {
      const { path } = file
      exportName(`/${path}`)
      if (path === OWN_FOLDER || path.startsWith(`${OWN_FOLDER}/`)) {
        throw collision(`${path} lies in the folder that an export keeps for itself`)
      }
      put(file)
    },
    addOwn(file) {
      const path = `${OWN_FOLDER}/${file.path}`
      if (get.get(path) === undefined) put({ ...file, path })
    },
    keep: ({ path, sha256, size, fields }) => void keep.run(path, sha256, size, JSON.stringify(fields)),
    withdraw: (path) => void withdraw.run(path),
    isWithdrawn: (path) => withdrawn.get(path) !== undefined,
    states(repo, path, stated) {
      for (const [name, value] of Object.entries(stated)) addField.run(repo, name, path, value)
      fields += Object.keys(stated).length
    },
    fieldsOf: (repo) => fieldNames.all(repo).map(({ name }) => name),
    *stated(repo, field) {
      for (let last = ''; ; ) {
        const rows = fieldPage.all(repo, field, last)
        for (const { path, value } of rows) yield [path, value] as const
        const end = rows.at(-1)
        if (end === undefined || rows.length < PAGE) return
        last = end.path
      }
    },
    *described() {
      for (let last = ''; ; ) {
        const rows = byPath.all(last, last)
        for (const row of rows) yield { ...row, fields: fieldsOf(row) }
        const end = rows.at(-1)
        if (end === undefined || rows.length < PAGE) return
        last = end.path
      }
    },
    get: (path) => get.get(path),
    *list() {
      // after all were added, which takes less than one by one
      connection.exec('CREATE INDEX IF NOT EXISTS file_rank ON file (rank, path)')
      let [rank, path] = [-1, '']
      for (;;) {
        const rows = page.all(rank, path)
        yield* rows
        const last = rows.at(-1)
        if (last === undefined || rows.length < PAGE) return
        rank = last.rank
        path = last.path
      }
    },
    close: () => void connection.close(),
  }
}

const caseHint =
  'Leave one of them out with `policy.deny` or --repo; where the tree only ever lies on file systems that tell the two apart, pass --case-sensitive.'

const collision = (message: string, hint = 'Two repositories may share a mount: give one of them another `mount`.') =>
  new MirrorError('BAD_PATH', message, { hint })
