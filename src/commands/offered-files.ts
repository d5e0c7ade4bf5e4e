// Files that are offered to be taken over: those below directories that a user names. They are read, and never changed.

import { createReadStream } from 'node:fs'
import { opendir, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import type { AdoptOptions, Offered } from '../engine/adopt.ts'
import { MirrorError } from '../errors.ts'

const PIECE = 256 * 1024

/** Throws USAGE for what is no directory. */
export const rootsOf = (directories: readonly string[]): Promise<readonly string[]> =>
  Promise.all(directories.map(rootOf))

async function rootOf(directory: string): Promise<string> {
  const found = await stat(directory).catch(() => undefined)
  if (found?.isDirectory() === true) return realpath(directory)
  throw new MirrorError('USAGE', 'there is no such directory', {
    file: directory,
    hint: 'Name the top of a cache or of a mirror.',
  })
}

export interface OfferedFiles extends Pick<AdoptOptions, 'files' | 'bytes'> {
  /** Links and devices that were passed by so far. */
  passed(): number
}

/** Plain files below `roots`; `own` directories, which are this mirror itself, are left out. */
export function offeredFiles(roots: readonly string[], own: readonly string[]): OfferedFiles {
  let passed = 0
  async function* files(): AsyncGenerator<Offered> {
    const ours = await Promise.all(own.map((at) => realpath(at)))
    for (const root of roots) {
      const waiting = [root]
      for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
        if (ours.includes(folder)) continue
        for await (const entry of await opendir(folder)) {
          const file = path.join(folder, entry.name)
          if (entry.isDirectory()) waiting.push(file)
          else if (entry.isFile()) yield { file, path: path.relative(root, file).split(path.sep).join('/') }
          else passed += 1
        }
      }
    }
  }
  return {
    files: files(),
    bytes: (file) => createReadStream(file, { highWaterMark: PIECE }),
    passed: () => passed,
  }
}
