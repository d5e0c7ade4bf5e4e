// The lists of all gems as Ruby's own objects: `specs.4.8.gz`, `latest_specs.4.8.gz` and `prerelease_specs.4.8.gz`, each a
// list of name, version and platform. They have no times and no digests; clients use them to search, and where the compact
// index is not to be had.

import type { Doc, Show } from '../../contract.ts'
import { compress, inflate } from '../../formats/compress.ts'
import { addTo } from '../../formats/lists.ts'
import { parseMarshalList } from '../../formats/ruby-marshal-read.ts'
import { formatMarshalList } from '../../formats/ruby-marshal-write.ts'
import { isKind, type RubyString, type RubyValue, rubyString, textOf } from '../../formats/ruby-values.ts'
import { anyRuby, gemVersions, joinVersion, splitVersion } from '../../versions/gem.ts'
import { heldGems, latestOf } from './held.ts'
import { createMarks, type Marks } from './marks.ts'
import { gemPath, isGemName } from './paths.ts'
import { sightOf } from './sight.ts'
import { createTally } from './text.ts'

const specsPath = '/specs.4.8.gz'

/** Which of the lists it is. */
export type SpecsKind = 'released' | 'latest' | 'prerelease'

/** Ten times the list of the public registry. */
const largest = 1024 * 1024 * 1024

interface Item {
  readonly name: string
  readonly version: string
  /** As it was read, to be written again. */
  readonly value: RubyValue
}

/** Undefined when the value names no file of a gem. */
function itemOf(value: RubyValue): Item | undefined {
  if (!isKind(value, 'array') || value.items.length !== 3) return undefined
  const [first, second, third] = value.items
  const inner = isKind(second, 'marshalled') && second.class === 'Gem::Version' ? second.value : undefined
  const [name, number] = [textOf(first), isKind(inner, 'array') ? textOf(inner.items[0]) : undefined]
  const platform = textOf(third) || anyRuby
  const split = splitVersion(`${number}-${platform}`)
  if (name === undefined || !isGemName(name) || number === undefined || split === undefined) return undefined
  return { name, version: joinVersion(split), value }
}

/** The items of a list. One that names no file is left out. */
async function* items(doc: Doc): AsyncGenerator<Item> {
  const tally = createTally(doc)
  for await (const value of parseMarshalList(inflate(doc.stream(), 'gzip', largest))) {
    const item = itemOf(value)
    if (item === undefined) tally.broken()
    else yield item
  }
}

/** A list out of names and versions: each name, version and platform is one object, as RubyGems writes it. */
function* listed(gems: Iterable<{ readonly name: string; readonly version: string }>): Generator<RubyValue> {
  const texts = new Map<string, RubyString>()
  const numbers = new Map<string, RubyValue>()
  const text = (of: string): RubyString => texts.get(of) ?? remember(texts, of, rubyString(of))
  const number = (of: string): RubyValue =>
    numbers.get(of) ??
    remember(numbers, of, {
      type: 'marshalled',
      class: 'Gem::Version',
      value: { type: 'array', items: [rubyString(of)] },
    })
  for (const { name, version } of gems) {
    const split = splitVersion(version)
    if (split === undefined) continue
    yield { type: 'array', items: [text(name), number(split.number), text(split.platform)] }
  }
}

function remember<V>(map: Map<string, V>, key: string, value: V): V {
  map.set(key, value)
  return value
}

/** The bytes of a list of these files, compressed. */
export function formatSpecs(gems: readonly { readonly name: string; readonly version: string }[]) {
  return compress(formatMarshalList(gems.length, listed(gems)), 'gzip')
}

const belongs: Readonly<Record<SpecsKind, (versions: readonly string[]) => readonly string[]>> = {
  released: (versions) => versions.filter((version) => !gemVersions.prerelease(version)),
  latest: latestOf,
  prerelease: (versions) => versions.filter(gemVersions.prerelease),
}

async function heldSpecs(kind: SpecsKind, show: Show): Promise<AsyncIterable<Uint8Array>> {
  const gems = await heldGems(show)
  return formatSpecs(
    gems.flatMap(({ name, versions }) => belongs[kind](versions).map((version) => ({ name, version }))),
  )
}

type Filter = (item: Item) => boolean | Promise<boolean>

/** What is shown of a list: a file of unknown age only when it is held, for then its age was looked at. */
function createFilter(show: Show): Filter {
  let held: Set<string> | undefined
  return ({ name, version }) => {
    const sight = sightOf(show, name, version)
    if (sight !== 'unknown') return sight === 'shown'
    if (held !== undefined) return held.has(gemPath(name, version))
    return Array.fromAsync(show.holdings(), ({ path }) => path).then((paths) => {
      held = new Set(paths)
      return held.has(gemPath(name, version))
    })
  }
}

/** The list as clients see it. Without a document it is made of what is held. */
export async function viewSpecs(
  kind: SpecsKind,
  doc: Doc | undefined,
  show: Show,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  if (doc === undefined) return heldSpecs(kind, show)
  const shows = createFilter(show)
  const shown = createMarks()
  let count = 0
  const gone = new Set<string>()
  for await (const item of items(doc)) {
    const sight = shows(item)
    const there = typeof sight === 'boolean' ? sight : await sight
    shown.add(there)
    if (there) count += 1
    else gone.add(item.name)
  }
  if (gone.size === 0) return doc.stream()
  if (kind === 'latest') return latestSpecs(doc, show, shows, gone)
  return compress(formatMarshalList(count, shownValues(doc, shown)), 'gzip')
}

async function* shownValues(doc: Doc, shown: Marks): AsyncGenerator<RubyValue> {
  let index = 0
  for await (const item of items(doc)) {
    if (shown.at(index)) yield item.value
    index += 1
  }
}

/** Of gems whose newest version is hidden, the newest that is not: the list of all released ones tells it. */
async function latestSpecs(
  doc: Doc,
  show: Show,
  shows: Filter,
  gone: ReadonlySet<string>,
): Promise<AsyncIterable<Uint8Array>> {
  const all = await show.document(specsPath)
  const left = new Map<string, string[]>()
  if (all !== undefined)
    for await (const item of items(all)) {
      if (!gone.has(item.name) || !(await shows(item))) continue
      addTo(left, item.name, item.version)
    }
  const kept: { readonly name: string; readonly version: string }[] = []
  for await (const { name, version } of items(doc)) if (!gone.has(name)) kept.push({ name, version })
  for (const [name, versions] of left) for (const version of latestOf(versions)) kept.push({ name, version })
  const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
    a.name < b.name ? -1 : a.name > b.name ? 1 : 0
  return formatSpecs(kept.toSorted(byName))
}
