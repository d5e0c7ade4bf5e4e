// bzip2 (no official specification; https://github.com/dsnet/compress/blob/master/doc/bzip2-format.pdf describes it), one
// block at a time: 5 MiB of tables and at most 2.5 MiB of input are held, whatever the size of the file.

import { setImmediate } from 'node:timers/promises'
import { MirrorError } from '../errors.ts'
import { type ByteReader, byteReader } from './byte-reader.ts'
import { type Code, code, longestCode } from './bzip2-code.ts'

const blockMagic = 0x314159265359
const endMagic = 0x177245385090
/** A code of 20 bits for each of 900 000 symbols, and the tables before them: no block is longer. */
const longestBlock = 2_500_000
const inputPiece = 65_536
const outputPiece = 65_536
const symbolsPerSelector = 50
/** Symbols decoded before others get their turn: about 5 ms. */
const symbolsAtOnce = 200_000

const fault = (why: string): MirrorError => new MirrorError('UNREADABLE', `the bzip2 stream is malformed: ${why}`)

/** Buffered input, read by bits from the most significant one on. */
interface Bits {
  bytes: Uint8Array
  /** Position of the next bit. */
  at: number
  filled: number
}

/** @throws MirrorError UNREADABLE */
export async function* inflateBzip2(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = byteReader(bytes)
  const bits: Bits = { bytes: new Uint8Array(longestBlock + inputPiece), at: 0, filled: 0 }
  try {
    await fill(bits, reader)
    do yield* stream(bits, reader)
    while (bits.at < bits.filled * 8)
  } finally {
    await reader.close()
  }
}

async function* stream(bits: Bits, reader: ByteReader): AsyncGenerator<Uint8Array> {
  if (read(bits, 24) !== 0x425a68) throw fault('it does not begin with BZh')
  const level = read(bits, 8) - 0x30
  if (level < 1 || level > 9) throw fault('its block size is unknown')
  const table = new Uint32Array(level * 100_000)
  let combined = 0
  for (;;) {
    await fill(bits, reader)
    const magic = read(bits, 24) * 0x1000000 + read(bits, 24)
    const stated = read(bits, 32)
    if (magic === endMagic) {
      if (stated !== combined) throw fault('the checksum differs')
      bits.at = Math.ceil(bits.at / 8) * 8
      await fill(bits, reader)
      return
    }
    if (magic !== blockMagic) throw fault('no block begins here')
    const checksum = { value: 0xffffffff }
    for (const piece of block(bits, table)) {
      if (piece === undefined) {
        await setImmediate()
        continue
      }
      update(checksum, piece)
      yield piece
      await setImmediate()
    }
    if (~checksum.value >>> 0 !== stated) throw fault('a block checksum differs')
    combined = (((combined << 1) | (combined >>> 31)) ^ stated) >>> 0
  }
}

/** Moves what is unread to the front and reads on until a whole block must be there or the input has ended. */
async function fill(bits: Bits, reader: ByteReader): Promise<void> {
  const begun = bits.at >>> 3
  bits.bytes.copyWithin(0, begun, bits.filled)
  bits.filled -= begun
  bits.at -= begun * 8
  while (bits.filled < longestBlock) {
    const piece = await reader.some(inputPiece)
    if (piece === undefined) return
    bits.bytes.set(piece, bits.filled)
    bits.filled += piece.length
  }
}

/** The next 32 bits at most, as an unsigned number. */
function read(bits: Bits, count: number): number {
  if (bits.at + count > bits.filled * 8) throw fault('it ends too early')
  let value = 0
  for (let left = count; left > 0; ) {
    const within = bits.at & 7
    const taken = Math.min(left, 8 - within)
    const byte = bits.bytes[bits.at >>> 3] ?? 0
    value = value * 2 ** taken + ((byte >>> (8 - within - taken)) & ((1 << taken) - 1))
    bits.at += taken
    left -= taken
  }
  return value
}

/** The content of one block in pieces; undefined now and then, to let others have their turn. */
function* block(bits: Bits, table: Uint32Array): Generator<Uint8Array | undefined> {
  if (read(bits, 1) === 1) throw fault('randomised blocks, long out of use, are not read')
  const origin = read(bits, 24)
  const alphabet = readAlphabet(bits)
  const codeCount = read(bits, 3)
  if (codeCount < 2 || codeCount > 6) throw fault('the number of its codes is out of range')
  const selectors = readSelectors(bits, codeCount)
  const codes = Array.from({ length: codeCount }, () => readCode(bits, alphabet.length + 2))
  const counts = new Uint32Array(256)
  const length = yield* symbols(bits, { alphabet, selectors, codes, table, counts })
  if (origin >= length) throw fault('its origin lies outside')
  yield
  sort(table, length, counts)
  yield
  yield* content(table, length, origin)
}

/** The byte values that occur, in order. */
function readAlphabet(bits: Bits): Uint8Array {
  const used: number[] = []
  const ranges = read(bits, 16)
  for (let range = 0; range < 16; range++) {
    if (((ranges >>> (15 - range)) & 1) === 0) continue
    const members = read(bits, 16)
    for (let member = 0; member < 16; member++) {
      if (((members >>> (15 - member)) & 1) === 1) used.push(range * 16 + member)
    }
  }
  if (used.length === 0) throw fault('a block has no symbols')
  return Uint8Array.from(used)
}

