// Checksums: files of their own beside every file, as upstream has them to vouch for it, and as they are made here for clients.
// https://maven.apache.org/resolver/about-checksums.html

import type { Doc, Entry, Repo, Show } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { hashers, isHex } from '../../formats/digest.ts'
import { type Algorithm, algorithms, checksumPath, isFile, isMetadata, nameOf, placeOf } from './layout.ts'
import type { MavenOptions } from './options.ts'

/** A checksum file has a line; no more than this is read. */
const largest = 8 * 1024

/** The digest in a checksum file: its first hex word of the right length. Throws UNREADABLE, for a web page above all. */
export async function readChecksum(doc: Doc, algorithm: string): Promise<string> {
  const refuse = (why: string): MirrorError =>
    new MirrorError('UNREADABLE', `the checksum ${doc.path} ${why}`, { path: doc.path, url: doc.url })
  if (doc.size > largest) throw refuse(`has ${doc.size} bytes`)
  const text = Buffer.from(await doc.bytes()).toString('latin1')
  if (/[<>\0]/.test(text)) throw refuse('is a page, and no checksum')
  const found = text
    .split(/[\s=:;,"']+/)
    .map((word) => word.toLowerCase())
    .find((word) => isHex(algorithm, word))
  if (found === undefined) throw refuse(`holds no ${algorithm}`)
  return found
}

/** What a checksum says of its file. Those of documents that change are compared when these come, and say nothing. */
export async function* readUpstream(
  doc: Doc,
  { algorithm, path }: { readonly algorithm: string; readonly path: string },
  repo: Repo<MavenOptions>,
): AsyncGenerator<Entry> {
  const digest = await readChecksum(doc, algorithm)
  const place = placeOf(path)
  if (place === undefined || !isFile(path) || !repo.options.checksums.some((one) => one === algorithm)) return
  yield { path: `/${path}`, digests: { [algorithm]: digest }, name: nameOf(place), version: place.version }
}

/** The paths of a file's checksums that the repo asks for; undefined when it asks for none. */
export function checksumsOf(path: string, repo: Repo<MavenOptions>): readonly string[] | undefined {
  const { checksums } = repo.options
  return checksums.length === 0 ? undefined : checksums.map((algorithm) => checksumPath(algorithm, path))
}

/** Throws WRONG_DIGEST when a checksum that came along does not fit a document. */
export async function mustAgree(doc: Doc, repo: Repo<MavenOptions>): Promise<void> {
  for (const algorithm of repo.options.checksums) {
    const beside = doc.beside.get(checksumPath(algorithm, doc.path))
    if (beside === undefined) continue
    const expected = await readChecksum(beside, algorithm)
    const found = await digestOf(doc, algorithm)
    if (found === expected) continue
    throw new MirrorError('WRONG_DIGEST', `${doc.path} has the ${algorithm} ${found}, its checksum says ${expected}`, {
      path: doc.path,
      expected,
      found,
      hint: 'The document or its checksum changed between two requests, or a cache before upstream is behind; try again.',
    })
  }
}

interface Hashed {
  readonly digests: Doc['digests']
  stream(): AsyncIterable<Uint8Array>
}

async function digestOf({ digests, stream }: Hashed, algorithm: string): Promise<string> {
  const known = digests[algorithm]
  if (known !== undefined) return known
  const running = hashers([algorithm])
  for await (const piece of stream()) running.update(piece)
  return running.digests()[algorithm] ?? ''
}

/** The checksum of what clients are shown at a path: of a file as it is, of a list as it is filtered. */
export async function makeChecksum(path: string, algorithm: Algorithm, show: Show): Promise<Uint8Array | undefined> {
  const hashed = await shownAt(path, show)
  return hashed && Buffer.from(await digestOf(hashed, algorithm))
}

async function shownAt(path: string, show: Show): Promise<Hashed | undefined> {
  if (!isMetadata(path)) {
    const doc = await show.document(`/${path}`)
    return doc && { digests: doc.digests, stream: () => doc.stream() }
  }
  const shown = await show.render(`/${path}`)
  return shown && { digests: shown.digests, stream: () => shown.bytes() }
}

/** Header fields by which newer clients are spared the checksum files. */
export const checksumHeaders = (digests: Doc['digests']): Readonly<Record<string, string>> =>
  Object.fromEntries(
    algorithms.flatMap((algorithm) => {
      const digest = digests[algorithm]
      return digest === undefined ? [] : [[`x-checksum-${algorithm}`, digest]]
    }),
  )
