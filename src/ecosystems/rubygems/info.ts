// The info page of a gem: a line for each file, read and shown by the same walk, so that what is vouched for and what is
// shown are the same lines. Shown lines keep their bytes.

import type { Doc, Entry, Show } from '../../contract.ts'
import { type Line, parseLine } from './line.ts'
import { gemPath, specPath, timesPath } from './paths.ts'
import { bodyLines, createTally, unreadable } from './text.ts'
import { timesIn } from './times.ts'

/** The longest pages have some megabytes. */
const largest = 64 * 1024 * 1024

/** The files of a gem, each once. A line that is none is left out; a document of nothing but such lines is refused. */
async function* fileLines(doc: Doc): AsyncGenerator<{ readonly text: string; readonly line: Line }> {
  if (doc.size > largest) throw unreadable(doc, 'is too large for the page of a gem')
  const tally = createTally(doc)
  const seen = new Set<string>()
  for await (const texts of bodyLines(doc)) {
    for (const text of texts) {
      const line = parseLine(text)
      if (line === undefined) tally.broken()
      else tally.good()
      if (line === undefined || seen.has(line.version)) continue
      seen.add(line.version)
      yield { text, line }
    }
  }
  tally.end()
}

/** The file that a line names. `times` are those of the web API, for lines that have none. */
function entryOf(name: string, line: Line, times: ReadonlyMap<string, number>): Entry {
  const published = line.published ?? times.get(line.version)
  return {
    path: gemPath(name, line.version),
    ...(line.checksum === undefined ? {} : { digests: { sha256: line.checksum } }),
    name,
    version: line.version,
    ...(published === undefined ? {} : { published }),
    data: line.release,
  }
}

/** For each line the gem and, without any digest, its specification. */
export async function* readInfo(doc: Doc, name: string): AsyncGenerator<Entry> {
  const times = await timesBeside(doc, name)
  for await (const { line } of fileLines(doc)) {
    const { digests: _, ...entry } = entryOf(name, line, times)
    yield entryOf(name, line, times)
    yield { ...entry, path: specPath(name, line.version) }
  }
}

async function timesBeside(doc: Doc, name: string): Promise<ReadonlyMap<string, number>> {
  const beside = doc.beside.get(timesPath(name))
  return beside === undefined ? new Map() : timesIn(beside)
}

/** The page as clients see it; undefined when nothing of it is shown. */
export async function viewInfo(doc: Doc, name: string, show: Show): Promise<Uint8Array | undefined> {
  const times = await timesBeside(doc, name)
  const shown: string[] = ['---']
  for await (const { text, line } of fileLines(doc)) if (show.sees(entryOf(name, line, times))) shown.push(text)
  return shown.length === 1 ? undefined : new TextEncoder().encode(`${shown.join('\n')}\n`)
}
