// Where the central directory of a zip archive lies. Readers find it in different ways (by the count of its files, by its
// size, by the end record or by the one for large archives), and an archive may be made so that they see different files: one
// that a mirror looks at and another that a client unpacks. Only archives about which all of them agree are let through.
// Format: APPNOTE.TXT of PKWARE, §4.3.14 to §4.3.16.

import type { Doc } from '../contract.ts'
import { collect } from './bytes.ts'

export interface Directory {
  /** Where it begins and how long it is, in bytes. */
  readonly offset: number
  readonly size: number
}

const endLength = 22
const locatorLength = 20
const largeLength = 56

/** What stands for "see the record for large archives". */
const elsewhere = { 2: 0xffff, 4: 0xffffffff } as const

/**
 * The directory of an archive whose comment has `commentLength` bytes and that holds `count` files. Throws an Error in words
 * when its records contradict each other.
 */
export async function readDirectory(
  doc: Pick<Doc, 'size' | 'stream'>,
  commentLength: number,
  count: number,
): Promise<Directory> {
  const at = doc.size - endLength - commentLength
  const end = await bytesOf(doc, at, endLength)
  const stated = { count: end.readUInt16LE(10), size: end.readUInt32LE(12), offset: end.readUInt32LE(16) }
  const large = await readLarge(doc, at)
  const agree = (value: number, width: 2 | 4, other: number | undefined): boolean =>
    value === other || (large !== undefined && value === elsewhere[width])
  const directory = large ?? { ...stated, at }
  if (
    directory.count !== count ||
    !agree(stated.count, 2, directory.count) ||
    !agree(stated.size, 4, directory.size) ||
    !agree(stated.offset, 4, directory.offset) ||
    end.readUInt16LE(8) !== stated.count
  ) {
    throw new Error('its end records contradict each other')
  }
  if (directory.offset + directory.size !== directory.at)
    throw new Error('its directory does not reach to its end record')
  return directory
}

/** The record for large archives with its place; undefined when there is none. */
async function readLarge(
  doc: Pick<Doc, 'size' | 'stream'>,
  end: number,
): Promise<(Directory & { readonly count: number; readonly at: number }) | undefined> {
  if (end < locatorLength + largeLength) return undefined
  const locator = await bytesOf(doc, end - locatorLength, locatorLength)
  if (locator.readUInt32LE(0) !== 0x07064b50) return undefined
  const at = end - locatorLength - largeLength
  if (Number(locator.readBigUInt64LE(8)) !== at) throw new Error('its end record for large archives is out of place')
  const record = await bytesOf(doc, at, largeLength)
  const [onDisk, count, size, offset] = [24, 32, 40, 48].map((place) => Number(record.readBigUInt64LE(place)))
  if (Number(record.readBigUInt64LE(4)) !== largeLength - 12 || onDisk !== count) {
    throw new Error('its end record for large archives is malformed')
  }
  return { count: count ?? 0, size: size ?? 0, offset: offset ?? 0, at }
}

const bytesOf = async (doc: Pick<Doc, 'stream'>, at: number, length: number): Promise<Buffer> =>
  Buffer.from(await collect(doc.stream(at, at + length), length))
