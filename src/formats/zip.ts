// Zip archives out of anything that can be read by position: wheels, Go modules, jars.
// Format: APPNOTE.TXT of PKWARE, §4.3; the central directory alone decides which files there are.

import type { Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import type { Entry as Member } from 'yauzl'
import type { Doc } from '../contract.ts'
import { MirrorError } from '../errors.ts'

export interface ZipFile {
  /** As stored, forward slashes; a folder ends in one. Never absolute and never with a `..` segment. */
  readonly name: string
  /** Bytes when unpacked, as the directory states it; unpacking more is an error. */
  readonly size: number
  /** Unpacked bytes. Read one file at a time, before the next one is asked for. */
  bytes(): AsyncIterable<Uint8Array>
}

/** More files than any package has: a directory of this length is made to hurt. */
const MOST = 200_000

/**
 * The files of an archive in the order of its central directory. Memory holds one entry at a time.
 * @throws MirrorError UNREADABLE for what is no zip archive, is encrypted, has unsafe or doubled names, or lies about sizes or checksums.
 */
export async function* zipFiles(doc: Pick<Doc, 'path' | 'size' | 'stream'>): AsyncGenerator<ZipFile> {
  const { fromRandomAccessReaderPromise, RandomAccessReader } = await import('yauzl')
  const { Readable: Source } = await import('node:stream')
  const source = new (class extends RandomAccessReader {
    override _readStreamForRange(start: number, end: number): Readable {
      return Source.from(doc.stream(start, end), { objectMode: false })
    }
  })()
  const unreadable = (error: unknown): MirrorError =>
    error instanceof MirrorError
      ? error
      : new MirrorError('UNREADABLE', `${doc.path} is no readable zip archive: ${wordsOf(error)}`, { path: doc.path })
  const names = new Set<string>()
  try {
    const archive = await fromRandomAccessReaderPromise(source, doc.size, {
      validateEntrySizes: true,
      strictFileNames: true,
    })
    if (archive.entryCount > MOST) throw unreadable(`it has ${archive.entryCount} files`)
    for await (const member of archive.eachEntry()) {
      const name = member.fileName
      if (names.has(name)) throw unreadable(`it has two files ${JSON.stringify(name.slice(0, 200))}`)
      names.add(name)
      yield { name, size: member.uncompressedSize, bytes: () => unpacked(member) }
    }
    async function* unpacked(member: Member): AsyncGenerator<Uint8Array> {
      let checksum = 0
      try {
        for await (const piece of await archive.openReadStreamPromise(member)) {
          checksum = crc32(piece as Uint8Array, checksum)
          yield piece as Uint8Array
        }
      } catch (error) {
        throw unreadable(error)
      }
      // readers refuse such a file, so it must not be kept as a good one
      if (checksum !== member.crc32) throw unreadable(`${JSON.stringify(member.fileName.slice(0, 200))} is damaged`)
    }
  } catch (error) {
    throw unreadable(error)
  }
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
