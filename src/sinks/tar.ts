// A tree as one tar archive (POSIX ustar, pax headers where names are long), written as it is read. The same tree gives
// the same bytes. https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html

import { createWriteStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Pack, pack as startPack } from 'tar-stream'
import { asMirrorError, MirrorError } from '../errors.ts'
import { fileOf } from './place.ts'
import { asWriteError } from './refusals.ts'
import {
  type Bytes,
  type Published,
  type Publishing,
  type Sink,
  type Tree,
  type TreeFile,
  wholeSeconds,
} from './sink.ts'

/** An archive cannot take back what it holds: bytes that cannot be had end it. Throws DAMAGED then. */
export function tarSink(out: Writable, bytes: Bytes): Sink {
  return { publish: (tree, publishing) => write(tree, publishing, bytes, out, '-') }
}

/** The same into a file, which is there when it is whole. */
export function tarFileSink(file: string, bytes: Bytes): Sink {
  return {
    async publish(tree, publishing) {
      if (publishing.dryRun) return announce(tree, publishing)
      const part = `${file}.part`
      try {
        const published = await write(tree, publishing, bytes, createWriteStream(part), file)
        const handle = await open(part, 'r+')
        await handle.sync().finally(() => handle.close())
        await rename(part, file)
        return published
      } catch (error) {
        await rm(part, { force: true })
        throw asWriteError(error, file)
      }
    },
  }
}

function announce(tree: Tree, publishing: Publishing): Published {
  for (const { path, size } of tree.list()) publishing.changed({ what: 'added', path, bytes: size })
  return { linked: 0, copied: 0, unchanged: 0, deleted: 0, leaving: 0, bytes: 0, failed: 0 }
}

async function write(
  tree: Tree,
  publishing: Publishing,
  bytes: Bytes,
  out: Writable,
  name: string,
): Promise<Published> {
  if (publishing.dryRun) return announce(tree, publishing)
  const archive = startPack()
  const sent = pipeline(archive, out, { end: out !== process.stdout })
  const packed = packAll(archive, tree, publishing, bytes).catch((error: unknown) => {
    archive.destroy(asMirrorError(error))
    throw error
  })
  const [packing, sending] = await Promise.allSettled([packed, sent])
  // the one that failed first takes the other with it
  const own = packing.status === 'rejected' && packing.reason instanceof MirrorError
  for (const each of own ? [packing] : [sending, packing]) {
    if (each.status === 'rejected') throw asWriteError(each.reason, name)
  }
  return { linked: 0, copied: tree.files, unchanged: 0, deleted: 0, leaving: 0, bytes: tree.bytes, failed: 0 }
}

async function packAll(archive: Pack, tree: Tree, publishing: Publishing, bytes: Bytes): Promise<void> {
  for (const file of tree.list()) {
    if (publishing.signal.aborted) throw new MirrorError('STOPPED', 'the export was stopped')
    await packOne(archive, file, bytes)
    publishing.changed({ what: 'added', path: file.path, bytes: file.size })
  }
  archive.finalize()
}

async function packOne(archive: Pack, file: TreeFile, bytes: Bytes): Promise<void> {
  await fileOf(bytes, file)
  const entry = archive.entry({
    name: file.path,
    size: file.size,
    mode: 0o644,
    uid: 0,
    gid: 0,
    uname: '',
    gname: '',
    mtime: new Date(wholeSeconds(file.modified) * 1000),
  })
  await pipeline(bytes.stream(file.sha256), entry)
}
