// Bytes through one of node's zlib transforms, with errors told apart: what the source threw stays as it is, what the
// decoder threw means that its input is malformed.

import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { MirrorError } from '../errors.ts'

/** @throws MirrorError UNREADABLE when the transform fails; errors of the source pass unchanged. */
export async function* through(bytes: AsyncIterable<Uint8Array>, transform: Duplex): AsyncGenerator<Uint8Array> {
  const source: { error?: unknown } = {}
  async function* watched(): AsyncGenerator<Uint8Array> {
    try {
      yield* bytes
    } catch (error) {
      source.error = error
      throw error
    }
  }
  // Its outcome is seen through the transform, which it destroys with the error.
  pipeline(watched, transform).catch(() => undefined)
  try {
    for await (const piece of transform) yield piece
  } catch (error) {
    if (source.error !== undefined) throw source.error
    throw new MirrorError('UNREADABLE', `the compressed stream is malformed: ${reason(error)}`, { cause: error })
  }
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error))
