// What a sync holds for a list of requirements: for each environment the releases that pip and uv would choose there, and
// all that they need. Every requirement is met by itself and together with the others, so that any of the wants can be
// installed alone and all of them in one environment, where they fit.

import type { Entry, Look, Selector } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { parseRequirement, type Requirement } from '../../formats/pep508.ts'
import { pep440Versions } from '../../versions/pep440.ts'
import { fileName, normalName, project, provenancePath } from './names.ts'
import type { PypiOptions } from './options.ts'
import { type Asked, type Chosen, choose, type Release, releasesOf, type Target, targetsOf } from './releases.ts'
import { concerns, type Needs, needsOf, readRequirements } from './requires.ts'
import { optionsOf, type WantOptions } from './want.ts'

/** A requirement that something in one environment has. */
interface Demand {
  readonly name: string
  readonly range: string
  readonly extras: readonly string[]
  /** What is installed together: the wants, or what one source package is built with. */
  readonly group: string
  /** The want that it comes from. */
  readonly root: Selector
  /** Is it the want itself? */
  readonly wanted: boolean
  readonly sdists: PypiOptions['sdists']
}

/** Pages and metadata that are read at once. */
const atOnce = 16
/** Kinds of dependency that may be followed. What builds a source package is none: without it the package is of no use. */
const kinds = ['run']

/**
 * One page or file that cannot be had or trusted does not end the walk: the rest is yielded first, then its error is
 * thrown.
 */
export async function* closure(wants: readonly Selector[], look: Look<PypiOptions>): AsyncGenerator<Entry> {
  const work = createWork(look)
  const yielded = new Set<string>()
  for (const target of targetsOf(look.platforms)) {
    for await (const { files } of resolve(wants, target, work)) {
      for (const { entry, data, file } of files) {
        if (yielded.has(entry.path)) continue
        yielded.add(entry.path)
        yield entry
        if (data.attested !== true || look.repo.options.attestations === 'off') continue
        const { name = '', version = file.version } = entry
        yield { path: provenancePath(name, version, fileName(entry.path)), name, version }
      }
    }
  }
  if (work.failures[0] !== undefined) throw work.failures[0]
}

/** What is read once for all environments. */
interface Work {
  readonly look: Look<PypiOptions>
  readonly failures: MirrorError[]
  /** Undefined where there is no such project, or it cannot be had. */
  releases(name: string): Promise<readonly Release[] | undefined>
  needs(chosen: Chosen): Promise<Needs>
  lacks(demand: Demand, reason: string): void
}

function createWork(look: Look<PypiOptions>): Work {
  const failures: MirrorError[] = []
  const pages = new Map<string, Promise<readonly Release[] | undefined>>()
  const needs = new Map<string, Promise<Needs | undefined>>()
  const told = new Set<string>()
  const broken = new Set<string>()
  const once = <T>(known: Map<string, Promise<T>>, key: string, start: () => Promise<T>): Promise<T> => {
    const before = known.get(key)
    if (before !== undefined) return before
    const started = start()
    known.set(key, started)
    return started
  }
  /** Undefined for what failed; faults of this machine and the end of the run are thrown at once. */
  async function attempt<T>(start: () => Promise<T>, failed?: () => void): Promise<T | undefined> {
    try {
      return await start()
    } catch (error) {
      if (!(error instanceof MirrorError) || ![3, 4, 5, 6].includes(error.failure.exit)) throw error
      failures.push(error)
      failed?.()
      return undefined
    }
  }
  return {
    look,
    failures,
    releases: (name) =>
      once(pages, name, () =>
        attempt(
          () => releasesOf(name, look),
          () => broken.add(name),
        ),
      ),
    async needs(chosen) {
      const key = chosen.files.map(({ entry }) => entry.path).join(' ')
      return (await once(needs, key, () => attempt(() => needsOf(chosen, look)))) ?? { run: [], build: [] }
    },
    lacks(demand, reason) {
      // whose page cannot be had is told by its error
      if (broken.has(demand.name)) return
      const key = `${demand.name} ${demand.range} ${reason}`
      if (told.has(key)) return
      told.add(key)
      const { name, range, root, wanted } = demand
      look.lacks(wanted ? root : { name, from: root.from, ...(range === '' ? {} : { range }) }, reason)
    },
  }
}

