// What the place of a tree refuses is for its owner to put right, and no fault of this program.

import { asMirrorError, MirrorError } from '../errors.ts'

const refusals = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG', 'ELOOP'])
const departures = new Set(['EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'])

/** CONFIG for what the file system does not let us do, STOPPED when the reader of an archive has left. */
export function asWriteError(error: unknown, file: string): MirrorError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (departures.has(code)) return new MirrorError('STOPPED', 'the reader of the archive left before its end')
  if (!(error instanceof Error) || error instanceof MirrorError || !refusals.has(code)) return asMirrorError(error)
  return new MirrorError('CONFIG', `cannot write: ${error.message}`, {
    file,
    hint: 'Export to a place that is there and that this user may write.',
    cause: error,
  })
}
