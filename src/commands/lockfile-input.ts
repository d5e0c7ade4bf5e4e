// Lockfiles on disk: which format a file is of, and how a format reads it.

import { createReadStream, existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import path from 'node:path'
import type { LockFormat, LockInput } from '../contract.ts'
import { lockFormats, recognise } from '../lockfiles/index.ts'

/** What formats are recognised by. */
const HEAD = 4096

/** The format that is named, else the one that the file's name or beginning tells; undefined when it is no lockfile. */
export async function lockFormatOf(file: string, as?: string): Promise<LockFormat | undefined> {
  if (as !== undefined) return lockFormats.find(({ id }) => id === as)
  await using handle = await open(file)
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD), 0, HEAD, 0)
  return recognise(path.basename(file), buffer.subarray(0, bytesRead))
}

/** A lockfile as its format reads it. Files beside it are those in its own folder or below. */
export function lockInputOf(file: string): LockInput {
  const folder = path.dirname(path.resolve(file))
  return {
    name: file,
    bytes: () => createReadStream(file),
    near(name) {
      const found = path.resolve(folder, name)
      if (!found.startsWith(`${folder}${path.sep}`) || !existsSync(found)) return undefined
      return createReadStream(found)
    },
  }
}
