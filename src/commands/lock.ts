// One writer a data directory: an exclusive SQLite lock, which the system lets go of however the process ends.

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { MirrorError } from '../errors.ts'
import { safeText } from '../telemetry/safe-text.ts'
import { timeText } from './print.ts'

export interface Lock {
  release(): void
}

/** Who takes it, for those who find it held; and who is told while it is waited for. */
export interface Locking {
  readonly command: string
  readonly signal: AbortSignal
  /** Told once when it is held by another, and waited for. */
  waits(holder: string): void
}

/** Milliseconds between two looks. */
const LOOK = 200

/** Throws LOCKED, naming the run that holds it, after `wait` milliseconds; STOPPED. */
export async function lock(directory: string, wait = 0, locking?: Locking): Promise<Lock> {
  const place = path.join(directory, 'lock.pid')
  const until = performance.now() + wait
  for (let looked = false; ; looked = true) {
    const connection = taken(path.join(directory, 'lock.db'))
    if (connection !== undefined) return held(connection, place, locking?.command)
    const holder = `another run${holderOf(place)} works on ${directory}`
    if (performance.now() >= until) throw new MirrorError('LOCKED', holder, { file: directory })
    if (!looked) locking?.waits(holder)
    await pause(LOOK)
    if (locking?.signal.aborted === true) throw new MirrorError('STOPPED', 'stopped while it waited for another run')
  }
}

function taken(file: string): Database.Database | undefined {
  const connection = new Database(file, { timeout: 0 })
  try {
    connection.pragma('locking_mode = EXCLUSIVE')
    connection.exec('BEGIN EXCLUSIVE')
    return connection
  } catch (error) {
    connection.close()
    if (!(error instanceof Error) || !('code' in error) || !String(error.code).startsWith('SQLITE_BUSY')) throw error
    return undefined
  }
}

function held(connection: Database.Database, place: string, command = 'another verb'): Lock {
  try {
    writeFileSync(place, `${process.pid}\n${timeText(Date.now())}\n${safeText(command)}\n`)
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

/** Longest text of a holder. */
const LONGEST = 500

function holderOf(file: string): string {
  try {
    const [pid = '', since, command] = readFileSync(file, 'utf8').slice(0, LONGEST).trim().split('\n').map(safeText)
    const what = command === undefined ? '' : `, \`${command}\` since ${since}`
    return ` (process ${pid}${what})`
  } catch {
    return ''
  }
}
