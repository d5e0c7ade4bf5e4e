// What is installed together, in every environment that a target stands for. Where the target leaves nothing open that a
// marker asks for, there is one. Else each requirement with a marker that nobody can decide is tried out in an
// environment in which it holds.

import type { Environment } from '../../formats/pep508.ts'
import { pep440Versions } from '../../versions/pep440.ts'
import { tellObstacles } from '../obstacles.ts'
import { together } from '../together.ts'
import { assume } from './assume.ts'
import type { Library } from './library.ts'
import { normalName } from './names.ts'
import type { Release } from './releases.ts'
import { readRequirements } from './requires.ts'
import { createStage, type Found, type Root, type Scene, type Stage, statedBy, type Taken } from './scene.ts'

export type Setting = Pick<Scene, 'target' | 'sdists' | 'locked'>

export interface Installation {
  readonly taken: readonly Taken[]
  /** Whether everything is met; with several roots nothing is taken where it is not. */
  readonly whole: boolean
  /** Roots that do not go together, by their names and ranges; all where nobody can tell. */
  readonly apart: readonly Root[]
}

/** Environments that are tried out for one installation. */
const mostScenes = 200

export async function install(roots: readonly Root[], setting: Setting, library: Library): Promise<Installation> {
  const scene: Scene = { ...setting, environment: setting.target.environment, undecided: 'leave', unmet: 'refuse' }
  const [only] = roots
  let stage = createStage(library, scene)
  let found = await stage.solve(roots)
  if ('obstacles' in found) {
    const apart = rootsIn(found, roots)
    if (only === undefined || roots.length > 1) return { taken: [], whole: false, apart }
    const reason = tellObstacles(found.obstacles, versionOf)
    stage = createStage(library, { ...scene, unmet: 'pass over' })
    found = await stage.solve(roots)
    if ('obstacles' in found) {
      tell(library, only, `${reason}; ask for another version of it, or for one that goes with it`)
      return { taken: [], whole: false, apart }
    }
    return { taken: await everywhere(roots, stage, found.taken, library), whole: false, apart }
  }
  return { taken: await everywhere(roots, stage, found.taken, library), whole: true, apart: [] }
}

const versionOf = ({ version }: Release): string => version

const tell = (library: Library, { name, range, want, wanted }: Root, reason: string): void =>
  library.lacks({ name, range, reason, want, wanted })

function rootsIn({ obstacles }: Extract<Found, { readonly obstacles: unknown }>, roots: readonly Root[]) {
  const needs = obstacles.flatMap(({ by, need }) => (by === undefined && need !== undefined ? [need] : []))
  const named = roots.filter(({ name, range }) =>
    needs.some((need) => need.words === range && need.name.replace(/\[.*/, '') === name),
  )
  return named.length === 0 ? roots : named
}

/** The same in all other environments that the target stands for. */
async function everywhere(
  roots: readonly Root[],
  first: Stage,
  taken: readonly Taken[],
  library: Library,
): Promise<readonly Taken[]> {
  const { scene } = first
  const covered = new Set<string>()
  const waiting = await openIn(first, taken, covered)
  await tellPassedOver(first, taken, roots, library)
  if (waiting.length === 0) return taken

  const broad = createStage(library, { ...scene, undecided: 'follow' })
  const all = await broad.solve(roots)
  if ('taken' in all && all.conflicts === 0 && isPartOf(taken, all.taken)) {
    await tellPassedOver(broad, all.taken, roots, library)
    return all.taken
  }
  const found = [...taken]
  const seen = new Set<string>()
  for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
    const key = JSON.stringify(Object.entries(one).sort())
    if (seen.has(key)) continue
    if (seen.size === mostScenes) {
      const [root] = roots
      if (root !== undefined && roots.length === 1)
        tell(library, root, `its requirements tell more than ${mostScenes} environments apart; name \`platforms\``)
      break
    }
    seen.add(key)
    const stage = createStage(library, { ...scene, environment: one, unmet: 'pass over' })
    const other = await stage.solve(roots)
    if ('obstacles' in other) {
      const [root] = roots
      if (root !== undefined && roots.length === 1)
        tell(library, root, `${tellObstacles(other.obstacles, versionOf)}, where ${wordsOf(one, scene.environment)}`)
      continue
    }
    found.push(...other.taken)
    waiting.push(...(await openIn(stage, other.taken, covered)))
    await tellPassedOver(stage, other.taken, roots, library)
  }
  return found
}

const wordsOf = (environment: Environment, known: Environment): string =>
  Object.entries(environment)
    .filter(([name]) => known[name] === undefined)
    .map(([name, value]) => `${name} is ${value}`)
    .join(' and ')

