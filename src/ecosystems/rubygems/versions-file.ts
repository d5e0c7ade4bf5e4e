// `/versions`: a line for each gem with its versions and the MD5 of its info page, by which clients know which pages to ask
// for again; a gem that is not in it does not exist for them. Lines are appended: the last MD5 of a gem counts.
// https://guides.rubygems.org/rubygems-org-compact-index-api/#get---versions
//
// It has no times. What stands before the first appended line was published before the time in the head; of what was
// appended later only the info page knows, so under a cooldown its number is not told, and the gem keeps its line.

import type { Doc, Show } from '../../contract.ts'
import { heldGems, shownPage } from './held.ts'
import { timeOf } from './line.ts'
import { createMarks, type Marks } from './marks.ts'
import { infoPath, isGemName } from './paths.ts'
import { sightOf } from './sight.ts'
import { bodyLines, createTally } from './text.ts'

/** So many info pages are looked at for their true MD5; a wrong one costs clients a question that is answered with 304. */
const mostPages = 64
/** Pieces handed on have about so many characters. */
const pieceSize = 64 * 1024

interface Line {
  readonly text: string
  readonly name: string
  /** With a `-` before those that were removed. */
  readonly versions: readonly string[]
  readonly md5: string
  /** What it lists was there at this time at the latest; milliseconds since 1970. */
  readonly before: number | undefined
}

/** Undefined when the text is not such a line. */
function parseLine(text: string): Omit<Line, 'before'> | undefined {
  const [name = '', listed = '', md5 = '', ...more] = text.split(' ')
  if (!isGemName(name) || !/^[0-9a-fA-F]{32}$/.test(md5) || more.length > 0) return undefined
  // of a gem without a version there is but a comma
  if (listed === ',') return { text, name, versions: [], md5 }
  return versionList.test(listed) ? { text, name, versions: listed.split(','), md5 } : undefined
}

const versionList =
  /^-?[0-9]+(?:\.[0-9A-Za-z]+)*(?:-[A-Za-z][A-Za-z0-9._-]*)?(?:,-?[0-9]+(?:\.[0-9A-Za-z]+)*(?:-[A-Za-z][A-Za-z0-9._-]*)?)*$/
const withoutDash = (version: string): string => (version.startsWith('-') ? version.slice(1) : version)

/** When the list was written that lines are appended to since, as the head says it. */
async function createdOf(doc: Doc): Promise<string | undefined> {
  const head: string[] = []
  for await (const _ of bodyLines(doc, (line) => void head.push(line))) break
  return head.map((line) => /^created_at: (\S+)$/.exec(line)?.[1]).find((time) => time !== undefined)
}

async function* gemLines(doc: Doc): AsyncGenerator<readonly Line[]> {
  const tally = createTally(doc)
  const created = await createdOf(doc)
  const before = created === undefined ? undefined : timeOf(created)
  let last = ''
  let appended = false
  for await (const texts of bodyLines(doc)) {
    const lines: Line[] = []
    for (const text of texts) {
      const line = parseLine(text)
      if (line === undefined) {
        tally.broken()
        continue
      }
      tally.good()
      // the list is written in the order of names, and goes on in the order of time
      appended ||= line.name <= last
      last = line.name
      lines.push({ ...line, before: appended ? undefined : before })
    }
    yield lines
  }
  tally.end()
}

interface Told {
  readonly versions: readonly string[]
  readonly hides: boolean
  readonly unsure: boolean
}

/** What a line may tell. */
function told(show: Show, { name, versions, before }: Line): Told {
  const sights = versions.map((version) => sightOf(show, name, withoutDash(version), before))
  return {
    versions: versions.filter((_, index) => sights[index] === 'shown'),
    hides: sights.includes('hidden'),
    unsure: sights.includes('unknown'),
  }
}

/** Which lines change, and the gems whose pages are to be looked at for it. */
interface Changes {
  readonly lines: Marks
  readonly looked: ReadonlySet<string>
}

