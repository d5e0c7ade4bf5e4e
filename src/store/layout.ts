// Where a store on disk keeps things: the document of its layout.
//
//   blobs/sha256/ab/<64 hex digits>   a blob, read-only data that exports hard-link
//   tmp/<pid>-<random>                a blob that is being written

import { randomBytes } from 'node:crypto'
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
    unused: () => join(temporary, `${process.pid}-${randomBytes(9).toString('hex')}`),
  }
}
