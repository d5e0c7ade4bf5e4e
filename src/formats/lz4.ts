// lz4 frames, read block by block (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md and lz4_Block_format.md).
// A frame holds blocks of at most 4 MiB; a block may copy from the 64 KiB before it. Checksums are checked where there are any.

import { setImmediate } from 'node:timers/promises'
import { MirrorError } from '../errors.ts'
import { type ByteReader, byteReader } from './byte-reader.ts'
import { xxhash32 } from './xxhash.ts'

const frameMagic = 0x184d2204
/** Sixteen magic numbers, 0x184d2a50 to 0x184d2a5f, begin frames that a decoder skips. */
const skippableMagic = 0x184d2a5
const window = 65_536

const fault = (why: string): MirrorError => new MirrorError('UNREADABLE', `the lz4 stream is malformed: ${why}`)
const numberOf = (bytes: Uint8Array): number => new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)

/** @throws MirrorError UNREADABLE */
export async function* inflateLz4(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = byteReader(bytes)
  let frames = 0
  try {
    for (let magic = await reader.next(4); magic !== undefined; magic = await reader.next(4)) {
      frames++
      const number = numberOf(magic)
      if (number === frameMagic) yield* frame(reader)
      else if (number >>> 4 === skippableMagic) await reader.skip(numberOf(await reader.take(4)))
      else throw fault('no frame begins here')
    }
  } finally {
    await reader.close()
  }
  if (frames === 0) throw fault('it is empty')
}

interface FrameHeader {
  readonly independent: boolean
  readonly blockChecksum: boolean
  readonly contentChecksum: boolean
  /** Bytes that a block decodes to at most. */
  readonly blockSize: number
  readonly contentSize: bigint | undefined
}

async function header(reader: ByteReader): Promise<FrameHeader> {
  const fixed = await reader.take(2)
  const [flags = 0, descriptor = 0] = fixed
  if (flags >>> 6 !== 1) throw fault('its version is unknown')
  if ((flags & 1) !== 0) throw fault('it needs a dictionary')
  const power = (descriptor >>> 4) & 7
  if (power < 4) throw fault('its block size is unknown')
  const size = await reader.take((flags & 8) === 0 ? 0 : 8)
  const checksum = xxhash32()
  checksum.update(fixed)
  checksum.update(size)
  const stated = await reader.take(1)
  if (((checksum.digest() >>> 8) & 0xff) !== stated[0]) throw fault('the header checksum differs')
  return {
    independent: (flags & 0x20) !== 0,
    blockChecksum: (flags & 0x10) !== 0,
    contentChecksum: (flags & 4) !== 0,
    blockSize: 2 ** (8 + 2 * power),
    contentSize: size.length === 0 ? undefined : new DataView(size.buffer, size.byteOffset).getBigUint64(0, true),
  }
}

async function* frame(reader: ByteReader): AsyncGenerator<Uint8Array> {
  const { independent, blockChecksum, contentChecksum, blockSize, contentSize } = await header(reader)
  const checksum = xxhash32()
  let total = 0n
  let before: Uint8Array = new Uint8Array(0)
  for (;;) {
    const word = numberOf(await reader.take(4))
    if (word === 0) break
    const stored = word >>> 31 === 1
    const length = word & 0x7fffffff
    if (length > blockSize) throw fault('a block is too long')
    const block = await reader.take(length)
    if (blockChecksum) {
      const own = xxhash32()
      own.update(block)
      if (own.digest() !== numberOf(await reader.take(4))) throw fault('a block checksum differs')
    }
    const content = stored ? block : decode(block, before, blockSize)
    if (contentChecksum) checksum.update(content)
    total += BigInt(content.length)
    if (!independent) before = lastOf(before, content)
    yield content
    await setImmediate()
  }
  if (contentChecksum && checksum.digest() !== numberOf(await reader.take(4))) throw fault('the checksum differs')
  if (contentSize !== undefined && contentSize !== total) throw fault('it is not of the stated size')
}

function lastOf(before: Uint8Array, content: Uint8Array): Uint8Array {
  if (content.length >= window) return content.subarray(content.length - window)
  return Buffer.concat([before.subarray(Math.max(0, before.length + content.length - window)), content])
}

/** One block: sequences of literals and of copies from what was written, at most 64 KiB back. */
function decode(block: Uint8Array, before: Uint8Array, most: number): Uint8Array {
  const output = new Uint8Array(before.length + most)
  output.set(before)
  let to = before.length
  let at = 0

  const lengthFrom = (nibble: number): number => {
    let length = nibble
    if (nibble < 15) return length
    for (;;) {
      const byte = block[at++]
      if (byte === undefined) throw fault('a length is cut off')
      length += byte
      if (byte < 255) return length
    }
  }

  while (at < block.length) {
    const token = block[at++] ?? 0
    const literals = lengthFrom(token >>> 4)
    if (at + literals > block.length || to + literals > output.length) throw fault('literals overrun their block')
    output.set(block.subarray(at, at + literals), to)
    at += literals
    to += literals
    if (at === block.length) return output.subarray(before.length, to)

    const offset = (block[at] ?? 0) | ((block[at + 1] ?? 0) << 8)
    at += 2
    if (at > block.length || offset === 0 || offset > to) throw fault('a copy reaches before the beginning')
    const length = lengthFrom(token & 15) + 4
    if (to + length > output.length) throw fault('a copy overruns its block')
    if (offset >= length) output.copyWithin(to, to - offset, to - offset + length)
    else for (let end = to + length, index = to; index < end; index++) output[index] = output[index - offset] ?? 0
    to += length
  }
  throw fault('a block ends without literals')
}
