// What a rebuild finds: blobs that the catalog did not know, by every digest, and the places that something says they had.
// In temporary tables, so that memory does not grow with the store.

import Database from 'better-sqlite3'
import type { Digests } from '../contract.ts'
import type { Connection } from './open.ts'

/** Somebody says that these bytes were at this path. */
export interface Place {
  readonly repo: string
  readonly path: string
  readonly variant: string
  readonly sha256: string
  /** Media type and header fields as upstream stated them, where that is known. */
  readonly type: string
  readonly headers: Readonly<Record<string, string>>
}

export interface Finds {
  addBlob(sha256: string, size: number, digests: Digests): void
  has(sha256: string): boolean
  /** Is it named by a ref, seen by a snapshot, or shown by a view? */
  isNamed(sha256: string): boolean
  byDigest(algorithm: string, hex: string): string | undefined
  /** Blobs that nobody placed, by digest. */
  unplaced(after: string): readonly { readonly sha256: string; readonly size: number }[]
  /** The first to say something of a path counts. */
  addPlace(place: Place): void
  place(repo: string, path: string, variant: string): Place | undefined
  places(after: Place | undefined): readonly Place[]
  /** Paths that documents name with digests and that nothing is held of. */
  named(after: Named | undefined): readonly Named[]
  /** What was found and is held now. */
  placed(): readonly { readonly repo: string; readonly items: number; readonly bytes: number }[]
  left(): { readonly items: number; readonly bytes: number }
  close(): void
}

export interface Named {
  readonly repo: string
  readonly path: string
  readonly reading: number
  readonly digests: Digests
}

const PAGE = 500
const tables = ['found_blob', 'found_digest', 'found_place', 'found_shown']

