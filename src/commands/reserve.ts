// A few megabytes that are held in reserve for the catalog: SQLite has to write before anything can be deleted, so a
// collection on a disk that is full to the last byte lets go of them first.

import { existsSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Workspace } from './workspace.ts'

/** The log of the catalog has at most 8 MiB before it is written back (wal_autocheckpoint). */
const SIZE = 16 * 1024 * 1024
const PIECE = 1024 * 1024

const fileOf = (data: string): string => path.join(data, 'reserve')
/** While it is written; a crash may leave it. */
const asideOf = (data: string): string => `${fileOf(data)}.part`

/** Sets it aside where it is not there and the disk has room for it. That it cannot be is no fault. */
export async function keepReserve({
  mirror,
  settings: { data },
}: Pick<Workspace, 'mirror' | 'settings'>): Promise<void> {
  const file = fileOf(data)
  const aside = asideOf(data)
  try {
    if (existsSync(file) || (await mirror.room.lacks(SIZE * 4))) return
    const handle = await open(aside, 'w')
    try {
      // written, because a hole takes no space
      for (let at = 0; at < SIZE; at += PIECE) await handle.write(Buffer.alloc(PIECE))
    } finally {
      await handle.close()
    }
    await rename(aside, file)
  } catch {
    await rm(aside, { force: true })
  }
}

/** True when there was something to let go of. */
export async function useReserve(data: string): Promise<boolean> {
  const there = [fileOf(data), asideOf(data)].filter((file) => existsSync(file))
  for (const file of there) await rm(file, { force: true })
  return there.length > 0
}
