// The folders of a published tree: made as they are needed, never through a symbolic link, removed when they are empty.

import { lstatSync, mkdirSync } from 'node:fs'
import { rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { MirrorError } from '../errors.ts'

export interface Folders {
  /** Makes the folder of a file, and those above. Throws CONFIG when something else is in the way. */
  make(path: string): void
  /** Removes the folders above a deleted file, as far as they are empty. */
  prune(path: string): Promise<void>
}

/** Folders that were looked at lately are not looked at again. */
const REMEMBERED = 4096

/** `root` itself must be there. Paths are below it, with slashes. */
export function folders(root: string): Folders {
  const known = new Set<string>()

  function ensure(folder: string): void {
    if (folder === '.' || known.has(folder)) return
    ensure(dirname(folder))
    own(root, folder)
    if (known.size >= REMEMBERED) known.clear()
    known.add(folder)
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

function own(root: string, folder: string): void {
  const place = join(root, folder)
  const found = lstatSync(place, { throwIfNoEntry: false })
  if (found === undefined) mkdirSync(place, { recursive: true })
  else if (!found.isDirectory()) {
    const what = found.isSymbolicLink() ? 'a symbolic link' : 'a file'
    throw new MirrorError('CONFIG', `${place} is ${what}, and the tree needs a folder there`, {
      file: place,
      hint: 'Remove it, or export into another directory.',
    })
  }
}
