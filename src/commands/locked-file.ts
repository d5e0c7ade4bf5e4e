// Lockfiles of a command, read: what each locks. One that cannot be read does not stop the others.

import { didYouMean } from '../config/nearest.ts'
import type { Locked, LockFormat } from '../contract.ts'
import { asMirrorError, MirrorError } from '../errors.ts'
import { lockFormats } from '../lockfiles/index.ts'
import { lockFormatOf, lockInputOf } from './lockfile-input.ts'
import { unreadable } from './unreadable.ts'

export interface LockedFile {
  readonly file: string
  readonly format: LockFormat
  readonly lines: readonly Locked[]
}

export interface LockedFiles {
  readonly files: readonly LockedFile[]
  readonly faults: readonly MirrorError[]
}

/** Throws the fault of the first file where none of them can be read. */
export async function readLockfiles(names: readonly string[], as: string | undefined): Promise<LockedFiles> {
  const files: LockedFile[] = []
  const faults: MirrorError[] = []
  for (const file of names) {
    try {
      const format = await mustBeLockfile(file, as)
      files.push({ file, format, lines: await Array.fromAsync(format.read(lockInputOf(file))) })
    } catch (error) {
      faults.push(asMirrorError(error))
    }
  }
  const [first] = faults
  if (first !== undefined && files.length === 0) throw first
  return { files, faults }
}

/** Throws LOCKFILE when the file is of no known format, CONFIG when it cannot be read. */
async function mustBeLockfile(file: string, as: string | undefined): Promise<LockFormat> {
  const format = await lockFormatOf(file, as).catch((error: unknown) => {
    throw unreadable(error, file)
  })
  if (format !== undefined) return format
  const known = lockFormats.map(({ id }) => id)
  const message =
    as === undefined
      ? 'this is no lockfile that is known'
      : `there is no lockfile format ${JSON.stringify(as)}${didYouMean(as, known)}`
  throw new MirrorError('LOCKFILE', message, { file, hint: `Known formats: ${known.join(', ')}. Name one with --as.` })
}
