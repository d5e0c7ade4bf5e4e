// A bundle as one tar archive (`.tar`, `.tar.zst`), or as volumes of it: the same bytes, cut. What has to be known before
// the rest can be judged comes first: header, signature, what people read, entries, blobs by digest.

import { createReadStream } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Pack, pack as startPack } from 'tar-stream'
import { asMirrorError, MirrorError } from '../errors.ts'
import { blobPath, bundleFiles } from '../formats/bundle.ts'
import { compress } from '../formats/compress.ts'
import { asWriteError } from '../sinks/refusals.ts'
import type { BundleParts } from './parts.ts'

/** `file.001` and on. */
export const volumeName = (file: string, number: number): string => `${file}.${String(number).padStart(3, '0')}`

/** Returns the files that were written. They have their names when all of them are whole. */
export async function writeArchive(
  file: string,
  volumeSize: number | undefined,
  parts: BundleParts,
): Promise<readonly string[]> {
  const archive = startPack()
  const packed = packAll(archive, parts).catch((error: unknown) => {
    archive.destroy(asMirrorError(error))
    throw error
  })
  // it is a stream of bytes, which its types do not tell
  const plain = archive as AsyncIterable<unknown> as AsyncIterable<Uint8Array>
  const bytes = file.endsWith('.zst') ? compress(plain, 'zstd') : plain
  const out = volumes(file, volumeSize)
  const sent = out.take(bytes).catch((error: unknown) => {
    archive.destroy()
    throw error
  })
  const [packing, sending] = await Promise.allSettled([packed, sent])
  try {
    const own = packing.status === 'rejected' && packing.reason instanceof MirrorError
    for (const each of own ? [packing] : [sending, packing]) if (each.status === 'rejected') throw each.reason
    return await out.name()
  } catch (error) {
    await out.remove()
    throw asWriteError(error, file)
  }
}

async function packAll(archive: Pack, parts: BundleParts): Promise<void> {
  const entry = (name: string, size: number, bytes: AsyncIterable<Uint8Array>): Promise<void> => {
    const mtime = new Date(Math.floor(parts.made / 1000) * 1000)
    const into = archive.entry({ name, size, mode: 0o644, uid: 0, gid: 0, uname: '', gname: '', mtime })
    return pipeline(bytes, into)
  }
  const whole = (bytes: Uint8Array): Readable => Readable.from([bytes])
  await entry(bundleFiles.header, parts.header.length, whole(parts.header))
  await entry(bundleFiles.signature, parts.signature.length, whole(parts.signature))
  for (const { name, file, size } of parts.parts) await entry(name, size, createReadStream(file))
  for (const { sha256, size } of parts.blobs()) {
    if (parts.signal.aborted) throw new MirrorError('STOPPED', 'the export was stopped')
    await entry(blobPath(sha256), size, parts.store.stream(sha256))
    parts.wrote(size)
  }
  archive.finalize()
}

/** Takes bytes into as many files as it takes, each with a name of its own until all are whole. */
function volumes(file: string, volumeSize: number | undefined) {
  const asides: string[] = []
  const nameOf = (index: number): string => (volumeSize === undefined ? file : volumeName(file, index + 1))
  let out: FileHandle | undefined
  let room = 0

  async function end(): Promise<void> {
    const ended = out
    out = undefined
    await ended?.sync().finally(() => ended.close())
  }

  async function write(piece: Uint8Array): Promise<void> {
    for (let rest = piece; rest.length > 0; ) {
      if (out === undefined) {
        const aside = `${nameOf(asides.length)}.part`
        out = await open(aside, 'w')
        asides.push(aside)
        room = volumeSize ?? Number.POSITIVE_INFINITY
      }
      const { bytesWritten } = await out.write(rest, 0, Math.min(rest.length, room))
      room -= bytesWritten
      rest = rest.subarray(bytesWritten)
      if (room === 0) await end()
    }
  }

  return {
    async take(bytes: AsyncIterable<Uint8Array>): Promise<void> {
      for await (const piece of bytes) await write(piece)
      await end()
    },
    async name(): Promise<readonly string[]> {
      const names = asides.map((_, index) => nameOf(index))
      for (const [index, aside] of asides.entries()) await rename(aside, names[index] ?? '')
      return names
    },
    async remove(): Promise<void> {
      await end().catch(() => undefined)
      for (const aside of asides) await rm(aside, { force: true })
    },
  }
}
