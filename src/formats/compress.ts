// Compression codings by file suffix, as streams: every one of them is bounded in its output, and an input that is damaged,
// cut off or of another format is an error.

import {
  constants,
  createBrotliCompress,
  createBrotliDecompress,
  createGunzip,
  createGzip,
  createZstdCompress,
  type Inflate as InflateEngine,
  inflateSync,
} from 'node:zlib'
import { MirrorError } from '../errors.ts'
import { inflateBzip2 } from './bzip2.ts'
import { inflateLz4 } from './lz4.ts'
import { through } from './through.ts'
import { inflateXz } from './xz.ts'
import { inflateZstd } from './zstd.ts'

export type Coding = 'gzip' | 'xz' | 'bzip2' | 'zstd' | 'lz4' | 'br' | 'identity'

const suffixes: readonly (readonly [string, Coding])[] = [
  ['.gz', 'gzip'],
  ['.xz', 'xz'],
  ['.bz2', 'bzip2'],
  ['.zst', 'zstd'],
  ['.lz4', 'lz4'],
  ['.br', 'br'],
]

/** The coding that a file's name tells; `identity` for any other. */
export const codingOf = (name: string): Coding => suffixes.find(([suffix]) => name.endsWith(suffix))?.[1] ?? 'identity'

/** Pieces handed on are at most this long. */
const longestPiece = 1_048_576
/** Of zlib's output; its own default of 16 KiB costs four times the trips to the thread pool. */
const chunkSize = 65_536

type Inflate = (bytes: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>
const inflaters: Readonly<Record<Coding, Inflate>> = {
  gzip: (bytes) => through(bytes, createGunzip({ chunkSize })),
  br: (bytes) => through(bytes, createBrotliDecompress({ chunkSize })),
  zstd: inflateZstd,
  xz: inflateXz,
  bzip2: inflateBzip2,
  lz4: inflateLz4,
  identity: (bytes) => bytes,
}

/**
 * The decoded bytes, in pieces of at most 1 MiB.
 * @throws MirrorError TOO_LARGE when more than `limit` bytes come out; UNREADABLE when the input is damaged, cut off or of
 * another format. Errors of `bytes` itself pass unchanged.
 */
export async function* inflate(
  bytes: AsyncIterable<Uint8Array>,
  coding: Coding,
  limit: number,
): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const piece of inflaters[coding](bytes)) {
    size += piece.length
    if (size > limit) {
      throw new MirrorError('TOO_LARGE', `the ${coding} stream holds more than ${limit} bytes`, { limit, coding })
    }
    for (let from = 0; from < piece.length; from += longestPiece) yield piece.subarray(from, from + longestPiece)
  }
}

/**
 * The decoded bytes of a small zlib stream (RFC 1950), which ends where the bytes end.
 * @throws MirrorError UNREADABLE when it is damaged, cut off, goes on, or holds more than `limit` bytes.
 */
export function inflateZlib(bytes: Uint8Array, limit: number): Uint8Array {
  let inflated: { readonly buffer: Buffer; readonly engine: InflateEngine }
  try {
    // with `info` the types do not tell that the result is another one
    inflated = inflateSync(bytes, { maxOutputLength: limit, info: true }) as unknown as typeof inflated
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new MirrorError('UNREADABLE', `the compressed bytes are malformed: ${reason}`, { cause })
  }
  if (inflated.engine.bytesWritten !== bytes.length)
    throw new MirrorError('UNREADABLE', 'the compressed bytes go on after their end')
  return inflated.buffer
}

/**
 * The bytes compressed, the same for the same input and level however it is cut into pieces. Levels: gzip 1 to 9, br 0 to
 * 11, zstd 1 to 22; when left out, those that suit a document made for one request.
 */
export async function* compress(
  bytes: AsyncIterable<Uint8Array>,
  coding: 'gzip' | 'br' | 'zstd',
  level?: number,
): AsyncGenerator<Uint8Array> {
  if (coding === 'gzip') yield* withoutSystem(through(bytes, createGzip({ level: level ?? 6, chunkSize })))
  else if (coding === 'br') {
    const params = { [constants.BROTLI_PARAM_QUALITY]: level ?? 5 }
    yield* through(bytes, createBrotliCompress({ params, chunkSize }))
  } else {
    const params = { [constants.ZSTD_c_compressionLevel]: level ?? 3, [constants.ZSTD_c_checksumFlag]: 1 }
    // Node ends the frame with the last piece when the end is known by then, and once more at the end: an empty frame would
    // follow or not, as time has it. With nothing buffered a piece is always taken before the end is known.
    const options = { params, chunkSize, writableHighWaterMark: 1 }
    yield* through(bytes, createZstdCompress(options))
  }
}

/** gzip with "unknown" for the operating system (RFC 1952 §2.3.1): zlib writes where it was built. Its time is 0 already. */
async function* withoutSystem(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let at = 0
  for await (const piece of bytes) {
    if (at <= 9 && at + piece.length > 9) piece[9 - at] = 255
    at += piece.length
    yield piece
  }
}
