// A blob that is being written to a temporary file. The file stays open for reading until it is released, whatever becomes
// of its name meanwhile, so that those who follow a download read on while it is committed.

import { type FileHandle, open, rename, unlink } from 'node:fs/promises'
import { asMirrorError, MirrorError } from '../errors.ts'
import type { Staged } from './store.ts'

/** Finds the place for a blob and makes sure that its folder is there. */
export type Place = (sha256: string) => Promise<string>

/** Makes what was written durable, by the descriptor that wrote it. False once that is closed. */
export type Sync = () => Promise<boolean>

/** @throws MirrorError DISK_FULL from `write` when there is no space; the file is removed then. */
export async function stageFile(
  file: string,
  place: Place,
  committed: (file: string, sync: Sync) => void,
): Promise<Staged> {
  // Others must not read what is not verified yet.
  const handle = await open(file, 'wx+', 0o600).catch((error: unknown) => {
    throw asMirrorError(error)
  })
  let size = 0
  let state: 'writing' | 'failed' | 'committed' | 'released' = 'writing'

  function mustBe(...states: readonly (typeof state)[]): void {
    if (!states.includes(state)) throw new MirrorError('FAULT', `a staged blob is ${state}`)
  }

  async function fail(error: unknown): Promise<never> {
    state = 'failed'
    await removeFile(file)
    throw asMirrorError(error)
  }

  async function sync(): Promise<boolean> {
    if (state === 'released') return false
    // closing waits for it
    await handle.sync()
    return true
  }

  return {
    get size() {
      return size
    },
    async write(pieces) {
      mustBe('writing')
      try {
        size += await writeAll(handle, pieces, size)
      } catch (error) {
        await fail(error)
      }
    },
    async read(buffer, position) {
      const length = Math.min(buffer.length, size - position)
      if (length <= 0) return 0
      const { bytesRead } = await handle.read(buffer, 0, length, position)
      return bytesRead
    },
    async restart() {
      mustBe('writing')
      size = 0
      await handle.truncate(0)
    },
    async commit(sha256) {
      mustBe('writing')
      try {
        const blob = await place(sha256)
        await handle.chmod(0o644)
        // also over a blob that is there: it may be damaged, and its new date keeps gc away until its ref is written
        await rename(file, blob)
        state = 'committed'
        committed(blob, sync)
      } catch (error) {
        await fail(error)
      }
    },
    async release() {
      if (state === 'released') return
      const unfinished = state === 'writing'
      state = 'released'
      await handle.close()
      if (unfinished) await removeFile(file)
    },
  }
}

async function writeAll(handle: FileHandle, pieces: readonly Uint8Array[], position: number): Promise<number> {
  const total = pieces.reduce((sum, piece) => sum + piece.length, 0)
  if (total === 0) return 0
  const { bytesWritten } = await handle.writev([...pieces], position)
  if (bytesWritten === total) return total
  // A short write is what a nearly full disk gives; the rest tells the reason.
  const rest = Buffer.concat(pieces, total).subarray(bytesWritten)
  return bytesWritten + (await writeAll(handle, [rest], position + bytesWritten))
}

/** A file that is not there is removed already. */
export async function removeFile(file: string): Promise<void> {
  try {
    await unlink(file)
  } catch (error) {
    if (!isAbsent(error)) throw error
  }
}

export const isAbsent = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT'