/** Which code each run of 50 symbols is written in. */
function readSelectors(bits: Bits, codeCount: number): Uint8Array {
  const selectors = new Uint8Array(read(bits, 15))
  if (selectors.length === 0) throw fault('a block has no selectors')
  const recent = Uint8Array.from({ length: codeCount }, (_, index) => index)
  for (let index = 0; index < selectors.length; index++) {
    let rank = 0
    while (read(bits, 1) === 1) if (++rank >= codeCount) throw fault('a selector is out of range')
    const selected = recent[rank] ?? 0
    recent.copyWithin(1, 0, rank)
    recent[0] = selected
    selectors[index] = selected
  }
  return selectors
}

function readCode(bits: Bits, symbolCount: number): Code {
  const lengths = new Uint8Array(symbolCount)
  let length = read(bits, 5)
  for (let symbol = 0; symbol < symbolCount; symbol++) {
    for (;;) {
      if (length < 1 || length > longestCode) throw fault('a code length is out of range')
      if (read(bits, 1) === 0) break
      length += read(bits, 1) === 0 ? 1 : -1
    }
    lengths[symbol] = length
  }
  const made = code(lengths)
  if (made === undefined) throw fault('its code lengths are no code')
  return made
}

interface Coded {
  readonly alphabet: Uint8Array
  readonly selectors: Uint8Array
  readonly codes: readonly Code[]
  /** Takes the decoded bytes. */
  readonly table: Uint32Array
  /** Takes how often each byte value occurs. */
  readonly counts: Uint32Array
}

/** Undoes the prefix code, the zero runs and the move-to-front ranks; returns how many bytes there are. */
function* symbols(bits: Bits, coded: Coded): Generator<undefined, number> {
  const { selectors, codes, table, counts } = coded
  const recent = coded.alphabet.slice()
  const end = recent.length + 1
  let filled = 0
  let run = 0
  let weight = 1
  let patience = symbolsAtOnce

  const endRun = (): void => {
    if (filled + run > table.length) throw fault('a block is too long')
    const byte = recent[0] ?? 0
    table.fill(byte, filled, filled + run)
    counts[byte] = (counts[byte] ?? 0) + run
    filled += run
    run = 0
    weight = 1
  }

  for (const selector of selectors) {
    const { limit, offset, symbol, shortest } = codes[selector] as Code
    for (let left = symbolsPerSelector; left > 0; left--) {
      const ahead = peek(bits)
      let length = shortest
      while (length <= longestCode && ahead >= (limit[length] ?? 0)) length++
      bits.at += length
      if (length > longestCode || bits.at > bits.filled * 8) throw fault('a symbol is not in its code')
      const found = symbol[(ahead >>> (longestCode - length)) + (offset[length] ?? 0)] ?? 0
      if (found < 2) {
        run += weight << found
        weight *= 2
        if (run > table.length) throw fault('a run is too long')
        continue
      }
      if (run > 0) endRun()
      if (found === end) return filled
      if (filled >= table.length) throw fault('a block is too long')
      const rank = found - 1
      const byte = recent[rank] ?? 0
      recent.copyWithin(1, 0, rank)
      recent[0] = byte
      table[filled++] = byte
      counts[byte] = (counts[byte] ?? 0) + 1
    }
    patience -= symbolsPerSelector
    if (patience > 0) continue
    patience = symbolsAtOnce
    yield
  }
  throw fault('a block has no end')
}

/** The next 20 bits, zeros behind the end. */
function peek({ bytes, at }: Bits): number {
  const index = at >>> 3
  const word =
    ((bytes[index] ?? 0) << 24) |
    ((bytes[index + 1] ?? 0) << 16) |
    ((bytes[index + 2] ?? 0) << 8) |
    (bytes[index + 3] ?? 0)
  return (word << (at & 7)) >>> (32 - longestCode)
}

/** Undoes the Burrows-Wheeler transform: above each byte goes the position of the one that follows it. */
function sort(table: Uint32Array, length: number, counts: Uint32Array): void {
  const next = new Uint32Array(256)
  for (let value = 1; value < 256; value++) next[value] = (next[value - 1] ?? 0) + (counts[value - 1] ?? 0)
  for (let at = 0; at < length; at++) {
    const byte = (table[at] ?? 0) & 0xff
    const to = next[byte] ?? 0
    next[byte] = to + 1
    table[to] = (table[to] ?? 0) | (at << 8)
  }
}

/** Follows the positions and undoes the outer run-length code: four equal bytes are followed by a count of more. */
function* content(table: Uint32Array, length: number, origin: number): Generator<Uint8Array> {
  let piece = new Uint8Array(outputPiece)
  let filled = 0
  let position = (table[origin] ?? 0) >>> 8
  let previous = -1
  let equal = 0
  for (let at = 0; at < length; at++) {
    const word = table[position] ?? 0
    const byte = word & 0xff
    position = word >>> 8
    if (filled + 256 > piece.length) {
      yield piece.subarray(0, filled)
      piece = new Uint8Array(outputPiece)
      filled = 0
    }
    if (equal === 4) {
      piece.fill(previous, filled, filled + byte)
      filled += byte
      equal = 0
      previous = -1
      continue
    }
    equal = byte === previous ? equal + 1 : 1
    previous = byte
    piece[filled++] = byte
  }
  if (filled > 0) yield piece.subarray(0, filled)
}

/** CRC-32 with the polynomial 0x04c11db7, most significant bit first. */
const remainders = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index << 24
  for (let bit = 0; bit < 8; bit++) value = value < 0 ? (value << 1) ^ 0x04c11db7 : value << 1
  return value
})

function update(checksum: { value: number }, bytes: Uint8Array): void {
  let value = checksum.value
  for (let at = 0; at < bytes.length; at++) {
    value = (value << 8) ^ (remainders[((value >>> 24) ^ (bytes[at] ?? 0)) & 0xff] ?? 0)
  }
  checksum.value = value
}
