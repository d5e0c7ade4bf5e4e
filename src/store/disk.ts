// The store on a local disk: blobs by their sha256, written to a temporary file and renamed into place, so that a crash
// leaves garbage behind but never half a blob under its name. layout.ts shows the folders.

import { createHash } from 'node:crypto'
import type { Dirent } from 'node:fs'
import { lstat, mkdir, open, opendir, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { asMirrorError, MirrorError } from '../errors.ts'
import { isHex } from '../formats/digest.ts'
import { durable } from './durable.ts'
import { layout, ownerOf } from './layout.ts'
import { isAbsent, removeFile, stageFile } from './staged-file.ts'
import type { Opened, Staged, Stat, Store } from './store.ts'
import { smallWriter } from './write-small.ts'

const pieceSize = 262_144
/** Small pieces are gathered to this many bytes before they are written. */
const batchSize = 1_048_576
/** Bytes of small blobs that stay in memory for those who read them next. */
const RECENT = 1_048_576

/** Opens the store in a data directory, which is made when it is not there. */
export async function openDiskStore(root: string): Promise<Store> {
  const places = layout(root)
  const sync = durable()
  const folders = new Map<string, Promise<unknown>>()
  if ((await mkdir(places.blobs, { recursive: true })) !== undefined) {
    for (const folder of [root, dirname(places.blobs)]) sync.addFolder(folder)
  }
  await mkdir(places.temporary, { recursive: true, mode: 0o700 })

  async function place(sha256: string): Promise<string> {
    const folder = places.folder(sha256)
    let made = folders.get(folder)
    if (made === undefined) {
      made = mkdir(folder, { recursive: true })
      folders.set(folder, made)
      made.catch(() => folders.delete(folder))
      sync.addFolder(places.blobs)
    }
    await made
    return places.blob(sha256)
  }

  const writer = smallWriter()
  const recent = recentBytes()

  async function small(sha256: string, bytes: Uint8Array): Promise<void> {
    await writer.write(places.unused(), places.blob(sha256), bytes)
    recent.add(sha256, bytes)
  }

  const goings = { temporary: places.unused, blob: place, committed: sync.add, small }
  const stage = async (): Promise<Staged> => stageFile(goings)

  async function openBlob(sha256: string): Promise<Opened | undefined> {
    const file = places.blob(sha256)
    const handle = await present(open(file, 'r'))
    if (handle === undefined) return undefined
    const { size } = await handle.stat()
    return {
      size,
      file,
      async read(buffer, position) {
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, position)
        return bytesRead
      },
      close: () => handle.close(),
    }
  }

  async function statBlob(sha256: string): Promise<Stat | undefined> {
    const found = await present(stat(places.blob(sha256)))
    return found && { sha256, size: found.size, modified: found.mtimeMs }
  }

  return {
    stage,
    put: (bytes) => putInto(stage, bytes),
    open: openBlob,
    file: places.blob,
    stat: statBlob,
    async *stream(sha256, from = 0, to = Number.POSITIVE_INFINITY) {
      const bytes = recent.get(sha256)
      if (bytes !== undefined) return yield bytes.subarray(from, to)
      const opened = await openBlob(sha256)
      if (opened === undefined) throw new MirrorError('DAMAGED', `the blob ${sha256} is not in the store`, { sha256 })
      try {
        yield* piecesOf(opened, sha256, from, Math.min(to, opened.size))
      } finally {
        await opened.close()
      }
    },
    delete(sha256) {
      recent.drop(sha256)
      return removeFile(places.blob(sha256))
    },
    async *list() {
      for await (const folder of entriesOf(places.blobs)) {
        if (!folder.isDirectory() || !/^[0-9a-f]{2}$/.test(folder.name)) continue
        for await (const entry of entriesOf(join(places.blobs, folder.name))) {
          if (!entry.isFile() || !isHex('sha256', entry.name) || !entry.name.startsWith(folder.name)) continue
          const found = await statBlob(entry.name)
          if (found !== undefined) yield found
        }
      }
    },
    async space() {
      const { bsize, bavail, blocks } = await statfs(places.blobs).catch((error: unknown) => {
        throw asMirrorError(error)
      })
      // some file systems do not tell
      if (blocks === 0) return { free: Number.POSITIVE_INFINITY, total: Number.POSITIVE_INFINITY }
      return { free: bavail * bsize, total: blocks * bsize }
    },
    flush: (needed = []) => sync.flush(needed.map(places.blob)),
    async clean() {
      let files = 0
      let bytes = 0
      for await (const entry of entriesOf(places.temporary)) {
        const path = join(places.temporary, entry.name)
        const found = await present(lstat(path))
        if (found !== undefined && isInUse(entry.name, found.mtimeMs)) continue
        await rm(path, { recursive: true, force: true })
        files++
        bytes += found?.size ?? 0
      }
      return { files, bytes }
    },
    async close() {
      await sync.flush().finally(writer.close)
    },
  }
}

