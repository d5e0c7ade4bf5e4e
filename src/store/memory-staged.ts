// Bytes on their way through that are kept nowhere: they can be read while they arrive, and never become a blob.

import { Buffer } from 'node:buffer'
import { MirrorError } from '../errors.ts'
import type { Staged } from './store.ts'

/** Room for `most` bytes; `released` is called once when nobody reads them any more. */
export function stageInMemory(most: number, released: () => void): Staged {
  let buffer: Buffer | undefined = Buffer.allocUnsafe(most)
  let size = 0
  return {
    get size() {
      return size
    },
    async write(pieces) {
      for (const piece of pieces) {
        if (buffer === undefined || size + piece.length > most)
          throw new MirrorError('TRUNCATED', `more than the ${most} bytes came that were stated before`)
        buffer.set(piece, size)
        size += piece.length
      }
    },
    async read(into, position) {
      const part = buffer?.subarray(position, Math.min(size, position + into.length))
      if (part === undefined || part.length === 0) return 0
      into.set(part)
      return part.length
    },
    async restart() {
      size = 0
    },
    async commit() {
      throw new MirrorError('FAULT', 'bytes that are kept nowhere cannot become a blob')
    },
    async release() {
      if (buffer === undefined) return
      buffer = undefined
      released()
    },
  }
}
