// Zip archives out of anything that can be read by position: wheels, Go modules, jars.
// Format: APPNOTE.TXT of PKWARE, §4.3; the central directory alone decides which files there are.

import type { Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import type { Entry as Member } from 'yauzl'
import type { Doc } from '../contract.ts'
import { MirrorError } from '../errors.ts'
import { collect } from './bytes.ts'
import { readDirectory } from './zip-directory.ts'

export interface ZipFile {
  /** As stored, forward slashes; a folder ends in one. Never absolute and never with a `..` segment. */
  readonly name: string
  /** Bytes when unpacked, as the directory states it; unpacking more is an error. */
  readonly size: number
  /** Unpacked bytes. Read one file at a time, before the next one is asked for. */
  bytes(): AsyncIterable<Uint8Array>
}

/** More files than any package has, and a longer directory: such an archive is made to hurt. */
const MOST = 200_000
const LONGEST = 128 * 1024 * 1024
const LOCAL_HEADER = 30
const DIRECTORY_HEADER = 46

/**
 * The files of an archive in the order of its central directory. Memory holds their names, and one entry at a time.
 * @throws MirrorError UNREADABLE for what is no zip archive, is encrypted, has unsafe or doubled names, lies about sizes or
 * checksums, or shows other files to other readers.
 */
export async function* zipFiles(doc: Pick<Doc, 'path' | 'size' | 'stream'>): AsyncGenerator<ZipFile> {
  const { fromRandomAccessReaderPromise, RandomAccessReader } = await import('yauzl')
  const { Readable: Source } = await import('node:stream')
  const near = nearby(doc)
  const source = new (class extends RandomAccessReader {
    override _readStreamForRange(start: number, end: number): Readable {
      return Source.from(near(start, end), { objectMode: false })
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
    const directory = await readDirectory(doc, archive.comment.length, archive.entryCount)
    if (directory.size > LONGEST) throw unreadable(`its directory has ${directory.size} bytes`)
    let described = 0
    let packed = 0
    for await (const member of archive.eachEntry()) {
      const name = member.fileName
      const fault = faultOf(member)
      if (fault !== undefined) throw unreadable(`${fault}: ${JSON.stringify(name.slice(0, 200))}`)
      const key = name.replace(/\/$/, '')
      if (names.has(key)) throw unreadable(`it has two files ${JSON.stringify(name.slice(0, 200))}`)
      names.add(key)
      described += DIRECTORY_HEADER + member.fileNameLength + member.extraFieldLength + member.fileCommentLength
      packed += LOCAL_HEADER + member.fileNameLength + member.compressedSize
      // files that share bytes unpack to more than any ratio allows
      if (packed > directory.offset) throw unreadable('its files overlap')
      yield { name, size: member.uncompressedSize, bytes: () => unpacked(member) }
    }
    if (described !== directory.size) throw unreadable('its directory holds more than its files')
    async function* unpacked(member: Member): AsyncGenerator<Uint8Array> {
      try {
        const local = await archive.readLocalFileHeaderPromise(member)
        if (!local.fileName.equals(member.fileNameRaw) || local.compressionMethod !== member.compressionMethod)
          throw unreadable('a file is another by its own header than by the directory')
        let sum = 0
        for await (const piece of await archive.openReadStreamPromise(member)) {
          sum = crc32(piece, sum)
          yield piece as Uint8Array
        }
        // readers refuse such a file, so it must not be kept as a good one
        if (sum !== member.crc32)
          throw unreadable(`the checksum of ${JSON.stringify(member.fileName.slice(0, 200))} is wrong`)
      } catch (error) {
        throw unreadable(error)
      }
    }
  } catch (error) {
    throw unreadable(error)
  }
}

/** Bytes that are read at once: headers and small files lie side by side. */
const PAGE = 256 * 1024

interface Page {
  readonly start: number
  readonly bytes: Uint8Array
}

/** Ranges of a document; short ones are cut out of the two pages that were read last, one in the directory and one before it. */
function nearby(doc: Pick<Doc, 'size' | 'stream'>): (start: number, end: number) => AsyncIterable<Uint8Array> {
  let pages: readonly Page[] = []
  return async function* range(start, end) {
    if (end - start > PAGE / 4) {
      yield* doc.stream(start, end)
      return
    }
    const holds = (one: Page): boolean => one.start <= start && end <= one.start + one.bytes.length
    const page = pages.find(holds) ?? {
      start,
      bytes: await collect(doc.stream(start, Math.min(doc.size, start + PAGE)), PAGE),
    }
    pages = [page, ...pages.filter((one) => one !== page).slice(0, 1)]
    yield page.bytes.subarray(start - page.start, end - page.start)
  }
}

/** What is wrong with a file by its description alone. */
function faultOf(member: Member): string | undefined {
  if (member.fileName === '') return 'a file has no name'
  // biome-ignore lint/suspicious/noControlCharactersInRegex: some readers end a name at such a character
  if (/[\0-\x1f\x7f]/.test(member.fileName)) return 'a name holds control characters'
  if (member.isEncrypted()) return 'a file is encrypted'
  const written = member.fileNameRaw.toString('latin1')
  if (/^[\0-\x7f]*$/.test(written) && written !== member.fileName) return 'a file has two names'
  return undefined
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