const isPartOf = (taken: readonly Taken[], all: readonly Taken[]): boolean =>
  taken.every(({ release }) => all.some((one) => one.release === release))

/** Environments in which the requirements hold that this one leaves open, those not tried yet. */
async function openIn(
  { scene, requirementsOf }: Stage,
  taken: readonly Taken[],
  covered: Set<string>,
): Promise<Environment[]> {
  const found: Environment[] = []
  for (const { release, extras } of taken) {
    const requirements = await requirementsOf(release)
    for (const extra of [undefined, ...extras]) {
      for (const { requirement, truth } of statedBy(requirements, extra, scene.environment)) {
        if (truth !== 'perhaps' || requirement.marker === undefined) continue
        const key = JSON.stringify([release.project, release.version, extra, requirement])
        if (covered.has(key)) continue
        covered.add(key)
        const environment = assume(requirement.marker, { ...scene.environment, extra: extra ?? '' })
        if (environment === undefined) continue
        const { extra: _, ...rest } = environment
        found.push(rest)
      }
    }
  }
  return found
}

/** Says which requirements of what is taken no solution has met, because nothing meets them. */
async function tellPassedOver(
  { scene, requirementsOf, passesOver }: Stage,
  taken: readonly Taken[],
  roots: readonly Root[],
  library: Library,
): Promise<void> {
  const [root] = roots
  if (root === undefined) return
  for (const { release, extras, chosen } of taken) {
    const by = `${release.project} ${release.version}`
    const { run } = await library.needs(chosen)
    readRequirements(run, (line, why) =>
      tell(library, root, `${by} requires ${JSON.stringify(line.slice(0, 80))}: ${why}`),
    )
    for (const extra of [undefined, ...extras]) {
      for (const { requirement, truth } of statedBy(await requirementsOf(release), extra, scene.environment)) {
        if ((truth === 'perhaps' && scene.undecided === 'leave') || !(await passesOver(requirement))) continue
        const { range, url } = requirement
        const name = normalName(requirement.name)
        const own = { name, range, want: root.want, wanted: false, extras: [] }
        if (url !== undefined) tell(library, own, `${by} requires it from an address, not from an index`)
        else tell(library, own, missing(range, await library.releases(name)))
      }
    }
  }
}

/** Why nothing of a project meets a requirement. */
export function missing(range: string, releases: readonly Release[] | undefined): string {
  if (releases === undefined) return 'the index has no such project'
  if (releases.length === 0) return 'policy allows none of its files, or it has none'
  const fault = pep440Versions.fault(range)
  if (fault !== undefined) return fault
  return `no allowed release is ${range}; the newest are ${releases.slice(0, 5).map(versionOf).join(', ')}`
}

/** Requirements that are looked into ahead: many times those of the largest environments. */
const mostForeseen = 10_000

/** Reads what a first choice would take, level by level, many at once: the search itself then waits for little. */
export async function foresee(roots: readonly Root[], setting: Setting, library: Library): Promise<void> {
  const { environment } = setting.target
  const stage = createStage(library, { ...setting, environment, undecided: 'follow', unmet: 'pass over' })
  const seen = new Set<string>()
  let level: readonly Pick<Root, 'name' | 'range' | 'extras'>[] = roots
  while (level.length > 0 && seen.size < mostForeseen) {
    const next: Pick<Root, 'name' | 'range' | 'extras'>[] = []
    await together(level, async ({ name, range, extras }) => {
      const [release] = await candidates(stage, library, name, range)
      if (release === undefined) return
      const requirements = await stage.requirementsOf(release)
      for (const extra of [undefined, ...extras]) {
        for (const { requirement } of statedBy(requirements, extra, environment)) {
          if (requirement.url !== undefined || pep440Versions.fault(requirement.range) !== undefined) continue
          const own = { ...requirement, name: normalName(requirement.name) }
          const key = JSON.stringify([own.name, own.range, own.extras])
          if (seen.has(key) || seen.size >= mostForeseen) continue
          seen.add(key)
          next.push(own)
        }
      }
    })
    level = next
  }
}

/** The first release that meets a range and has files. */
async function candidates(stage: Stage, library: Library, name: string, range: string): Promise<readonly Release[]> {
  const mask = await stage.meeting(name, range)
  const releases = (await library.releases(name)) ?? []
  const first = releases.find((one, at) => ((mask >> BigInt(at)) & 1n) === 1n && stage.chosenOf(one).files.length > 0)
  return first === undefined ? [] : [first]
}
