// Files of a medium that is not trusted: plain ones alone, never through a link, and never a device or a pipe that would
// keep its reader waiting.

import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, lstat, open } from 'node:fs/promises'
import { MirrorError } from '../errors.ts'

export const broken = (file: string, why: string): MirrorError => new MirrorError('BUNDLE', why, { file })
export const missing = (file: string, why: string): MirrorError => new MirrorError('INCOMPLETE', why, { file })

/** Throws STOPPED once the signal was raised. */
export function stopIf(signal: AbortSignal): void {
  if (signal.aborted) throw new MirrorError('STOPPED', 'the import was stopped; nothing of it was taken')
}

const isSystem = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code

/** Throws INCOMPLETE where there is none, BUNDLE for what is no plain file. */
async function openPlain(file: string): Promise<{ readonly handle: FileHandle; readonly size: number }> {
  let handle: FileHandle
  try {
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (isSystem(error, 'ENOENT') || isSystem(error, 'ENOTDIR')) throw missing(file, 'is missing')
    if (isSystem(error, 'ELOOP')) throw broken(file, 'is a link, which no bundle holds')
    if (isSystem(error, 'ENXIO')) throw broken(file, 'is no plain file')
    throw error
  }
  const found = await handle.stat()
  if (found.isFile()) return { handle, size: found.size }
  await handle.close()
  throw broken(file, 'is no plain file')
}

/** A whole small file. Throws BUNDLE when it is larger than `most`. */
export async function readPlain(file: string, most: number): Promise<Uint8Array> {
  const { handle, size } = await openPlain(file)
  try {
    if (size > most) throw broken(file, `has ${size} bytes, more than the ${most} that are allowed`)
    return await handle.readFile()
  } finally {
    await handle.close()
  }
}

/** Bytes are read in pieces of so many. */
const PIECE = 1024 * 1024

/** The pieces of a file, up to `most` bytes. Throws BUNDLE when there are more, and as `openPlain`. */
export async function* plainPieces(file: string, most: number): AsyncGenerator<Uint8Array> {
  const { handle, size } = await openPlain(file)
  try {
    if (size > most) throw broken(file, `has ${size} bytes, ${most} are stated`)
    for (let position = 0; ; ) {
      const buffer = Buffer.allocUnsafe(Math.min(PIECE, Math.max(1, size - position)))
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, position)
      if (bytesRead === 0) return
      position += bytesRead
      if (position > most) throw broken(file, `grew beyond the ${most} bytes that are stated`)
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await handle.close()
  }
}

/** The same bytes, which are to be these; the last piece is held back until they are. Throws BUNDLE and INCOMPLETE. */
export async function* proven(
  pieces: AsyncIterable<Uint8Array>,
  stated: { readonly sha256: string; readonly size: number },
  file: string,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  let size = 0
  let last: Uint8Array | undefined
  for await (const piece of pieces) {
    if (last !== undefined) yield last
    hash.update(piece)
    size += piece.length
    last = piece
  }
  if (size < stated.size) throw missing(file, `is short: ${size} of ${stated.size} bytes`)
  if (hash.digest('hex') !== stated.sha256) throw broken(file, 'has other bytes than the bundle states')
  if (last !== undefined) yield last
}

/** Why it is not there whole; undefined when it is a plain file of that size. */
export async function lackOf(file: string, size: number): Promise<string | undefined> {
  const found = await lstat(file).catch((error: unknown) => {
    if (isSystem(error, 'ENOENT') || isSystem(error, 'ENOTDIR')) return undefined
    throw error
  })
  if (found === undefined) return 'is missing'
  if (!found.isFile())
    throw broken(file, found.isSymbolicLink() ? 'is a link, which no bundle holds' : 'is no plain file')
  if (found.size < size) return `is short: ${found.size} of ${size} bytes`
  if (found.size > size) throw broken(file, `has ${found.size} bytes, ${size} are stated`)
  return undefined
}
