// Watches a catalog that another process writes: whether anything has changed, and no more.

import Database from 'better-sqlite3'

export interface Watched {
  /** Changes whenever anything was written. */
  epoch(): number
  close(): void
}

export function watchCatalog(file: string): Watched {
  const connection = new Database(file, { readonly: true, fileMustExist: true })
  const version = connection.prepare('PRAGMA data_version').pluck()
  return { epoch: () => Number(version.get()), close: () => void connection.close() }
}
