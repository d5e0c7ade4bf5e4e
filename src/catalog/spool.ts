// A list that may be long, kept in a temporary table of the connection once it is: memory does not grow with it.

import type { Connection } from './open.ts'

export interface Spool<T> {
  add(item: T): void
  /** Everything that was added, in that order; nothing may be added meanwhile. */
  all(): Iterable<T>
  /** Forgets it. */
  close(): void
}

/** Items that are gathered before they are written, and that a page has. */
const BATCH = 1000
let last = 0

/** Items must survive JSON. */
export function createSpool<T>(connection: Connection): Spool<T> {
  last += 1
  const table = `spool_${last}`
  let waiting: T[] = []
  let written = 0

  function flush(): void {
    if (written === 0) connection.exec(`CREATE TEMPORARY TABLE ${table} (n INTEGER PRIMARY KEY, item TEXT NOT NULL)`)
    const put = connection.prepare(`INSERT INTO ${table} (n, item) VALUES (?, ?)`)
    connection.transaction((items: readonly T[]) => {
      for (const [index, item] of items.entries()) put.run(written + index + 1, JSON.stringify(item))
    })(waiting)
    written += waiting.length
    waiting = []
  }

  return {
    add(item) {
      waiting.push(item)
      if (waiting.length >= BATCH) flush()
    },
    *all() {
      if (written > 0) {
        const page = connection
          .prepare<[number], string>(`SELECT item FROM ${table} WHERE n > ? ORDER BY n LIMIT ${BATCH}`)
          .pluck()
        for (let at = 0; at < written; at += BATCH) for (const item of page.all(at)) yield JSON.parse(item) as T
      }
      yield* waiting
    },
    close() {
      waiting = []
      if (written > 0) connection.exec(`DROP TABLE temp.${table}`)
      written = 0
    },
  }
}
