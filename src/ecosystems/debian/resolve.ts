// The packages that a selection needs: Pre-Depends and Depends, and Recommends by choice, followed the way apt does: an
// alternative that is chosen already, else the first that can be met; a real package before one that only provides the name;
// the highest version that will do. A mirror installs nothing, so conflicts do not count and two versions may both be held.

import type { Entry, Selector } from '../../contract.ts'
import { type Bound, compare, meets, versions } from '../../versions/debian.ts'
import type { Follow } from './options.ts'
import type { BinaryData } from './packages.ts'
import { type Alternatives, formatRelations, parseRelations, type Relation } from './relations.ts'

export interface Candidate {
  readonly entry: Entry
  readonly name: string
  readonly version: string
  readonly data: BinaryData
  /** 0 is preferred; a suite marked NotAutomatic, such as backports, only fills gaps. */
  readonly rank: number
}

/** What there is to choose from. */
export interface Universe {
  find(name: string): Promise<readonly Candidate[]>
  /** Names of packages that provide the name. */
  providers(name: string): readonly string[]
}

export interface Seed {
  readonly name: string
  readonly want: Selector
}

export interface Resolution {
  readonly architecture: string
  readonly follow: readonly Follow[]
  readonly universe: Universe
  lacks(want: Selector, reason: string): void
}

interface Queued {
  readonly candidate: Candidate
  readonly want: Selector
}

/** The seeds and all that they need, each once. */
export async function* resolve(seeds: Iterable<Seed>, how: Resolution): AsyncGenerator<Candidate> {
  const chosen = selection(how.architecture)
  const queue: Queued[] = []
  for (const { name, want } of seeds) {
    const found = await wanted(name, want, how)
    if (found.length === 0) how.lacks(want, lackOf(name, want, how))
    for (const candidate of found) if (chosen.add(candidate)) queue.push({ candidate, want })
  }
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    yield next.candidate
    for (const { group, optional } of needs(next.candidate, how)) {
      if (group.some((relation) => chosen.meets(relation))) continue
      const found = await first(group, how)
      if (found !== undefined) {
        if (chosen.add(found)) queue.push({ candidate: found, want: next.want })
      } else if (!optional) {
        const { name, version } = next.candidate
        how.lacks(next.want, `${name} ${version} needs ${formatRelations(group) || 'what cannot be read'}`)
      }
    }
  }
}

function lackOf(name: string, want: Selector, how: Resolution): string {
  return `no ${name}${want.range === undefined ? '' : ` (${want.range})`} for ${how.architecture}`
}

/** The newest versions that a want takes; a purely virtual name stands for its best provider. */
async function wanted(name: string, want: Selector, how: Resolution): Promise<readonly Candidate[]> {
  const real = (await how.universe.find(name)).filter((candidate) => runsOn(candidate, undefined, how.architecture))
  if (real.length === 0 && want.range === undefined && want.digests === undefined) {
    const provider = await bestProvider({ name }, how)
    return provider === undefined ? [] : [provider]
  }
  const fitting = real.filter(
    ({ entry, version }) => versions.satisfies(version, want.range ?? '*') && hasDigests(entry, want.digests),
  )
  fitting.sort(byPreference)
  const newest = [...new Set(fitting.map(({ version }) => version))].slice(0, want.keep ?? 1)
  return fitting.filter(({ version }) => newest.includes(version))
}

/** Does the entry have any one of the digests that a lockfile states? */
function hasDigests(entry: Entry, digests: Selector['digests']): boolean {
  if (digests === undefined) return true
  return digests.some((stated) => {
    const shared = Object.keys(stated).filter((kind) => entry.digests?.[kind] !== undefined)
    return shared.length > 0 && shared.every((kind) => stated[kind] === entry.digests?.[kind])
  })
}

const byPreference = (a: Candidate, b: Candidate): number => a.rank - b.rank || compare(b.version, a.version)

/** Can it be installed on, or for an architecture-qualified relation serve, a machine of that architecture? */
function runsOn({ data }: Candidate, qualifier: string | undefined, architecture: string): boolean {
  if (qualifier !== undefined && qualifier !== 'any' && qualifier !== 'native') return data.arch === qualifier
  if (data.arch === architecture || data.arch === 'all') return true
  return data.multiArch === 'foreign' || (qualifier === 'any' && data.multiArch === 'allowed')
}

