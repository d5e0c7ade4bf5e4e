// A bundle as a directory: blobs are hard links to the store where the file system allows it, and the signed header comes
// last, so that a directory without one is no bundle yet and can be gone on with.

import { copyFile, lstat, mkdir, open, opendir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { MirrorError } from '../errors.ts'
import { blobPath, bundleFiles } from '../formats/bundle.ts'
import { isHex } from '../formats/digest.ts'
import { linkNow, place } from '../sinks/place.ts'
import { asWriteError } from '../sinks/refusals.ts'
import type { BundleParts } from './parts.ts'

export interface Written {
  readonly linked: number
  readonly copied: number
  /** Of an interrupted export. */
  readonly there: number
}

/** What a file is called until it is whole; a crash may leave it. */
const asideOf = (file: string): string => `${file}.part`

const names: ReadonlySet<string> = new Set([
  'blobs',
  ...Object.values(bundleFiles).flatMap((name) => [name, asideOf(name)]),
])

/** Throws USAGE for a directory with anything else in it, or with a bundle. */
export async function mustTakeBundle(root: string): Promise<void> {
  const found = await readdir(root).catch((error: unknown): string[] => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw asWriteError(error, root)
  })
  if (found.includes(bundleFiles.header))
    throw new MirrorError('USAGE', 'holds a bundle already', {
      file: root,
      hint: 'Name a new directory for each bundle.',
    })
  const other = found.find((name) => !names.has(name))
  if (other !== undefined)
    throw new MirrorError('USAGE', `holds ${other}, which is no part of a bundle`, {
      file: root,
      hint: 'Name a new or empty directory.',
    })
}

/**
 * What an export that was broken off left of its blobs is gone on with. Throws USAGE where it was of another state: its blobs
 * would be strangers in this bundle, which the other side refuses.
 */
export async function mustGoOn(root: string, isNamed: (sha256: string) => boolean): Promise<void> {
  try {
    for await (const found of await opendir(path.join(root, 'blobs'), { recursive: true })) {
      if (found.isDirectory()) continue
      const sha256 = found.name.replace(/\.part$/, '')
      const file = path.join(found.parentPath, found.name)
      const isBlob =
        isHex('sha256', sha256) && path.join(root, blobPath(sha256)) === path.join(found.parentPath, sha256)
      if (isBlob && found.name !== sha256) await rm(file, { force: true })
      else if (!isBlob || !isNamed(sha256))
        throw new MirrorError('USAGE', `holds ${found.name}, which is not of this bundle`, {
          file: root,
          hint: 'Another one was begun here: remove the directory, or name a new one.',
        })
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return
    throw asWriteError(error, root)
  }
}

export async function writeDirectory(root: string, parts: BundleParts): Promise<Written> {
  const done = { linked: 0, copied: 0, there: 0 }
  try {
    const folders = new Set<string>()
    for (const { sha256, size } of parts.blobs()) {
      if (parts.signal.aborted) throw new MirrorError('STOPPED', 'the export was stopped')
      const target = path.join(root, blobPath(sha256))
      const folder = path.dirname(target)
      if (!folders.has(folder)) await mkdir(folder, { recursive: true })
      folders.add(folder)
      const there = await lstat(target).catch(() => undefined)
      if (there?.isFile() === true && there.size === size) done.there += 1
      else {
        const blob = { path: blobPath(sha256), sha256, size, modified: parts.made, kind: 'artifact', rank: 0 } as const
        const aside = asideOf(target)
        const from = parts.store.file?.(sha256)
        if (from !== undefined && linkNow(from, blob, { aside, target })) done.linked += 1
        else done[await place(parts.store, blob, { aside, target, after: 0 })] += 1
      }
      parts.wrote(size)
    }
    await mkdir(root, { recursive: true })
    for (const { name, file } of parts.parts) await put(path.join(root, name), (aside) => copyFile(file, aside))
    await put(path.join(root, bundleFiles.signature), (aside) => writeFile(aside, parts.signature))
    await put(path.join(root, bundleFiles.header), (aside) => writeFile(aside, parts.header))
    return done
  } catch (error) {
    throw asWriteError(error, root)
  }
}

async function put(target: string, write: (aside: string) => Promise<void>): Promise<void> {
  const aside = asideOf(target)
  await rm(aside, { force: true })
  await write(aside)
  const handle = await open(aside, 'r+')
  await handle.sync().finally(() => handle.close())
  await rename(aside, target)
}
