// What a sync holds for a list of crates: their index files, their files, and those of all that a build of them needs.
// One build with all wants in it is resolved, level by level; whatever Cargo might choose instead is held beside.

import type { Entry, Look, Selector } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { cargoVersions } from '../../versions/cargo.ts'
import { together } from '../together.ts'
import { type Candidate, candidates, releases } from './candidates.ts'
import { isFor } from './cfg.ts'
import { chooseOne, chooseWanted, createTaken } from './choose.ts'
import { activate, allFeatures } from './features.ts'
import type { Dependency, Release } from './line.ts'
import { indexPath, isCrateName } from './paths.ts'
import { activation } from './want.ts'

const followed = ['normal', 'build']

/** A requirement to be met: a user's want, or a dependency of what was chosen. */
interface Demand {
  readonly name: string
  readonly range?: string
  readonly features: readonly string[]
  readonly follow: readonly string[]
  /** Is the file itself needed? Of other platforms' crates Cargo reads the index alone. */
  readonly files: boolean
  /** For a user's want: itself, and whether every feature is asked for. */
  readonly root?: { readonly want: Selector; readonly all: boolean }
  readonly from: Selector['from']
}

interface Chosen {
  readonly name: string
  readonly candidate: Candidate
  release: Release | undefined
  readonly features: Set<string>
  readonly follow: Set<string>
  files: boolean
  /** Demands already made, so that each is made once. */
  readonly made: Set<string>
}

function rootDemand(given: Selector): Demand {
  const { range, ...rest } = given
  const want: Selector = range === undefined || range === 'latest' ? rest : given
  const { features, default_features, all_features } = activation(want)
  const fault = want.range === undefined || want.range === '*' ? undefined : cargoVersions.fault(want.range)
  if (fault !== undefined) throw new MirrorError('CONFIG', `crate ${want.name}: ${fault}`, { ...want.from })
  return {
    name: want.name.toLowerCase(),
    features: default_features ? ['default', ...features] : features,
    follow: want.follow ?? followed,
    files: true,
    root: { want, all: all_features },
    from: want.from,
    ...(want.range === undefined ? {} : { range: want.range }),
  }
}

const selector = ({ name, range, root, from }: Demand): Selector =>
  root?.want ?? { name, from, ...(range === undefined ? {} : { range }) }

/** `sparse+https://host/index/` and `https://host/index` are one registry. */
function isForeign(registry: string, upstreams: readonly string[]): boolean {
  const bare = (address: string): string => address.replace(/^(?:sparse|registry)\+/, '').replace(/\/$/, '')
  return !upstreams.some((upstream) => bare(upstream) === bare(registry))
}

/** The demands of a chosen version, less those it made before. */
function* demands(chosen: Chosen, release: Release, from: Selector['from'], look: Look<unknown>): Generator<Demand> {
  const follow = [...chosen.follow].filter((kind) => kind !== 'dev')
  for (const { dependency, features } of activate(release, chosen.features).active) {
    if (!chosen.follow.has(dependency.kind)) continue
    const files = chosen.files && isFor(dependency.target, look.platforms)
    const demand = { name: nameOf(dependency), range: dependency.req, features, follow, files, from }
    const key = JSON.stringify([demand.name, demand.range, features, follow, files])
    if (chosen.made.has(key)) continue
    chosen.made.add(key)
    if (dependency.registry !== undefined && isForeign(dependency.registry, look.repo.upstreams)) {
      look.lacks(selector(demand), `it is in another registry: ${dependency.registry}`)
    } else yield demand
  }
}

const nameOf = (dependency: Dependency): string => (dependency.package ?? dependency.name).toLowerCase()

/** Takes up what a demand asks of a version; true when that is news to it. */
function meet(chosen: Chosen, demand: Demand, release: Release): boolean {
  const before = chosen.features.size + chosen.follow.size + Number(chosen.files)
  for (const feature of demand.features) chosen.features.add(feature)
  if (demand.root?.all === true) for (const feature of allFeatures(release)) chosen.features.add(feature)
  for (const kind of demand.follow) chosen.follow.add(kind)
  chosen.files ||= demand.files
  return chosen.features.size + chosen.follow.size + Number(chosen.files) !== before
}

