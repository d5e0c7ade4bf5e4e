// Files that a user asked for by name: written whole or not at all, never over something else unasked.

import { mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { MirrorError } from '../errors.ts'
import { replaceFile } from './text-file.ts'

/** `wrote`: false when the very text was there already. Throws USAGE where other text is there and `force` is off, or it cannot be written. */
export async function writeNew(file: string, text: string, force: boolean): Promise<{ readonly wrote: boolean }> {
  const there = await textAt(file)
  if (there === text) return { wrote: false }
  if (there !== undefined && !force) throw occupied(file)
  try {
    await mkdir(path.dirname(file), { recursive: true })
    await replaceFile(file, text)
  } catch (error) {
    throw unusable(file, error)
  }
  return { wrote: true }
}

/** The text that is there; undefined when there is no file. */
export async function textAt(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (isSystem(error, 'ENOENT')) return undefined
    throw unusable(file, error)
  }
}

export const occupied = (file: string): MirrorError =>
  new MirrorError('USAGE', 'is there with other content; nothing was written', {
    file,
    hint: 'Overwrite it with --force, or merge by hand what is printed without writing.',
  })

function unusable(file: string, cause: unknown): MirrorError {
  const denied = isSystem(cause, 'EACCES') || isSystem(cause, 'EPERM') || isSystem(cause, 'EROFS')
  const why = cause instanceof Error ? cause.message : String(cause)
  return new MirrorError('USAGE', denied ? 'this user may not write it' : `cannot be written: ${why}`, {
    file,
    cause,
    hint: denied ? 'Run it as a user who may, or write the file by hand.' : 'Check the path.',
  })
}

const isSystem = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code
