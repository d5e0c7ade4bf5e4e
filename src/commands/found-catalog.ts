// Which catalog a rebuild begins with: the one that is there, or the newest good copy in the place of one that was lost.

import { existsSync } from 'node:fs'
import { copyFile, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { faultOfCatalog } from '../catalog/copy.ts'
import type { Settings } from '../config/types.ts'
import { type Copy, copiesOf } from './copies.ts'
import { catalogFile, lostMark } from './workspace.ts'

export interface FoundCatalog {
  /** The copy that was put in place. */
  readonly copy: Copy | undefined
  /** What was in its place, and was set aside. */
  readonly aside: string | undefined
  /** Why it was set aside. */
  readonly reason: string | undefined
  /** Other catalogs that can be read, newest first: they say where bytes were. */
  readonly others: readonly string[]
}

/** The caller holds the directory's lock. `now`: milliseconds since 1970. */
export async function findCatalog(settings: Settings, now: number): Promise<FoundCatalog> {
  const file = catalogFile(settings)
  const reason = existsSync(file)
    ? (faultOfCatalog(file) ?? (existsSync(lostMark(file)) ? 'it was begun anew' : undefined))
    : 'it is not there'
  const good = (await copiesOf(settings.data)).filter((copy) => faultOfCatalog(copy.file) === undefined)
  const copy = reason === undefined ? undefined : good[0]
  const older = good.filter((one) => one !== copy)
  const isReadable = existsSync(file) && faultOfCatalog(file) === undefined
  if (reason === undefined || (copy === undefined && isReadable))
    return { copy: undefined, aside: undefined, reason: undefined, others: older.map((one) => one.file) }
  const aside = existsSync(file) ? await setAside(file, now) : undefined
  if (copy !== undefined) await putInPlace(copy.file, file)
  const others = [...(aside !== undefined && isReadable ? [aside] : []), ...older.map((one) => one.file)]
  return { copy, aside, reason, others }
}

/** With its log, which holds its last commits. */
async function setAside(file: string, now: number): Promise<string> {
  const aside = `${file}.aside-${new Date(now).toISOString().slice(0, 19).replaceAll(':', '-')}Z`
  for (const end of ['', '-wal', '-shm'])
    if (existsSync(`${file}${end}`)) await rename(`${file}${end}`, `${aside}${end}`)
  return aside
}

async function putInPlace(copy: string, file: string): Promise<void> {
  for (const end of ['-wal', '-shm']) await rm(`${file}${end}`, { force: true })
  const part = `${file}.part`
  await copyFile(copy, part)
  const handle = await open(part, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(part, file)
  const folder = await open(path.dirname(file), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
