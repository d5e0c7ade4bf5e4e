// Where a store on disk keeps things: the document of its layout.
//
//   blobs/sha256/ab/<64 hex digits>   a blob, read-only data that exports hard-link
//   tmp/<pid>-<space>-<random>        a blob that is being written, by the process of that number in that space of numbers

import { randomBytes } from 'node:crypto'
import { readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { MirrorError } from '../errors.ts'
import { isHex } from '../formats/digest.ts'

export interface Layout {
  readonly blobs: string
  readonly temporary: string
  folder(sha256: string): string
  blob(sha256: string): string
  /** A name that nobody uses. */
  unused(): string
}

/** @throws MirrorError FAULT from `folder` and `blob` for what is no sha256: it must never become a path. */
export function layout(root: string): Layout {
  const blobs = join(root, 'blobs', 'sha256')
  const temporary = join(root, 'tmp')
  const folder = (sha256: string): string => {
    if (!isHex('sha256', sha256)) throw new MirrorError('FAULT', `${JSON.stringify(sha256)} is no sha256`)
    return join(blobs, sha256.slice(0, 2))
  }
  return {
    blobs,
    temporary,
    folder,
    blob: (sha256) => join(folder(sha256), sha256),
    unused: () => join(temporary, `${process.pid}-${space}-${unique()}`),
  }
}

const own = randomBytes(9).toString('hex')
let used = 0

/** Of all names that this process and those before it of the same number made. */
function unique(): string {
  used += 1
  return `${own}${used}`
}

/** Which processes a number speaks of: each container counts its own. 0 where the system tells no such thing. */
const space = spaceOfProcesses()

function spaceOfProcesses(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0'
  } catch {
    return '0'
  }
}

export interface Owner {
  readonly pid: number
  /** Does the number mean a process here? */
  readonly here: boolean
}

/** Whose file it is by its name; undefined for a name that no process gives. */
export function ownerOf(name: string): Owner | undefined {
  const [, pid, theirs = space] = /^(\d{1,10})-(?:(\d{1,20})-)?/.exec(name) ?? []
  return pid === undefined ? undefined : { pid: Number(pid), here: theirs === space }
}
