// Small archives with the same bytes every time: the packages of the replicas.

import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'

/** Text by path; the mode is that of a program where the text starts with `#!`. */
export type Files = Readonly<Record<string, string | Uint8Array>>

/** Every file is as old as this, so that archives do not change from run to run. */
export const packedAt = new Date('2025-06-01T12:00:00Z')

/** A gzip-compressed tar of the files, each below `folder` (which ends in a slash, or is empty). */
export async function tarball(folder: string, files: Files): Promise<Buffer> {
  const archive = pack()
  for (const [path, content] of Object.entries(files)) {
    const mode = typeof content === 'string' && content.startsWith('#!') ? 0o755 : 0o644
    archive.entry({ name: folder + path, mtime: packedAt, mode }, Buffer.from(content))
  }
  archive.finalize()
  const pieces: Uint8Array[] = []
  for await (const piece of archive) pieces.push(piece as Uint8Array)
  return gzipSync(Buffer.concat(pieces))
}