function* needs({ data }: Candidate, { follow, architecture }: Resolution) {
  const hard = follow.includes('depends') ? [data.preDepends, data.depends] : []
  const soft = follow.includes('recommends') ? [data.recommends] : []
  for (const field of hard) {
    for (const group of parseRelations(field ?? '', architecture)) yield { group, optional: false }
  }
  for (const field of soft) {
    for (const group of parseRelations(field ?? '', architecture)) yield { group, optional: true }
  }
}

async function first(group: Alternatives, how: Resolution): Promise<Candidate | undefined> {
  for (const relation of group) {
    const found = (await bestReal(relation, how)) ?? (await bestProvider(relation, how))
    if (found !== undefined) return found
  }
  return undefined
}

async function bestReal(relation: Relation, { universe, architecture }: Resolution): Promise<Candidate | undefined> {
  const found = await universe.find(relation.name)
  return found
    .filter((one) => runsOn(one, relation.qualifier, architecture) && within(one.version, relation.bound))
    .sort((a, b) => foreign(a, architecture) - foreign(b, architecture) || byPreference(a, b))
    .at(0)
}

/** A package of another architecture only where none of its own will do. */
const foreign = ({ data }: Candidate, architecture: string): number =>
  data.arch === architecture || data.arch === 'all' ? 0 : 1

const priorities = ['required', 'important', 'standard', 'optional']
const priorityOf = ({ data }: Candidate): number => {
  const place = priorities.indexOf(data.priority ?? '')
  return place === -1 ? priorities.length : place
}

/** One package that provides the name: by rank, priority and name, so that every run chooses the same. */
async function bestProvider(relation: Relation, how: Resolution): Promise<Candidate | undefined> {
  const { universe, architecture } = how
  const able: Candidate[] = []
  for (const name of universe.providers(relation.name)) {
    const newest = (await universe.find(name))
      .filter((one) => runsOn(one, relation.qualifier, architecture) && provides(one, relation, architecture))
      .sort(byPreference)
      .at(0)
    if (newest !== undefined) able.push(newest)
  }
  const order = (a: Candidate, b: Candidate): number =>
    a.rank - b.rank || priorityOf(a) - priorityOf(b) || (a.name < b.name ? -1 : 1)
  return able.sort(order).at(0)
}

const within = (version: string, bound: Bound | undefined): boolean => bound === undefined || meets(version, bound)

/** Only a versioned Provides meets a versioned relation. */
function provides({ data }: Candidate, relation: Relation, architecture: string): boolean {
  return parseRelations(data.provides ?? '', architecture).some((group) =>
    group.some(({ name, bound }) => name === relation.name && providedWithin(bound?.version, relation.bound)),
  )
}

const providedWithin = (version: string | undefined, bound: Bound | undefined): boolean =>
  bound === undefined || (version !== undefined && meets(version, bound))

/** What has been chosen: just what later relations are held against. */
function selection(architecture: string) {
  interface Held {
    readonly version: string | undefined
    readonly arch: string
    readonly multiArch: string | undefined
  }
  const paths = new Set<string>()
  const held = new Map<string, Held[]>()

  function note(name: string, one: Held): void {
    const others = held.get(name)
    if (others === undefined) held.set(name, [one])
    else others.push(one)
  }

  return {
    /** False when it was chosen before. */
    add({ entry, name, version, data }: Candidate): boolean {
      if (paths.has(entry.path)) return false
      paths.add(entry.path)
      const { arch, multiArch } = data
      note(name, { version, arch, multiArch })
      for (const [provided] of parseRelations(data.provides ?? '', architecture)) {
        if (provided !== undefined) note(provided.name, { version: provided.bound?.version, arch, multiArch })
      }
      return true
    },
    meets({ name, qualifier, bound }: Relation): boolean {
      return (
        held.get(name)?.some(({ version, arch, multiArch }) => {
          const special = qualifier !== undefined && qualifier !== 'any' && qualifier !== 'native'
          return (!special || arch === qualifier || multiArch === 'foreign') && providedWithin(version, bound)
        }) === true
      )
    },
  }
}
