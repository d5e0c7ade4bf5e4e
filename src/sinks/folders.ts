// The folders of a published tree: made as they are needed, never through a symbolic link, removed when they are empty.

import { lstat, mkdir, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { MirrorError } from '../errors.ts'

export interface Folders {
  /** Makes the folder of a file, and those above. Throws CONFIG when something else is in the way. */
  make(path: string): Promise<void>
  /** Removes the folders above a deleted file, as far as they are empty. */
  prune(path: string): Promise<void>
}

/** Folders that were looked at lately are not looked at again. */
const REMEMBERED = 4096

/** `root` itself must be there. Paths are below it, with slashes. */
export function folders(root: string): Folders {
  const known = new Map<string, Promise<void>>()

  function ensure(folder: string): Promise<void> {
    if (folder === '.') return Promise.resolve()
    const made = known.get(folder)
    if (made !== undefined) return made
    if (known.size >= REMEMBERED) known.clear()
    const making = ensure(dirname(folder)).then(() => own(root, folder))
    known.set(folder, making)
    making.catch(() => known.delete(folder))
    return making
  }

  return {
    make: (path) => ensure(dirname(path)),
    async prune(path) {
      for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
        known.delete(folder)
        try {
          await rmdir(join(root, folder))
        } catch {
          // it holds something, or is not there: those above are none of ours to remove then
          return
        }
      }
    },
  }
}

async function own(root: string, folder: string): Promise<void> {
  const place = join(root, folder)
  const found = await lstat(place).catch(() => undefined)
  if (found === undefined) await mkdir(place, { recursive: true })
  else if (!found.isDirectory()) {
    const what = found.isSymbolicLink() ? 'a symbolic link' : 'a file'
    throw new MirrorError('CONFIG', `${place} is ${what}, and the tree needs a folder there`, {
      file: place,
      hint: 'Remove it, or export into another directory.',
    })
  }
}
