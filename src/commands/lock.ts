// One writer a data directory: an exclusive SQLite lock, which the system lets go of however the process ends.

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import Database from 'better-sqlite3'
import { MirrorError } from '../errors.ts'

export interface Lock {
  release(): void
}

/** Throws LOCKED, naming the process that holds it. */
export function lock(directory: string): Lock {
  const holder = path.join(directory, 'lock.pid')
  const connection = new Database(path.join(directory, 'lock.db'), { timeout: 0 })
  try {
    connection.pragma('locking_mode = EXCLUSIVE')
    connection.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    connection.close()
    if (!(error instanceof Error) || !('code' in error) || !String(error.code).startsWith('SQLITE_BUSY')) throw error
    throw new MirrorError('LOCKED', `another run${held(holder)} works on ${directory}`, { file: directory })
  }
  try {
    writeFileSync(holder, `${process.pid}\n`)
  } catch (error) {
    connection.close()
    throw error
  }
  return {
    release() {
      connection.exec('ROLLBACK')
      connection.close()
    },
  }
}

function held(file: string): string {
  try {
    return ` (process ${readFileSync(file, 'utf8').trim()})`
  } catch {
    return ''
  }
}
