// Zstandard (RFC 8878 §3.1), cut into its frames. Node's decoder stops at the end of the first frame and ignores what follows,
// so that a file of several frames (pzstd, concatenation) would silently lose its tail: each frame gets a decoder of its own.

import { createZstdDecompress } from 'node:zlib'
import { MirrorError } from '../errors.ts'
import { type ByteReader, byteReader } from './byte-reader.ts'
import { through } from './through.ts'

const frameMagic = 0xfd2fb528
/** Sixteen magic numbers, 0x184d2a50 to 0x184d2a5f, begin frames that a decoder skips. */
const skippableMagic = 0x184d2a5

/** @throws MirrorError UNREADABLE */
export async function* inflateZstd(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = byteReader(bytes)
  let frames = 0
  try {
    for (let magic = await reader.next(4); magic !== undefined; magic = await reader.next(4)) {
      frames++
      const number = littleEndian(magic)
      if (number === frameMagic) yield* through(frame(reader, magic), createZstdDecompress({ chunkSize: 131_072 }))
      else if (number >>> 4 === skippableMagic) await reader.skip(littleEndian(await reader.take(4)))
      else throw new MirrorError('UNREADABLE', 'the bytes are not in zstd form')
    }
  } finally {
    await reader.close()
  }
  if (frames === 0) throw new MirrorError('UNREADABLE', 'an empty stream is not in zstd form')
}

/** The bytes of one frame: header, blocks, checksum. */
async function* frame(reader: ByteReader, magic: Uint8Array): AsyncGenerator<Uint8Array> {
  const descriptor = await reader.take(1)
  const flags = descriptor[0] ?? 0
  const singleSegment = (flags & 0x20) !== 0
  const windowBytes = singleSegment ? 0 : 1
  const dictionaryBytes = [0, 1, 2, 4][flags & 3] ?? 0
  const sizeBytes = [singleSegment ? 1 : 0, 2, 4, 8][flags >>> 6] ?? 0
  yield Buffer.concat([magic, descriptor, await reader.take(windowBytes + dictionaryBytes + sizeBytes)])

  for (let last = false; !last; ) {
    const head = await reader.take(3)
    const word = littleEndian(head)
    last = (word & 1) === 1
    const runLength = ((word >>> 1) & 3) === 1
    yield head
    for (let left = runLength ? 1 : word >>> 3; left > 0; ) {
      const piece = await reader.some(left)
      if (piece === undefined) throw new MirrorError('UNREADABLE', 'the zstd stream ends within a block')
      left -= piece.length
      yield piece
    }
  }
  if ((flags & 4) !== 0) yield await reader.take(4)
}

function littleEndian(bytes: Uint8Array): number {
  let value = 0
  for (const byte of bytes.toReversed()) value = value * 256 + byte
  return value
}
