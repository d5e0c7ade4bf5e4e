// A bundle that is one tar archive, plain or zstd, whole or in volumes. It is read once, from its beginning: what stands at
// which place in it is known, so that anything else is refused as soon as it is seen. Blobs go straight into the store, where
// they are garbage until the catalog names them.

import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { lstat } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { MirrorError } from '../errors.ts'
import { type BundleHeader, blobPath, bundleFiles, mostHeader, mostSignature } from '../formats/bundle.ts'
import { isHex } from '../formats/digest.ts'
import { type TarFile, tarFiles } from '../formats/tar.ts'
import { inflateZstd } from '../formats/zstd.ts'
import type { Store } from '../store/store.ts'
import { broken, missing, plainPieces, proven, stopIf } from './plain-file.ts'
import type { BundleContents, OpenedBundle, Unpacking } from './source.ts'
import { volumeName } from './to-archive.ts'

/** What a header of a tar member, its padding and an extended header take at most. */
const MEMBER = 4096
const PIECE = 1024 * 1024

export async function openArchive(file: string): Promise<OpenedBundle> {
  const limit = { bytes: mostHeader + mostSignature + 4 * MEMBER, files: 4 }
  const compressed = volumesOf(file)
  const bytes = /\.zst(?:\.\d+)?$/.test(file) ? inflateZstd(compressed) : compressed
  const members = tarFiles(bounded(bytes, limit, file), {
    most: Number.POSITIVE_INFINITY,
    other(name, type) {
      throw broken(file, `holds ${JSON.stringify(name)}, which is no plain file (type ${JSON.stringify(type)})`)
    },
  })
  const next = async (): Promise<TarFile | undefined> => {
    limit.files -= 1
    if (limit.files < 0) throw broken(file, 'holds more files than its header states')
    const { value, done } = await members.next().catch((error: unknown) => {
      throw cutOff(file, error)
    })
    return done === true ? undefined : value
  }
  const small = async (name: string, most: number): Promise<Uint8Array> => {
    const member = await expected(await next(), name, file)
    if (member.size > most) throw broken(file, `holds a ${name} of ${member.size} bytes`)
    return Buffer.concat(
      await Array.fromAsync(member.bytes()).catch((error: unknown) => {
        throw cutOff(file, error)
      }),
    )
  }
  try {
    const header = await small(bundleFiles.header, mostHeader)
    const signature = await small(bundleFiles.signature, mostSignature)
    return {
      place: file,
      packed: true,
      header,
      signature,
      async contents(stated, unpacking) {
        limit.bytes += sizeOf(stated)
        limit.files += 4 + stated.blobs.count
        return unpack(file, stated, unpacking, next)
      },
      close: async () => void (await members.return(undefined)),
    }
  } catch (error) {
    await members.return(undefined)
    throw error
  }
}

/** What an archive with this header may hold at most, after its header. */
const sizeOf = ({ entries, blobs, changes }: BundleHeader): number =>
  entries.size + changes.text.size + changes.html.size + blobs.bytes + (blobs.count + 8) * MEMBER + PIECE

async function* bounded(
  bytes: AsyncIterable<Uint8Array>,
  limit: { readonly bytes: number },
  file: string,
): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const piece of bytes) {
    size += piece.length
    // one piece may reach beyond the header, whose limit is not known yet
    if (size > limit.bytes + 4 * PIECE)
      throw broken(file, `holds more than the ${limit.bytes} bytes that its header allows`)
    yield piece
  }
}

async function expected(member: TarFile | undefined, name: string, file: string): Promise<TarFile> {
  if (member === undefined) throw missing(file, `ends before its ${name}`)
  if (member.name === name) return member
  throw broken(file, `holds ${JSON.stringify(member.name.slice(0, 200))} where ${name} belongs`)
}

async function unpack(
  file: string,
  header: BundleHeader,
  { folder, store, signal, read }: Unpacking,
  next: () => Promise<TarFile | undefined>,
): Promise<BundleContents> {
  const { entries, changes } = header
  const parts = [
    [bundleFiles.text, changes.text],
    [bundleFiles.html, changes.html],
    [bundleFiles.entries, entries],
  ] as const
  try {
    for (const [name, { size }] of parts) {
      const member = await expected(await next(), name, file)
      if (member.size !== size) throw broken(file, `holds a ${name} of ${member.size} bytes, ${size} are stated`)
      await pipeline(member.bytes(), createWriteStream(path.join(folder, name), { flags: 'wx', mode: 0o600 }))
    }
    let last = ''
    let count = 0
    for (let member = await next(); member !== undefined; member = await next()) {
      stopIf(signal)
      const sha256 = member.name.slice(member.name.lastIndexOf('/') + 1)
      if (!isHex('sha256', sha256) || member.name !== blobPath(sha256) || sha256 <= last)
        throw broken(file, `holds ${JSON.stringify(member.name.slice(0, 200))} where a blob belongs`)
      last = sha256
      count += 1
      await keep(store, member, sha256, `${file} (${member.name})`, read)
    }
    if (count > header.blobs.count) throw broken(file, `holds ${count} blobs, ${header.blobs.count} are stated`)
    await store.flush()
  } catch (error) {
    throw cutOff(file, error)
  }
  return {
    part: (name, stated) => proven(plainPieces(path.join(folder, name), stated.size), stated, `${file} (${name})`),
    blob: ({ sha256 }) => store.stream(sha256),
    async lack({ sha256, size }) {
      const found = await store.stat(sha256)
      if (found === undefined) return 'is missing'
      return found.size === size ? undefined : `has ${found.size} of ${size} bytes`
    },
    // there are as many as are stated
    async mustHoldNoOther() {},
  }
}

/** Puts one blob into the store, unless it is there; other bytes than its name says are refused. */
async function keep(
  store: Store,
  member: TarFile,
  sha256: string,
  place: string,
  read: (bytes: number) => void,
): Promise<void> {
  const isThere = (await store.stat(sha256))?.size === member.size
  const staged = isThere ? undefined : await store.stage()
  try {
    const hash = createHash('sha256')
    for await (const piece of member.bytes()) {
      hash.update(piece)
      read(piece.length)
      await staged?.write([piece])
    }
    if (hash.digest('hex') !== sha256) throw broken(place, 'has other bytes than its name says')
    await staged?.commit(sha256)
  } finally {
    await staged?.release()
  }
}

/** An archive that ends too early, or a volume that is not there, is a medium copied by halves. */
function cutOff(file: string, error: unknown): unknown {
  if (!(error instanceof MirrorError) || error.code !== 'UNREADABLE') return error
  return new MirrorError('INCOMPLETE', `is cut off or damaged: ${error.message}`, { file, cause: error })
}

/** The bytes of a file, or of its volumes one after the other. Throws INCOMPLETE where the first is missing. */
async function* volumesOf(file: string): AsyncGenerator<Uint8Array> {
  const whole = file.replace(/\.001$/, '')
  const isThere = async (name: string): Promise<boolean> => (await lstat(name).catch(() => undefined)) !== undefined
  if (whole === file && (await isThere(file))) {
    yield* createReadStream(file, { highWaterMark: PIECE })
    return
  }
  for (let number = 1; ; number += 1) {
    const name = volumeName(whole, number)
    if (!(await isThere(name))) {
      if (number === 1) throw missing(file, 'is missing')
      throw missing(name, 'is missing: it is the next volume')
    }
    yield* createReadStream(name, { highWaterMark: PIECE })
  }
}