/** A file that was not written to for this many milliseconds is no longer its process's. */
const LONGEST = 24 * 60 * 60 * 1000
/** The same of a process that cannot be asked for, in a container beside this one: no transfer pauses for so long. */
const LONGEST_ELSEWHERE = 15 * 60 * 1000

/** A name without a running process behind it, or one of this process's number from before it began, is left over. */
function isInUse(name: string, modified: number): boolean {
  const owner = ownerOf(name)
  if (owner === undefined) return false
  const age = Date.now() - modified
  if (!owner.here) return age < LONGEST_ELSEWHERE
  if (owner.pid === process.pid) return modified >= performance.timeOrigin
  return owner.pid > 0 && isRunning(owner.pid) && age < LONGEST
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

interface Recent {
  add(sha256: string, bytes: Uint8Array): void
  get(sha256: string): Uint8Array | undefined
  drop(sha256: string): void
}

/** Bytes of small blobs that were written last: a document is read and rendered right after it is written. */
function recentBytes(): Recent {
  const kept = new Map<string, Uint8Array>()
  let size = 0
  function drop(sha256: string): void {
    size -= kept.get(sha256)?.length ?? 0
    kept.delete(sha256)
  }
  return {
    add(sha256, bytes) {
      drop(sha256)
      kept.set(sha256, bytes)
      size += bytes.length
      for (const oldest of kept.keys()) {
        if (size <= RECENT) break
        drop(oldest)
      }
    },
    get: (sha256) => kept.get(sha256),
    drop,
  }
}

async function putInto(
  stage: () => Promise<Staged>,
  bytes: AsyncIterable<Uint8Array>,
): Promise<{ readonly sha256: string; readonly size: number }> {
  const staged = await stage()
  try {
    const hash = createHash('sha256')
    let batch: Uint8Array[] = []
    let gathered = 0
    for await (const piece of bytes) {
      hash.update(piece)
      batch.push(piece)
      gathered += piece.length
      if (gathered < batchSize) continue
      await staged.write(batch)
      batch = []
      gathered = 0
    }
    await staged.write(batch)
    const sha256 = hash.digest('hex')
    await staged.commit(sha256)
    return { sha256, size: staged.size }
  } finally {
    await staged.release()
  }
}

async function* piecesOf(opened: Opened, sha256: string, from: number, to: number): AsyncGenerator<Uint8Array> {
  for (let position = from; position < to; ) {
    const buffer = Buffer.allocUnsafe(Math.min(pieceSize, to - position))
    const count = await opened.read(buffer, position)
    if (count === 0) throw new MirrorError('DAMAGED', `the blob ${sha256} was cut off while it was read`, { sha256 })
    position += count
    yield buffer.subarray(0, count)
  }
}

/** Absent is undefined. */
async function present<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw asMirrorError(error)
  }
}

/** A folder's entries as they come; none when it is not there. */
async function* entriesOf(folder: string): AsyncGenerator<Dirent> {
  const opened = await present(opendir(folder))
  if (opened !== undefined) yield* opened
}
