// The index file of a crate: a line for each version, read and shown by the same walk, so that what is vouched for and
// what is shown are the same lines. Shown lines keep their bytes: https://doc.rust-lang.org/cargo/reference/registry-index.html#index-files

import type { Doc, Entry, Repo, Show } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { lineGroups } from '../../formats/text-lines.ts'
import { type Line, parseLine, yankedLine } from './line.ts'
import { cratePath } from './paths.ts'
import { address, downloads } from './service.ts'

/** The longest lines seen have some 20 kB; those of crates with thousands of features 200 kB. */
const longestLine = 1024 * 1024
/** A registry may hold a few broken lines; so many are no index file, and each costs as much as a hundred good bytes. */
const mostBroken = 1000

/** The lines of a document without their ends; blank ones are left out. */
async function* texts(doc: Doc): AsyncGenerator<string> {
  const tooLong = (): MirrorError => unreadable(doc, 'holds a line of more than 1 MiB')
  for await (const lines of lineGroups(doc.stream(), longestLine, tooLong))
    for (const line of lines) if (line.trim() !== '') yield line
}

const unreadable = (doc: Doc, why: string): MirrorError =>
  new MirrorError('UNREADABLE', `the index file ${doc.path} ${why}`, { url: doc.url })

/**
 * The versions of crate `name` in the document, each once. A line that is none is left out; a document without any, or
 * with a line of another crate, is refused.
 */
async function* versions(doc: Doc, name: string): AsyncGenerator<{ readonly text: string; readonly line: Line }> {
  const seen = new Set<string>()
  let broken = 0
  for await (const text of texts(doc)) {
    const line = parseLine(text)
    if (line === undefined) {
      broken += 1
      if (broken > mostBroken) throw unreadable(doc, `has more than ${mostBroken} lines that describe no version`)
      continue
    }
    if (line.name.toLowerCase() !== name) throw unreadable(doc, `speaks of another crate, ${JSON.stringify(line.name)}`)
    if (seen.has(line.version)) continue
    seen.add(line.version)
    yield { text, line }
  }
  if (seen.size === 0) throw unreadable(doc, 'has no line that describes a version')
}

const entryOf = (line: Line): Entry => ({
  path: cratePath(line.name, line.version),
  digests: { sha256: line.checksum },
  name: line.name.toLowerCase(),
  version: line.version,
  ...(line.published === undefined ? {} : { published: line.published }),
  data: line.release,
})

/** The crate files that an index file names, each with the whole address that config.json gives it. */
export async function* readIndex(doc: Doc, name: string, repo: Repo): AsyncGenerator<Entry> {
  const dl = await downloads(repo.service)
  for await (const { line } of versions(doc, name)) {
    yield { ...entryOf(line), url: address(dl, line) }
  }
}

/** Withheld versions are left out; allowed ones that are not held are marked yanked, which lockfiles do not mind. */
async function* shownLines(doc: Doc, name: string, show: Show): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  for await (const { text, line } of versions(doc, name)) {
    const entry = entryOf(line)
    if (!show.allows(entry)) continue
    yield encoder.encode(`${show.sees(entry) ? text : yankedLine(line)}\n`)
  }
}

/** The document as clients see it; undefined when nothing of it is shown. */
export async function viewIndex(doc: Doc, name: string, show: Show): Promise<AsyncIterable<Uint8Array> | undefined> {
  const lines = shownLines(doc, name, show)
  const first = await lines.next()
  if (first.done === true) return undefined
  return (async function* () {
    yield first.value
    yield* lines
  })()
}
