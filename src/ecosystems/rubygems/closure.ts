// What a sync holds for a list of gems: their info pages, their files and specifications, and those of all that they need.
// One bundle with all wants in it is resolved, each gem in one version as far as that is possible; where requirements do
// not go together, the newest version for each of them is held.

import type { Entry, Look, Selector } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { admitsPrereleases, compareNumbers, gemVersions, splitVersion } from '../../versions/gem.ts'
import { pick } from '../pick.ts'
import type { Release } from './line.ts'
import { infoPath, isGemName, namesPath, specPath } from './paths.ts'
import { isFor } from './platforms.ts'
import { bodyLines } from './text.ts'
import type { GemOptions } from './want.ts'

/** Files of one gem and number, one for each platform. */
interface Candidate {
  readonly name: string
  readonly number: string
  readonly files: readonly Entry[]
}

/** That a gem is needed in some version, and by whom: the user's want that led to it, and the gem that says so. */
interface Demand {
  readonly name: string
  readonly range: string
  readonly root: Selector
  readonly by?: string
}

/** The state that is left when requirements keep pushing each other about is held with the one before it. */
const mostRounds = 40
/** Info pages asked for at once. */
const atOnce = 16
const anyVersion = '>= 0'
/** Bundler brings itself. */
const itself = 'bundler'

/** `read` of this ecosystem made the data: it need not be checked again. */
const releaseOf = (entry: Entry): Release => entry.data as Release
const meets = (version: string | undefined, range: string | undefined): boolean =>
  version === undefined || range === undefined || gemVersions.satisfies(version, range)

interface Shelf {
  /** The candidates of a gem that policy allows, newest first; read before. */
  of(name: string): readonly Candidate[]
  /** Reads the pages of these gems, those not read yet. */
  load(names: Iterable<string>): Promise<void>
}

function createShelf(look: Look<GemOptions>): Shelf {
  const loaded = new Map<string, readonly Candidate[]>()
  const { ruby, rubygems } = look.repo.options
  const runs = (entry: Entry): boolean =>
    meets(ruby, releaseOf(entry).ruby) && meets(rubygems, releaseOf(entry).rubygems)

  async function read(name: string): Promise<readonly Candidate[]> {
    const byNumber = new Map<string, Entry[]>()
    for await (const entry of look.entries(infoPath(name))) {
      const split = splitVersion(entry.version ?? '')
      if (split === undefined || !entry.path.startsWith('/gems/') || !runs(entry)) continue
      byNumber.set(split.number, [...(byNumber.get(split.number) ?? []), entry])
    }
    return [...byNumber]
      .map(([number, files]) => ({ name, number, files }))
      .toSorted((a, b) => compareNumbers(b.number, a.number))
  }

  return {
    of: (name) => loaded.get(name) ?? [],
    async load(names) {
      const waiting = [...new Set(names)].filter((name) => !loaded.has(name) && isGemName(name)).values()
      const worker = async (): Promise<void> => {
        for (const name of waiting) loaded.set(name, await read(name))
      }
      await Promise.all(Array.from({ length: atOnce }, worker))
    },
  }
}

const platformOf = (entry: Entry): string => splitVersion(entry.version ?? '')?.platform ?? ''

/** The files of a candidate that are for the wanted machines; all that fit where a requirement names a platform itself. */
function filesFor({ files }: Candidate, ranges: readonly string[], look: Look<GemOptions>): readonly Entry[] {
  const fitting = files.filter(({ version = '' }) => ranges.every((range) => gemVersions.satisfies(version, range)))
  const named = ranges.some((range) => /-[A-Za-z]/.test(range))
  return named ? fitting : fitting.filter((entry) => isFor(platformOf(entry), look.platforms))
}

/** The newest candidate that meets all ranges; a pre-release when one of them admits it, or when there is nothing else. */
function newest(candidates: readonly Candidate[], ranges: readonly string[], look: Look<GemOptions>) {
  const fitting = candidates.filter((one) => filesFor(one, ranges, look).length > 0)
  if (ranges.some(admitsPrereleases)) return fitting[0]
  return fitting.find(({ number }) => !gemVersions.prerelease(number)) ?? fitting[0]
}

/** What is chosen of a gem: files by path. */
type Choice = ReadonlyMap<string, Entry>

/** One bundle: a choice for each gem that the demands lead to. */
async function resolve(roots: readonly Demand[], shelf: Shelf, look: Look<GemOptions>): Promise<Choice> {
  let before: Choice = new Map()
  let demands = roots
  for (let round = 0; ; round++) {
    await shelf.load(demands.map(({ name }) => name))
    const chosen = chooseAll(demands, shelf, look)
    const found = [...roots, ...[...chosen.values()].flatMap((entry) => demandsOf(entry, roots[0]))]
    if (found.length === demands.length && isSame(before, chosen)) {
      tellLacking(demands, shelf, look)
      return chosen
    }
    if (round === mostRounds) return new Map([...before, ...chosen])
    before = chosen
    demands = found
  }
}

const isSame = (a: Choice, b: Choice): boolean => a.size === b.size && [...a.keys()].every((path) => b.has(path))

const demandsOf = (entry: Entry, first: Demand | undefined): readonly Demand[] =>
  first === undefined
    ? []
    : releaseOf(entry).deps.map((dep) => ({ ...dep, root: first.root, by: `${entry.name} ${entry.version}` }))