/** What is known of one project in one group: who asks for what, and what was taken. */
interface Place {
  readonly name: string
  readonly demands: Demand[]
  readonly ranges: Set<string>
  /** By path of the first file: the extras that were followed. */
  readonly taken: Map<string, Set<string>>
  /** Asked for more since it was last chosen from. */
  changed: boolean
}

/** The releases for one environment, level by level. */
async function* resolve(wants: readonly Selector[], target: Target, work: Work): AsyncGenerator<Chosen> {
  const places = new Map<string, Place>()
  let level = wants.flatMap((want) => rootDemand(want, target, work.look) ?? [])
  while (level.length > 0) {
    await together([...new Set(level.map(({ name }) => name))], (name) => work.releases(name))
    const met: { readonly demand: Demand; readonly place: Place; readonly chosen: Chosen }[] = []
    for (const demand of level) {
      const place = placeOf(places, demand)
      for (const chosen of await meet(demand, target, work)) met.push({ demand, place, chosen })
      if (!demand.wanted || demand.root.digests === undefined) place.demands.push(demand)
      place.changed ||= !place.ranges.has(demand.range)
      place.ranges.add(demand.range)
    }
    for (const place of places.values()) {
      if (!place.changed || place.ranges.size < 2) continue
      place.changed = false
      const releases = (await work.releases(place.name)) ?? []
      for (const { demand, chosen } of agreed(place, releases, target)) met.push({ demand, place, chosen })
    }
    const fresh = met.flatMap(({ demand, place, chosen }) => take(place, demand, chosen))
    for (const { chosen } of fresh) yield chosen
    const next = await together(fresh, async ({ demand, chosen }) =>
      mayNeed(demand, chosen) ? demandsOf(demand, chosen, await work.needs(chosen), target, work) : [],
    )
    level = next.flat()
  }
}

/** Whatever builds a source package is followed, whatever the want says of its own dependencies. */
const follows = ({ root, group }: Demand): boolean =>
  group !== '' || root.follow === undefined || root.follow.length > 0

const mayNeed = (demand: Demand, { files }: Chosen): boolean =>
  follows(demand) || files.some(({ file }) => file.kind === 'sdist')

function rootDemand(want: Selector, target: Target, look: Look<PypiOptions>): Demand | undefined {
  const { extras, marker, sdists = look.repo.options.sdists } = optionsOf(want)
  mustFollow(want)
  if (marker !== undefined && !concerns(markerOf(marker, want), target, new Set())) return undefined
  const range = want.range === undefined || want.range === 'latest' || want.range === '*' ? '' : want.range
  const fault = pep440Versions.fault(range)
  if (fault !== undefined) throw new MirrorError('CONFIG', `${want.name}: ${fault}`, { ...want.from })
  return { name: normalName(want.name), range, extras, group: '', root: want, wanted: true, sdists }
}

function markerOf(marker: NonNullable<WantOptions['marker']>, want: Selector): Requirement {
  const parsed = parseRequirement(`${want.name}; ${marker}`)
  if (typeof parsed !== 'string') return parsed
  throw new MirrorError('CONFIG', `${want.name}: ${parsed}`, { ...want.from })
}

function mustFollow({ follow = [], from }: Selector): void {
  const unknown = follow.find((kind) => !kinds.includes(kind))
  if (unknown === undefined) return
  throw new MirrorError('CONFIG', `Python packages have no "${unknown}" to follow`, {
    ...from,
    hint: `Use any of ${kinds.join(', ')}.`,
  })
}

function placeOf(places: Map<string, Place>, { name, group }: Demand): Place {
  const key = `${group} ${name}`
  const known = places.get(key)
  if (known !== undefined) return known
  const made = { name, demands: [], ranges: new Set<string>(), taken: new Map(), changed: false }
  places.set(key, made)
  return made
}

const askedOf = ({ range, sdists, root, wanted }: Demand): Asked => ({
  ranges: [range],
  sdists,
  ...(wanted ? { digests: root.digests } : {}),
})

