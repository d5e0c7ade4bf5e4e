// A stream of pieces read like a file: so many bytes now, so many then. For formats that state a length before what follows.

import { MirrorError } from '../errors.ts'

export interface ByteReader {
  /** Exactly `count` bytes; undefined when the stream ended before the first of them. Keep `count` small: it is held whole. */
  next(count: number): Promise<Uint8Array | undefined>
  /** Exactly `count` bytes, which must be there. */
  take(count: number): Promise<Uint8Array>
  /** From 1 up to `most` bytes, as they come; undefined at the end. */
  some(most: number): Promise<Uint8Array | undefined>
  /** Passes over `count` bytes, which must be there. */
  skip(count: number): Promise<void>
  /** Lets go of the stream. */
  close(): Promise<void>
}

/** @throws MirrorError UNREADABLE from `next`, `take` and `skip` when the stream ends within what was asked for. */
export function byteReader(bytes: AsyncIterable<Uint8Array>): ByteReader {
  const source = bytes[Symbol.asyncIterator]()
  let rest: Uint8Array = new Uint8Array(0)

  async function refill(): Promise<boolean> {
    while (rest.length === 0) {
      const step = await source.next()
      if (step.done === true) return false
      rest = step.value
    }
    return true
  }

  async function some(most: number): Promise<Uint8Array | undefined> {
    if (!(await refill())) return undefined
    const piece = rest.subarray(0, most)
    rest = rest.subarray(piece.length)
    return piece
  }

  async function next(count: number): Promise<Uint8Array | undefined> {
    if (rest.length >= count) {
      const piece = rest.subarray(0, count)
      rest = rest.subarray(count)
      return piece
    }
    const whole = new Uint8Array(count)
    let filled = 0
    while (filled < count) {
      const piece = await some(count - filled)
      if (piece === undefined) break
      whole.set(piece, filled)
      filled += piece.length
    }
    if (filled === 0) return undefined
    if (filled < count) throw ended()
    return whole
  }

  return {
    some,
    next,
    async take(count) {
      if (count === 0) return new Uint8Array(0)
      const bytes = await next(count)
      if (bytes === undefined) throw ended()
      return bytes
    },
    async skip(count) {
      for (let left = count; left > 0; ) {
        const piece = await some(left)
        if (piece === undefined) throw ended()
        left -= piece.length
      }
    },
    async close() {
      await source.return?.()
    },
  }
}

const ended = (): MirrorError => new MirrorError('UNREADABLE', 'the stream ends too early')