function chooseAll(demands: readonly Demand[], shelf: Shelf, look: Look<GemOptions>): Choice {
  const chosen = new Map<string, Entry>()
  for (const [name, group] of Map.groupBy(demands, (demand) => demand.name)) {
    const ranges = [...new Set(group.map(({ range }) => range))]
    const candidates = shelf.of(name)
    const one = newest(candidates, ranges, look)
    const each =
      one === undefined
        ? ranges.map((range) => [newest(candidates, [range], look), [range]] as const)
        : [[one, ranges] as const]
    for (const [candidate, met] of each) {
      if (candidate === undefined) continue
      for (const entry of filesFor(candidate, met, look)) chosen.set(entry.path, entry)
    }
  }
  return chosen
}

function tellLacking(demands: readonly Demand[], shelf: Shelf, look: Look<GemOptions>): void {
  const told = new Set<string>()
  for (const { name, range, root, by } of demands) {
    const candidates = shelf.of(name)
    const key = `${name} ${range}`
    if (name === itself || told.has(key) || newest(candidates, [range], look) !== undefined) continue
    told.add(key)
    const want = by === undefined ? root : { name, range, from: root.from }
    look.lacks(want, `${missing(name, range, candidates, look)}${by === undefined ? '' : `; ${by} needs it`}`)
  }
}

function missing(name: string, range: string, candidates: readonly Candidate[], look: Look<GemOptions>): string {
  if (!isGemName(name)) return 'no gem can have that name'
  if (candidates.length === 0)
    return 'the registry does not have it, or policy and the wanted Ruby allow no version of it'
  const fault = gemVersions.fault(range)
  if (fault !== undefined) return fault
  const elsewhere = candidates.some(({ files }) =>
    files.some(({ version = '' }) => gemVersions.satisfies(version, range)),
  )
  if (elsewhere && look.platforms.length > 0)
    return `no allowed version that satisfies ${range} is for the wanted platforms`
  return `no allowed version satisfies ${range}`
}

/** The numbers that a user's want names, newest first. */
async function wantedNumbers(
  want: Selector,
  range: string,
  shelf: Shelf,
  look: Look<GemOptions>,
): Promise<readonly string[]> {
  const files = shelf.of(want.name).flatMap((one) => filesFor(one, [range], look))
  const picked = await pick(
    files.map((entry) => ({ ...entry, version: splitVersion(entry.version ?? '')?.number ?? '' })),
    { ...want, range: range.replaceAll(/-[A-Za-z][\w.-]*/g, '') },
    gemVersions,
  )
  return [...new Set(picked.map(({ version = '' }) => version))]
}

/** What a want asks for; a package URL names the platform apart from the version. */
function rangeOf({ range, options }: Pick<Selector, 'range' | 'options'>): string {
  if (range === undefined || range === 'latest' || range === '*') return anyVersion
  const platform = options?.platform
  return typeof platform === 'string' ? range.replace(/^(= *[^ ,-]+)-ruby$/, `$1-${platform}`) : range
}

/** The entries: info pages first, then gems and their specifications. */
export async function* closure(wants: readonly Selector[], look: Look<GemOptions>): AsyncGenerator<Entry> {
  const shelf = createShelf(look)
  const given = await expanded(wants, look)
  for (const want of given) {
    const fault = gemVersions.fault(rangeOf(want))
    if (fault !== undefined) throw new MirrorError('CONFIG', `gem ${want.name}: ${fault}`, { ...want.from })
  }
  await shelf.load(given.map(({ name }) => name))
  const chosen = new Map<string, Entry>()
  const together: Demand[] = []
  const apart: Demand[] = []
  for (const want of given) {
    const range = rangeOf(want)
    const [first, ...older] = await wantedNumbers(want, range, shelf, look)
    // bundler is in every lockfile, and not in every registry
    const needless = want.name === itself && shelf.of(itself).length === 0
    if (first === undefined && !needless) look.lacks(want, missing(want.name, range, shelf.of(want.name), look))
    const follows = want.follow === undefined || want.follow.includes('runtime')
    for (const number of first === undefined ? [] : [first, ...older]) {
      const exact = isExactFile(range) ? range : `= ${number}`
      const demand = { name: want.name, range: exact, root: want }
      if (!follows) for (const [path, entry] of chooseAll([demand], shelf, look)) chosen.set(path, entry)
      else if (number === first) together.push(demand)
      else apart.push(demand)
    }
  }
  for (const demands of [together, ...apart.map((one) => [one])]) {
    for (const [path, entry] of await resolve(demands, shelf, look)) chosen.set(path, entry)
  }
  yield* held(chosen, look)
}

const isExactFile = (range: string): boolean => /^= *[^ ,]+-[A-Za-z][^ ,]*$/.test(range)

/** `*` is every gem that the registry lists, each in the newest version or as many as are to be kept, and nothing they need beside. */
async function expanded(wants: readonly Selector[], look: Look<GemOptions>): Promise<readonly Selector[]> {
  const all: Selector[] = []
  for (const want of wants) {
    if (want.name !== '*') {
      all.push(want)
      continue
    }
    const names = await look.document(namesPath)
    if (names === undefined) look.lacks(want, 'the registry has no list of its gems; name them')
    else
      for await (const lines of bodyLines(names))
        for (const name of lines) if (isGemName(name)) all.push({ ...want, name, follow: [] })
  }
  return all
}

async function* held(chosen: Choice, look: Look<GemOptions>): AsyncGenerator<Entry> {
  const entries = [...chosen.values()]
  let specs: 'some' | 'none' | undefined
  for (const name of new Set(entries.map((entry) => entry.name ?? ''))) yield { path: infoPath(name) }
  for (const entry of entries) {
    yield entry
    const spec = specPath(entry.name ?? '', entry.version ?? '')
    // a registry that has the compact index alone has none of them
    specs ??= (await look.document(spec)) === undefined ? 'none' : 'some'
    // without name and version: what a lockfile states of these is of the gem
    if (specs === 'some') yield { path: spec }
  }
}