export function createFinds(connection: Connection): Finds {
  const drop = (): void => {
    for (const name of tables) connection.exec(`DROP TABLE IF EXISTS temp.${name}`)
  }
  drop()
  connection.exec(`
    CREATE TEMPORARY TABLE found_blob (sha256 TEXT PRIMARY KEY, size INTEGER NOT NULL);
    CREATE TEMPORARY TABLE found_digest (digest TEXT PRIMARY KEY, sha256 TEXT NOT NULL);
    CREATE TEMPORARY TABLE found_place (repo TEXT, path TEXT, variant TEXT, sha256 TEXT, type TEXT, headers TEXT,
      PRIMARY KEY (repo, path, variant));
    CREATE TEMPORARY TABLE found_shown (sha256 TEXT PRIMARY KEY);
    INSERT OR IGNORE INTO found_shown SELECT sha256 FROM view WHERE sha256 IS NOT NULL;
    INSERT OR IGNORE INTO found_shown SELECT json_extract(t.value, '$.sha256') FROM view v, json_each(v.twins) t;
  `)
  const isNamed = connection.prepare<{ sha256: string }, unknown>(
    `SELECT 1 WHERE EXISTS (SELECT 1 FROM ref WHERE sha256 = @sha256) OR EXISTS (SELECT 1 FROM past WHERE sha256 = @sha256)
       OR EXISTS (SELECT 1 FROM found_shown WHERE sha256 = @sha256)`,
  )
  const addBlob = connection.prepare('INSERT INTO found_blob (sha256, size) VALUES (?, ?) ON CONFLICT DO NOTHING')
  const addDigest = connection.prepare('INSERT INTO found_digest (digest, sha256) VALUES (?, ?) ON CONFLICT DO NOTHING')
  const has = connection.prepare<[string], unknown>('SELECT 1 FROM found_blob WHERE sha256 = ?')
  const byDigest = connection.prepare<[string], string>('SELECT sha256 FROM found_digest WHERE digest = ?').pluck()
  const held = 'EXISTS (SELECT 1 FROM ref r WHERE r.sha256 = b.sha256)'
  const unplaced = connection.prepare<[string], { sha256: string; size: number }>(
    `SELECT b.sha256 AS sha256, b.size AS size FROM found_blob b WHERE b.sha256 > ? AND NOT ${held}
     ORDER BY b.sha256 LIMIT ${PAGE}`,
  )
  const addPlace = connection.prepare(
    `INSERT INTO found_place (repo, path, variant, sha256, type, headers) VALUES (@repo, @path, @variant, @sha256, @type, @headers)
     ON CONFLICT DO NOTHING`,
  )
  type Row = Omit<Place, 'headers'> & { readonly headers: string }
  const decode = (row: Row): Place => ({ ...row, headers: JSON.parse(row.headers) as Place['headers'] })
  const columns = 'repo, path, variant, sha256, type, headers'
  const place = connection.prepare<[string, string, string], Row>(
    `SELECT ${columns} FROM found_place WHERE repo = ? AND path = ? AND variant = ?`,
  )
  const places = connection.prepare<[string, string, string], Row>(
    `SELECT ${columns} FROM found_place WHERE (repo, path, variant) > (?, ?, ?) ORDER BY repo, path, variant LIMIT ${PAGE}`,
  )
  const named = connection.prepare<
    [string, string, number],
    { repo: string; path: string; reading: number; digests: string }
  >(
    `SELECT f.repo AS repo, f.path AS path, f.reading AS reading, f.digests AS digests FROM fact f
     WHERE (f.repo, f.path, f.reading) > (?, ?, ?) AND f.digests IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM ref r WHERE r.repo = f.repo AND r.path = f.path AND r.sha256 IS NOT NULL)
     ORDER BY f.repo, f.path, f.reading LIMIT ${PAGE}`,
  )
  const placed = connection.prepare<[], { repo: string; items: number; bytes: number }>(
    `SELECT repo, count(*) AS items, sum(size) AS bytes FROM (SELECT DISTINCT r.repo AS repo, b.sha256 AS sha256, b.size AS size
       FROM found_blob b JOIN ref r ON r.sha256 = b.sha256) GROUP BY repo ORDER BY repo`,
  )
  const left = connection.prepare<[], { items: number; bytes: number }>(
    `SELECT count(*) AS items, coalesce(sum(b.size), 0) AS bytes FROM found_blob b WHERE NOT ${held}`,
  )
  return {
    addBlob: connection.transaction((sha256: string, size: number, digests: Digests) => {
      addBlob.run(sha256, size)
      for (const [algorithm, hex] of Object.entries(digests)) addDigest.run(`${algorithm}:${hex}`, sha256)
    }),
    has: (sha256) => has.get(sha256) !== undefined,
    isNamed: (sha256) => isNamed.get({ sha256 }) !== undefined,
    byDigest: (algorithm, hex) => byDigest.get(`${algorithm}:${hex}`),
    unplaced: (after) => unplaced.all(after),
    addPlace: ({ headers, ...rest }) => void addPlace.run({ ...rest, headers: JSON.stringify(headers) }),
    place(repo, path, variant) {
      const row = place.get(repo, path, variant)
      return row === undefined ? undefined : decode(row)
    },
    places: (after) => places.all(after?.repo ?? '', after?.path ?? '', after?.variant ?? '').map(decode),
    named: (after) =>
      named
        .all(after?.repo ?? '', after?.path ?? '', after?.reading ?? 0)
        .map(({ digests, ...row }) => ({ ...row, digests: JSON.parse(digests) as Digests })),
    placed: () => placed.all(),
    left: () => left.get() ?? { items: 0, bytes: 0 },
    close: drop,
  }
}

/** What another catalog's file says that it held, served or outside of generations; it is only read. */
export function* placesOfCatalog(file: string): Generator<Place> {
  const connection = new Database(file, { readonly: true, fileMustExist: true })
  try {
    const page = connection.prepare<
      [string, string, string, number],
      Omit<Place, 'headers'> & { readonly headers: string; readonly generation: number }
    >(
      `SELECT repo, path, variant, generation, sha256, type, headers FROM ref
       WHERE (repo, path, variant, generation) > (?, ?, ?, ?) AND sha256 IS NOT NULL
         AND (+generation = 0 OR +generation IN (SELECT id FROM generation WHERE state = 'current'))
       ORDER BY repo, path, variant, generation LIMIT ${PAGE}`,
    )
    let last: readonly [string, string, string, number] = ['', '', '', -1]
    for (;;) {
      const rows = page.all(...last)
      for (const { generation: _, headers, ...row } of rows)
        yield { ...row, headers: JSON.parse(headers) as Place['headers'] }
      const end = rows.at(-1)
      if (end === undefined || rows.length < PAGE) return
      last = [end.repo, end.path, end.variant, end.generation]
    }
  } finally {
    connection.close()
  }
}
