// Tar archives as a stream: the files in their order, without one of them ever being whole in memory.
// POSIX.1-2001 pax (https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html), ustar, and GNU's long names.

import { MirrorError } from '../errors.ts'
import { type ByteReader, byteReader } from './byte-reader.ts'

export interface TarFile {
  /** As stored, without a `./` in front. Not checked: nothing is written under it. */
  readonly name: string
  readonly size: number
  /** To be read, if at all, before the next file is asked for. */
  bytes(): AsyncIterable<Uint8Array>
}

const block = 512
/** Headers that say something of the next one hold names and times. */
const longestExtension = 1024 * 1024
export interface TarOptions {
  /** Throws UNREADABLE for more files; more than any source package has when left out. */
  readonly most?: number
  /** Told of what is no regular file before it is passed over. */
  readonly other?: (name: string, type: string) => void
}

/** The regular files. Throws UNREADABLE for what is no tar archive or is cut off within one of them. */
export async function* tarFiles(
  bytes: AsyncIterable<Uint8Array>,
  { most = 500_000, other = () => {} }: TarOptions = {},
): AsyncGenerator<TarFile> {
  const reader = byteReader(bytes)
  let extended: Partial<Pick<TarFile, 'name' | 'size'>> = {}
  try {
    for (let count = 0; ; count += 1) {
      if (count > most) throw unreadable(`has more than ${most} files`)
      const header = await reader.next(block)
      if (header === undefined || header.every((byte) => byte === 0)) return
      const { name, size, type } = readHeader(Buffer.from(header))
      if (type === 'x' || type === 'L') {
        const content = await contentOf(reader, size)
        extended = { ...extended, ...(type === 'x' ? readPax(content) : { name: textOf(content) }) }
        continue
      }
      const own = { name: (extended.name ?? name).replace(/^(?:\.\/)+/, ''), size: extended.size ?? size }
      const left = { size: own.size }
      if (type === '0' || type === '\0' || type === '7') yield { ...own, bytes: () => contents(reader, left) }
      else other(own.name, type)
      await reader.skip(left.size + padding(own.size))
      extended = {}
    }
  } finally {
    await reader.close()
  }
}

const unreadable = (why: string): MirrorError => new MirrorError('UNREADABLE', `the tar archive ${why}`)
const padding = (size: number): number => (block - (size % block)) % block

async function* contents(reader: ByteReader, left: { size: number }): AsyncGenerator<Uint8Array> {
  while (left.size > 0) {
    const piece = await reader.some(left.size)
    if (piece === undefined) throw unreadable('is cut off')
    left.size -= piece.length
    yield piece
  }
}

async function contentOf(reader: ByteReader, size: number): Promise<Buffer> {
  if (size > longestExtension) throw unreadable('has a header without end')
  const content = await reader.take(size)
  await reader.skip(padding(size))
  return Buffer.from(content)
}

const textOf = (bytes: Buffer): string => {
  const end = bytes.indexOf(0)
  return bytes.toString('utf8', 0, end === -1 ? bytes.length : end)
}

function readHeader(header: Buffer): { readonly name: string; readonly size: number; readonly type: string } {
  let sum = 0
  for (const [at, byte] of header.entries()) sum += at >= 148 && at < 156 ? 0x20 : byte
  if (sum !== Number.parseInt(textOf(header.subarray(148, 156)).trim(), 8)) throw unreadable('has a damaged header')
  const prefix = header.toString('latin1', 257, 262) === 'ustar' ? textOf(header.subarray(345, 500)) : ''
  const name = textOf(header.subarray(0, 100))
  const size = readSize(header.subarray(124, 136))
  return { name: prefix === '' ? name : `${prefix}/${name}`, size, type: header.toString('latin1', 156, 157) }
}

/** Octal digits, or GNU's binary form for what is larger than 8 GiB. */
function readSize(field: Buffer): number {
  const binary = ((field[0] ?? 0) & 0x80) !== 0
  const size = binary ? Number(field.readBigUInt64BE(4)) : Number.parseInt(textOf(field).trim() || '0', 8)
  if (!Number.isSafeInteger(size) || size < 0) throw unreadable('has a size that is none')
  return size
}

/** `LENGTH KEY=VALUE` by line. */
function readPax(content: Buffer): Partial<Pick<TarFile, 'name' | 'size'>> {
  let name: string | undefined
  let size: number | undefined
  for (let at = 0; at < content.length; ) {
    const blank = content.indexOf(0x20, at)
    const length = Number.parseInt(content.toString('latin1', at, blank), 10)
    if (blank === -1 || !Number.isSafeInteger(length) || length <= blank - at) throw unreadable('has a damaged header')
    const [, key, value = ''] = /^([^=]+)=([\s\S]*)\n$/.exec(content.toString('utf8', blank + 1, at + length)) ?? []
    if (key === 'path') name = value
    if (key === 'size') size = readSize(Buffer.from(Number(value).toString(8)))
    at += length
  }
  return { ...(name === undefined ? {} : { name }), ...(size === undefined ? {} : { size }) }
}
