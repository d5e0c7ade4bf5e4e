// `@v/list`: the versions of a module, one on a line. https://go.dev/ref/mod#goproxy-protocol
// Upstreams may list pseudo-versions, which the protocol wants left out, and may leave out versions that they have: what is
// not listed may be there all the same.

import type { Doc, Entry, Show } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { lineGroups } from '../../formats/text-lines.ts'
import { isCanonical, isPseudo } from '../../versions/go.ts'
import { filePath } from './paths.ts'

/** A million versions of the longest kind; real lists have some hundred. */
const largest = 16 * 1024 * 1024
const mostBroken = 1000
/** A version has at most 256 characters, and a time may follow it. */
const longestLine = 1024

const entryOf = (name: string, version: string): Entry => ({ path: filePath(name, version, 'zip'), name, version })

/** The tagged versions in the document, each once. A line that names none is left out; a document of such lines is refused. */
async function* versions(doc: Doc): AsyncGenerator<string> {
  const refused = (why: string): MirrorError =>
    new MirrorError('UNREADABLE', `the list ${doc.path} ${why}`, { path: doc.path, url: doc.url })
  if (doc.size > largest) throw refused(`has ${doc.size} bytes`)
  const seen = new Set<string>()
  let broken = 0
  const groups = lineGroups(doc.stream(), longestLine, () => refused('holds a line that is no version'))
  for await (const lines of groups) {
    for (const line of lines) {
      // some proxies write a time behind the version
      const [version = ''] = line.trim().split(/\s+/, 1)
      if (version === '' || seen.has(version)) continue
      if (isCanonical(version)) {
        seen.add(version)
        if (!isPseudo(version)) yield version
        continue
      }
      broken += 1
      if (broken > mostBroken || /[<>]/.test(version)) throw refused('holds lines that name no version')
    }
  }
  if (broken > 0 && seen.size === 0) throw refused('names no version')
}

export async function* readList(doc: Doc, name: string): AsyncGenerator<Entry> {
  for await (const version of versions(doc)) yield entryOf(name, version)
}

/** The versions that are shown. */
export async function shownVersions(doc: Doc, name: string, show: Show): Promise<readonly string[]> {
  const shown: string[] = []
  for await (const version of versions(doc)) if (show.sees(entryOf(name, version))) shown.push(version)
  return shown
}

/** Empty when all are hidden: the module is there, and the go command asks for `@latest` then. */
export async function viewList(doc: Doc | undefined, name: string, show: Show): Promise<Uint8Array | undefined> {
  if (doc === undefined) return undefined
  const shown = await shownVersions(doc, name, show)
  return Buffer.from(shown.map((version) => `${version}\n`).join(''))
}
