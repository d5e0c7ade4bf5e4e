// Makes files durable in rounds: whoever asks shares a round with all who asked before it began, so that a sync of many
// small files pays for a few groups of fsync and not for one each.

import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Sync } from './staged-file.ts'

/** Enough to keep a disk's queue filled; node's thread pool has four threads. */
const atOnce = 8

export interface Durable {
  /** This file, and its name in its folder, are to be durable after the next round. */
  add(file: string, sync: Sync): void
  /** The names in this folder are to be durable after the next round. */
  addFolder(folder: string): void
  /**
   * Everything added so far is durable when this returns. Throws when something is not, and when one of `needed` has been
   * lost in an earlier round: a system that failed to write bytes tells so once and forgets them, so that the next fsync of
   * the same file says nothing of them. Only what is added anew counts again.
   */
  flush(needed?: readonly string[]): Promise<void>
}

export function durable(): Durable {
  let files = new Map<string, Sync>()
  let folders = new Set<string>()
  const lost = new Map<string, unknown>()
  let running: Promise<void> | undefined
  let following: Promise<void> | undefined

  function add(file: string, sync: Sync): void {
    lost.delete(file)
    files.set(file, sync)
    folders.add(dirname(file))
  }

  async function round(): Promise<void> {
    const ownFiles = files
    const ownFolders = folders
    files = new Map()
    folders = new Set()
    try {
      await eachOf([...ownFiles], async ([file, sync]) => {
        if (!(await sync())) await syncFile(file)
      })
      await eachOf([...ownFolders], syncFolder)
    } catch (error) {
      // those that were written anew meanwhile are in the next round
      for (const file of ownFiles.keys()) if (!files.has(file)) lost.set(file, error)
      for (const folder of ownFolders) folders.add(folder)
      throw error
    }
  }

  function begin(): Promise<void> {
    following = undefined
    const own = round().finally(() => {
      if (running === own) running = undefined
    })
    running = own
    return own
  }

  function next(): Promise<void> {
    if (running === undefined) return begin()
    // The round that runs may have begun before the caller's files were added.
    following ??= running.then(begin, begin)
    return following
  }

  return {
    add,
    addFolder(folder) {
      folders.add(folder)
    },
    async flush(needed = []) {
      await next()
      for (const file of needed) if (lost.has(file)) throw lost.get(file)
    },
  }
}

async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values()
  await Promise.all(
    Array.from({ length: Math.min(atOnce, items.length) }, async () => {
      for (const item of left) await work(item)
    }),
  )
}

/** Windows syncs only what is open for writing; elsewhere a blob may belong to another user. */
const syncFile = (file: string): Promise<void> => syncOpen(file, process.platform === 'win32' ? 'r+' : 'r')

async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folders; there a rename is durable by itself.
  if (process.platform !== 'win32') await syncOpen(folder, 'r')
}

async function syncOpen(path: string, flags: string): Promise<void> {
  const handle = await open(path, flags).catch((error: NodeJS.ErrnoException) => {
    // Deleted since: there is nothing left to keep.
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (handle === undefined) return
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
