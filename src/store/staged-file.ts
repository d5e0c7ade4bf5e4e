// A blob that is being written. A small one stays in memory until it is whole, and is written then in one go; a larger one
// grows in a temporary file, which stays open for reading until it is released, whatever becomes of its name meanwhile, so
// that those who follow a download read on while it is committed.

import { type FileHandle, open, rename, unlink } from 'node:fs/promises'
import { asMirrorError, MirrorError } from '../errors.ts'
import type { Staged } from './store.ts'

/** Bytes up to which a blob stays in memory until it is whole. */
const SMALL = 128 * 1024

/** Makes what was written durable, by the descriptor that wrote it. False once that is closed. */
export type Sync = () => Promise<boolean>

/** Where staged blobs go. */
export interface Places {
  /** A name for a temporary file. */
  temporary(): string
  /** Finds the place for a blob and makes sure that its folder is there. */
  blob(sha256: string): Promise<string>
  /** Called with a blob that is in its place and not yet durable. */
  committed(file: string, sync: Sync): void
  /** Writes a whole blob; it is durable then. */
  small(sha256: string, bytes: Uint8Array): Promise<void>
}

/** @throws MirrorError DISK_FULL from `write` and `commit` when there is no space; the file is removed then. */
export function stageFile(places: Places): Staged {
  let memory: Buffer | undefined = Buffer.alloc(0)
  let growing: { readonly file: string; readonly handle: FileHandle } | undefined
  let size = 0
  let state: 'writing' | 'failed' | 'committed' | 'released' = 'writing'

  function mustBe(...states: readonly (typeof state)[]): void {
    if (!states.includes(state)) throw new MirrorError('FAULT', `a staged blob is ${state}`)
  }

  async function fail(error: unknown): Promise<never> {
    state = 'failed'
    if (growing !== undefined) await removeFile(growing.file)
    throw asMirrorError(error)
  }

  async function sync(): Promise<boolean> {
    if (state === 'released' || growing === undefined) return false
    // closing waits for it
    await growing.handle.sync()
    return true
  }

  /** Copied: what arrives lies in buffers of the network that are far larger. */
  function remember(pieces: readonly Uint8Array[], added: number): Buffer {
    let kept = memory ?? Buffer.alloc(0)
    if (kept.length < size + added) {
      const grown = Buffer.allocUnsafeSlow(Math.min(SMALL, Math.max(size + added, 2 * kept.length)))
      grown.set(kept.subarray(0, size))
      kept = grown
    }
    let at = size
    for (const piece of pieces) {
      kept.set(piece, at)
      at += piece.length
    }
    return kept
  }

  /** The file, with what was in memory; not memory any more. */
  async function spill(): Promise<FileHandle> {
    if (growing === undefined) {
      const file = places.temporary()
      // Others must not read what is not verified yet.
      growing = { file, handle: await open(file, 'wx+', 0o600) }
    }
    if (memory !== undefined && size > 0) await writeAll(growing.handle, [memory.subarray(0, size)], 0)
    memory = undefined
    return growing.handle
  }

  return {
    get size() {
      return size
    },
    async write(pieces) {
      mustBe('writing')
      const added = pieces.reduce((sum, piece) => sum + piece.length, 0)
      try {
        if (memory !== undefined && size + added <= SMALL) memory = remember(pieces, added)
        else await writeAll(await spill(), pieces, size)
        size += added
      } catch (error) {
        await fail(error)
      }
    },
    async read(buffer, position) {
      const length = Math.min(buffer.length, size - position)
      if (length <= 0) return 0
      if (memory !== undefined) return memory.copy(buffer, 0, position, position + length)
      if (growing === undefined) return 0
      const { bytesRead } = await growing.handle.read(buffer, 0, length, position)
      return bytesRead
    },
    async restart() {
      mustBe('writing')
      size = 0
      await growing?.handle.truncate(0)
    },
    async commit(sha256) {
      mustBe('writing')
      try {
        if (growing === undefined) {
          await places.small(sha256, memory?.subarray(0, size) ?? Buffer.alloc(0))
          state = 'committed'
          return
        }
        const blob = await places.blob(sha256)
        await growing.handle.chmod(0o644)
        // also over a blob that is there: it may be damaged, and its new date keeps gc away until its ref is written
        await rename(growing.file, blob)
        state = 'committed'
        places.committed(blob, sync)
      } catch (error) {
        await fail(error)
      }
    },
    async release() {
      if (state === 'released') return
      const unfinished = state === 'writing'
      state = 'released'
      memory = undefined
      if (growing === undefined) return
      await growing.handle.close()
      if (unfinished) await removeFile(growing.file)
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