/** The releases that meet a demand by itself. */
async function meet(demand: Demand, target: Target, work: Work): Promise<readonly Chosen[]> {
  const { name, wanted, root } = demand
  if (!project.test(name)) {
    work.lacks(demand, 'no project can have that name')
    return []
  }
  const releases = await work.releases(name)
  const chosen = choose(releases ?? [], target, askedOf(demand), wanted ? root.keep : 1)
  if (chosen.length === 0) work.lacks(demand, missing(demand, releases, target))
  return chosen
}

function missing(demand: Demand, releases: readonly Release[] | undefined, target: Target): string {
  const { range, wanted, root } = demand
  if (releases === undefined) return 'the index has no such project'
  if (releases.length === 0) return 'policy allows none of its files, or it has none'
  const fault = pep440Versions.fault(range)
  if (fault !== undefined) return fault
  const anywhere = { environment: {}, words: '' }
  const everything: Asked = { ...askedOf(demand), sdists: 'always' }
  if (choose(releases, anywhere, everything).length > 0)
    return `no allowed release ${range === '' ? '' : `that is ${range} `}has a file for ${target.words}`
  if (
    wanted &&
    root.digests !== undefined &&
    choose(releases, anywhere, { ...everything, digests: undefined }).length > 0
  )
    return 'the index states other digests than the lockfile'
  const newest = releases.slice(0, 5).map(({ version }) => version)
  return `no allowed release is ${range}; the newest are ${newest.join(', ')}`
}

/**
 * What meets all demands of a place at once; where nothing does, what meets those of each want, since wants that do not fit
 * together are for several environments.
 */
function* agreed(
  { demands }: Place,
  releases: readonly Release[],
  target: Target,
): Generator<{ readonly demand: Demand; readonly chosen: Chosen }> {
  const [first] = demands
  if (first === undefined) return
  const choice = (among: readonly Demand[]): Chosen | undefined =>
    choose(releases, target, { ranges: [...new Set(among.map(({ range }) => range))], sdists: first.sdists })[0]
  const all = choice(demands)
  const extras = [...new Set(demands.flatMap((one) => one.extras))]
  if (all !== undefined) {
    yield { demand: { ...first, extras }, chosen: all }
    return
  }
  for (const [, own] of Map.groupBy(demands, ({ root }) => root)) {
    const chosen = own.length < 2 ? undefined : choice(own)
    const [one] = own
    if (chosen !== undefined && one !== undefined) yield { demand: { ...one, extras }, chosen }
  }
}

/** Remembers what was taken; empty where neither release nor extra is news. */
function take(place: Place, demand: Demand, chosen: Chosen): readonly { demand: Demand; chosen: Chosen }[] {
  const key = chosen.files.map(({ entry }) => entry.path).join(' ')
  const known = place.taken.get(key)
  const extras = known ?? new Set<string>()
  const before = extras.size
  for (const extra of demand.extras) extras.add(extra)
  place.taken.set(key, extras)
  if (known !== undefined && extras.size === before) return []
  return [{ demand: { ...demand, extras: [...extras] }, chosen }]
}

function demandsOf(
  demand: Demand,
  chosen: Chosen,
  { run, build }: Needs,
  target: Target,
  work: Work,
): readonly Demand[] {
  const { root, group, sdists } = demand
  const { release } = chosen
  const found: Demand[] = []
  const add = (lines: readonly string[], extras: ReadonlySet<string>, into: string): void => {
    const requirements = readRequirements(lines, (line, why) =>
      work.lacks(demand, `${release.project} ${release.version} requires ${JSON.stringify(line.slice(0, 80))}: ${why}`),
    )
    for (const requirement of requirements) {
      if (!concerns(requirement, target, extras)) continue
      const { name, range, url } = requirement
      const own = {
        name: normalName(name),
        range,
        extras: requirement.extras,
        group: into,
        root,
        wanted: false,
        sdists,
      }
      if (url === undefined) found.push(own)
      else work.lacks(own, `${release.project} ${release.version} requires it from an address, not from an index`)
    }
  }
  if (follows(demand)) add(run, new Set(demand.extras), group)
  add(build, new Set(), `build of ${release.project} ${release.version}`)
  return found
}

/** Runs `task` for every item, at most 16 at once; the results in the order of the items. */
async function together<T, R>(items: readonly T[], task: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = []
  const waiting = items.entries()
  const worker = async (): Promise<void> => {
    for (const [at, item] of waiting) results[at] = await task(item)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker))
  return results
}
