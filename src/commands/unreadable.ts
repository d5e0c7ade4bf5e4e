// Why a file that a user named cannot be read, in words.

import { asMirrorError, MirrorError } from '../errors.ts'

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'is a folder, not a file',
  EACCES: 'this user may not read it',
}

/** CONFIG for what the system says of a file; any other error as it is. */
export function unreadable(error: unknown, file: string): MirrorError {
  const reason = error instanceof Error && 'code' in error ? reasons[String(error.code)] : undefined
  if (reason === undefined) return asMirrorError(error)
  return new MirrorError('CONFIG', reason, { file, cause: error, hint: 'Check the path.' })
}
