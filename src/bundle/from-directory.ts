// A bundle that is a directory, on a medium that may be read-only and may have been copied by halves.

import type { Dirent } from 'node:fs'
import { lstat, opendir } from 'node:fs/promises'
import path from 'node:path'
import { blobPath, bundleFiles, mostHeader, mostSignature } from '../formats/bundle.ts'
import { isHex } from '../formats/digest.ts'
import { broken, lackOf, missing, plainPieces, proven, readPlain, stopIf } from './plain-file.ts'
import type { OpenedBundle } from './source.ts'

/** Throws INCOMPLETE where header or signature are missing, BUNDLE where they are no plain files. */
export async function openDirectory(root: string): Promise<OpenedBundle> {
  const at = (name: string): string => path.join(root, name)
  await mustHoldNoDisguise(root)
  const header = await readPlain(at(bundleFiles.header), mostHeader)
  const signature = await readPlain(at(bundleFiles.signature), mostSignature)
  const folders = new Set<string>()

  /** Its folders are folders, and no links to elsewhere. */
  async function blobFile(sha256: string): Promise<string> {
    const file = at(blobPath(sha256))
    for (let folder = path.dirname(file); folder.length > root.length; folder = path.dirname(folder)) {
      if (folders.has(folder)) break
      const found = await lstat(folder).catch(() => undefined)
      if (found === undefined) throw missing(file, 'is missing')
      if (!found.isDirectory()) throw broken(folder, 'is no directory')
      folders.add(folder)
    }
    return file
  }

  return {
    place: at(bundleFiles.header),
    packed: false,
    header,
    signature,
    contents: async (_, { signal }) => ({
      part: (name, stated) => proven(plainPieces(at(name), stated.size), stated, at(name)),
      async *blob(blob, digest) {
        const file = await blobFile(blob.sha256)
        const pieces = plainPieces(file, blob.size)
        yield* digest === 'checked' ? proven(pieces, blob, file) : pieces
      },
      async lack({ sha256, size }) {
        return lackOf(at(blobPath(sha256)), size)
      },
      async mustHoldNoOther(isNamed) {
        const blobs = at('blobs')
        for await (const top of entriesOf(blobs)) {
          if (top.name !== 'sha256' || !top.isDirectory()) throw stranger(path.join(blobs, top.name), top)
        }
        for await (const folder of entriesOf(path.join(blobs, 'sha256'))) {
          const place = path.join(blobs, 'sha256', folder.name)
          if (!/^[0-9a-f]{2}$/.test(folder.name) || !folder.isDirectory()) throw stranger(place, folder)
          for await (const file of entriesOf(place)) {
            stopIf(signal)
            const { name } = file
            const isBlob = isHex('sha256', name) && name.startsWith(folder.name) && file.isFile()
            if (!isBlob || !isNamed(name)) throw stranger(path.join(place, name), file)
          }
        }
      },
    }),
    async close() {},
  }
}

function stranger(place: string, entry: Dirent): Error {
  if (entry.isSymbolicLink()) return broken(place, 'is a link, which no bundle holds')
  if (!entry.isFile() && !entry.isDirectory()) return broken(place, 'is no plain file')
  return broken(place, 'is no part of the bundle')
}

/** Names that differ from ours in letter case alone would be ours on other systems; links may lead anywhere. */
async function mustHoldNoDisguise(root: string): Promise<void> {
  const own = new Set<string>([...Object.values(bundleFiles), 'blobs'])
  for await (const entry of entriesOf(root)) {
    const { name } = entry
    const isOurs = own.has(name.normalize('NFKC').toLowerCase())
    if (isOurs && !own.has(name))
      throw broken(path.join(root, name), 'differs from a part of the bundle in letter case alone')
    if (!isOurs) continue
    if (name === 'blobs' ? !entry.isDirectory() : !entry.isFile()) throw stranger(path.join(root, name), entry)
  }
}

async function* entriesOf(folder: string): AsyncGenerator<Dirent> {
  let opened: Awaited<ReturnType<typeof opendir>>
  try {
    opened = await opendir(folder)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return
    throw error
  }
  yield* opened
}