async function changesOf(doc: Doc, show: Show): Promise<Changes> {
  const lines = createMarks()
  const hiding = new Set<string>()
  const unsure = new Set<string>()
  for await (const group of gemLines(doc)) {
    for (const line of group) {
      const one = told(show, line)
      lines.add(one.hides || one.unsure)
      if (one.hides && hiding.size < mostPages) hiding.add(line.name)
      if (one.unsure && unsure.size <= mostPages) unsure.add(line.name)
    }
  }
  return { lines, looked: unsure.size > mostPages ? hiding : new Set([...hiding, ...unsure]) }
}

async function* shownLines(doc: Doc, show: Show): AsyncGenerator<readonly string[]> {
  const { lines, looked } = await changesOf(doc, show)
  const done = new Set<string>()
  let index = 0
  for await (const group of gemLines(doc)) {
    const shown: string[] = []
    for (const line of group) {
      const changes = lines.at(index)
      index += 1
      if (looked.has(line.name)) {
        if (!done.has(line.name)) shown.push(...(await trueLine(line.name, show)))
        done.add(line.name)
      } else if (changes) shown.push(...plainLine(line, show))
      else shown.push(line.text)
    }
    yield shown
  }
}

/** The line with what it may tell and the MD5 of upstream's page; none when nothing is left of it. */
function plainLine(line: Line, show: Show): readonly string[] {
  const { versions, unsure } = told(show, line)
  // a comma lists nothing, and the gem is there all the same
  return versions.length > 0 || unsure ? [`${line.name} ${versions.join(',') || ','} ${line.md5}`] : []
}

/** The line as the page says it that clients are shown. */
async function trueLine(name: string, show: Show): Promise<readonly string[]> {
  const page = await shownPage(show, name)
  return page === undefined ? [] : [`${name} ${page.lines.map((text) => text.split(' ', 1)[0]).join(',')} ${page.md5}`]
}

async function* heldLines(show: Show): AsyncGenerator<readonly string[]> {
  const gems = await heldGems(show)
  const newest = gems.reduce((latest, { published }) => Math.max(latest, published), 0)
  yield [headOf(newest), '---']
  for (const { name, versions } of gems) {
    const page = await shownPage(show, name)
    if (page !== undefined) yield [`${name} ${versions.join(',')} ${page.md5}`]
  }
}

const headOf = (time: number): string =>
  `created_at: ${new Date(Math.min(time, 8.64e15)).toISOString().replace(/\.000Z$/, 'Z')}`

async function* allLines(doc: Doc, show: Show): AsyncGenerator<readonly string[]> {
  const created = await createdOf(doc)
  yield [...(created === undefined ? [] : [`created_at: ${created}`]), '---']
  yield* shownLines(doc, show)
}

/** The list as clients see it. Without a document it is made of what is held. */
export async function* viewVersions(doc: Doc | undefined, show: Show): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  let piece = ''
  for await (const lines of doc === undefined ? heldLines(show) : allLines(doc, show)) {
    for (const line of lines) piece += `${line}\n`
    if (piece.length < pieceSize) continue
    yield encoder.encode(piece)
    piece = ''
  }
  yield encoder.encode(piece)
}

/** `/names`, of which a gem that is denied as a whole is left out. */
export async function viewNames(doc: Doc | undefined, show: Show): Promise<Uint8Array> {
  const names: string[] = ['---']
  if (doc === undefined) for (const { name } of await heldGems(show)) names.push(name)
  else {
    const tally = createTally(doc)
    for await (const lines of bodyLines(doc)) {
      for (const name of lines) {
        if (isGemName(name)) tally.good()
        else tally.broken()
        if (isGemName(name) && show.allows({ path: infoPath(name), name })) names.push(name)
      }
    }
    tally.end()
  }
  return new TextEncoder().encode(`${names.join('\n')}\n`)
}