/** The entries in a fixed order: config.json, then by level the index files and the crates that they led to. */
export async function* closure(wants: readonly Selector[], look: Look<unknown>): AsyncGenerator<Entry> {
  const known = new Map<string, readonly Candidate[]>()
  const build = new Map<string, Chosen>()
  const taken = createTaken()
  const yielded = new Set<Chosen>()
  let level = wants.map(rootDemand)
  if (level.length > 0) yield { path: '/config.json' }

  const choose = async (demand: Demand): Promise<readonly Chosen[]> => {
    const { name, root, range = '*' } = demand
    const among = known.get(name) ?? []
    const one = root === undefined ? chooseOne(name, range, among, taken) : undefined
    const found = root === undefined ? (one === undefined ? [] : [one]) : await chooseWanted(root.want, among)
    if (found.length === 0) look.lacks(selector(demand), missing(demand, among))
    return found.map((candidate) => {
      taken.take(name, candidate)
      const key = `${name} ${candidate.version}`
      const fresh = {
        name,
        candidate,
        release: undefined,
        features: new Set<string>(),
        follow: new Set<string>(),
        files: false,
        made: new Set<string>(),
      }
      const chosen = build.get(key) ?? fresh
      build.set(key, chosen)
      return chosen
    })
  }

  while (level.length > 0) {
    const names = [...new Set(level.map((demand) => demand.name))].filter(
      (name) => !known.has(name) && isCrateName(name),
    )
    await together(names, async (name) => {
      known.set(name, await candidates(name, look))
    })
    for (const name of names) if (known.get(name)?.length !== 0) yield { path: indexPath(name) }

    const met: { readonly demand: Demand; readonly chosen: Chosen }[] = []
    for (const demand of level) for (const chosen of await choose(demand)) met.push({ demand, chosen })
    await readReleases([...new Set(met.map(({ chosen }) => chosen))], look)

    const next: Demand[] = []
    const changed = new Map<Chosen, Demand>()
    for (const { demand, chosen } of met) {
      if (chosen.release === undefined) continue
      if (demand.root !== undefined) sayUnknown(demand.root.want, demand.features, chosen, chosen.release, look)
      if (meet(chosen, demand, chosen.release) && !changed.has(chosen)) changed.set(chosen, demand)
      if (!chosen.files || yielded.has(chosen)) continue
      yielded.add(chosen)
      yield chosen.candidate.entry
    }
    for (const [chosen, { from }] of changed) {
      if (chosen.release !== undefined) next.push(...demands(chosen, chosen.release, from, look))
    }
    level = next
  }

  // A crate of which something is held is shown with the rest marked yanked: what other platforms resolve to must be
  // held, too, or Cargo, which resolves for all of them at once, would find it yanked.
  const held = new Set([...yielded].map(({ name }) => name))
  for (const chosen of build.values()) {
    if (held.has(chosen.name) && !yielded.has(chosen)) yield chosen.candidate.entry
  }
}

function missing({ name, range }: Demand, among: readonly Candidate[]): string {
  if (name === '*') return 'a sparse index has no list of its crates; name them'
  if (!isCrateName(name)) return 'no crate can have that name'
  if (among.length === 0) return 'the registry does not have it, or policy allows no version of it'
  return cargoVersions.fault(range ?? '*') ?? `no allowed version satisfies ${range ?? 'it'}`
}

function sayUnknown(
  want: Selector,
  features: readonly string[],
  chosen: Chosen,
  release: Release,
  look: Look<unknown>,
): void {
  for (const feature of activate(release, features).unknown) {
    look.lacks(want, `${chosen.name} ${chosen.candidate.version} has no feature "${feature}"`)
  }
}

async function readReleases(chosen: readonly Chosen[], look: Look<unknown>): Promise<void> {
  const byName = Map.groupBy(
    chosen.filter(({ release }) => release === undefined),
    ({ name }) => name,
  )
  await together([...byName], async ([name, group]) => {
    const found = await releases(name, new Set(group.map(({ candidate }) => candidate.version)), look)
    for (const each of group) each.release = found.get(each.candidate.version)
  })
}
