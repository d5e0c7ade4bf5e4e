// Looks at many names of a directory. A file system that is near answers sooner than a promise is made of its answer; one that is
// far away is asked for many names at once.

import { lstatSync, type Stats } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { join } from 'node:path'

/** What is at each path; undefined where there is nothing. */
export type Look = (paths: readonly string[]) => Promise<readonly (Stats | undefined)[]>

/** Milliseconds for one name, as a local disk has them where it has to read a folder first. */
const NEAR = 0.2
/** So many slow answers in a row are no accident of a busy machine. */
const IN_A_ROW = 4

export function looking(root: string): Look {
  let slow = 0

  function one(path: string): Stats | undefined {
    try {
      return lstatSync(join(root, path), { throwIfNoEntry: false })
    } catch (error) {
      return absent(error)
    }
  }

  return async (paths) => {
    if (slow >= IN_A_ROW) return Promise.all(paths.map((path) => lstat(join(root, path)).catch(absent)))
    const begun = performance.now()
    const found = paths.map(one)
    slow = performance.now() - begun > paths.length * NEAR ? slow + 1 : 0
    return found
  }
}

/** Undefined for what says that there is nothing; throws the rest. */
function absent(error: unknown): undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error
}
