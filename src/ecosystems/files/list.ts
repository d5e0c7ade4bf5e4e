// A list of checksums as a document: what it states of the files that it names, and how it is shown without those that
// policy hides.

import type { Doc, Entry, Show } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { algorithmOf, type ChecksumLine, LARGEST_LIST, parseChecksums } from '../../formats/checksums.ts'
import { strength } from '../../formats/digest.ts'
import { isClearSigned, splitCleartext } from '../../trust/cleartext.ts'
import { fileOf, folderOf, within } from './paths.ts'

/** From here on an algorithm proves bytes. */
const SOUND = 3

/** The text of a list, without the frame of a clear signature. What is not within the frame is not read. */
const textOf = (bytes: Uint8Array): Uint8Array =>
  isClearSigned(bytes) ? Buffer.from(splitCleartext(bytes).text) : bytes

async function linesOf(doc: Doc): Promise<{ readonly lines: readonly ChecksumLine[]; readonly bytes: Uint8Array }> {
  if (doc.size > LARGEST_LIST)
    throw new MirrorError('TOO_LARGE', `${doc.path} has ${doc.size} bytes, too many for a list of checksums`)
  const bytes = await doc.bytes()
  return { lines: parseChecksums(textOf(bytes), fileOf(doc.path)), bytes }
}

/** The file that a line is about; a list beside one file, `x.tgz.sha256`, is about that one, wherever it was made. */
function pathOf(listPath: string, name: string): string | undefined {
  const list = fileOf(listPath)
  const beside = algorithmOf(list) === undefined ? undefined : list.replace(/\.[^.]+(?:\.txt)?$/, '')
  if (beside !== undefined && beside !== '' && beside !== list && (name === '' || fileOf(name) === beside))
    return within(folderOf(listPath), beside)
  return name === '' || name.startsWith('/') ? undefined : within(folderOf(listPath), name)
}

/** One entry for each file, with every sound digest that is stated of it. */
export async function* readList(doc: Doc): AsyncGenerator<Entry> {
  yield* entriesOf((await linesOf(doc)).lines, doc.path).values()
}

function entriesOf(lines: readonly ChecksumLine[], listPath: string): ReadonlyMap<string, Entry> {
  const found = new Map<string, Record<string, string>>()
  for (const { checksum } of lines) {
    if (checksum === undefined || strength(checksum.algorithm) < SOUND) continue
    const path = pathOf(listPath, checksum.name)
    if (path === undefined || path === listPath) continue
    const digests = found.get(path) ?? {}
    digests[checksum.algorithm] = checksum.hex
    found.set(path, digests)
  }
  return new Map([...found].map(([path, digests]) => [path, fileEntry(path, digests)]))
}

/** A file is named by its path, and what it is by its strongest digest: that is the version of a file that has none. */
export function fileEntry(path: string, digests: Readonly<Record<string, string>>): Entry {
  const [strongest] = Object.entries(digests).toSorted(([a], [b]) => strength(b) - strength(a))
  const version = strongest?.[1]
  return { path, name: path.slice(1), digests, ...(version === undefined ? {} : { version }) }
}

/**
 * As it is while policy hides nothing in it, offline too, so that its signature stays good; else the lines that are left, which no signature
 * covers any more.
 */
export async function viewList(doc: Doc, show: Show): Promise<Uint8Array> {
  const { lines, bytes } = await linesOf(doc)
  const entries = entriesOf(lines, doc.path)
  const hidden = new Set([...entries.values()].filter((entry) => !show.allows(entry)).map(({ path }) => path))
  if (hidden.size === 0) return bytes
  const left = lines.filter(({ checksum }) => {
    const path = checksum === undefined ? undefined : pathOf(doc.path, checksum.name)
    return path === undefined || !hidden.has(path)
  })
  // comments may speak of what is hidden, as Fedora's and Gentoo's do
  return Buffer.from(
    left
      .filter(({ checksum }) => checksum !== undefined)
      .map(({ text }) => `${text}\n`)
      .join(''),
  )
}
