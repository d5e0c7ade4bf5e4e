// Releases and requirements as the search for a solution sees them: of one set of wants, in one environment.

import type { Digests, Selector } from '../../contract.ts'
import { type Environment, evaluate, type Requirement, type Truth } from '../../formats/pep508.ts'
import { isPin, namesPrerelease, pep440Versions, within } from '../../versions/pep440.ts'
import { among, type Need, type Solution, type Supply, solve } from '../solve.ts'
import type { Library } from './library.ts'
import { normalName } from './names.ts'
import type { PypiOptions } from './options.ts'
import { type Chosen, type Release, type Target, usable } from './releases.ts'

/** A requirement that a solution has to meet. */
export interface Root {
  readonly name: string
  readonly range: string
  readonly extras: readonly string[]
  /** The want that it comes from. */
  readonly want: Selector
  /** Is it the want itself? */
  readonly wanted: boolean
}

export interface Scene {
  readonly target: Target
  /** What markers are held against: what is known of the target, and what is assumed beside. */
  readonly environment: Environment
  /** Requirements with a marker that nobody can decide. */
  readonly undecided: 'follow' | 'leave'
  /** Requirements that no release meets. */
  readonly unmet: 'refuse' | 'pass over'
  readonly sdists: PypiOptions['sdists']
  /** By project: digests, one of which each of its files has. */
  readonly locked: ReadonlyMap<string, readonly Digests[]>
}

/** A release in a solution, and the extras of it that are needed. */
export interface Taken {
  readonly release: Release
  readonly extras: readonly string[]
  readonly chosen: Chosen
}

/** A requirement of a release, as it stands in an environment. */
export interface Stated {
  readonly requirement: Requirement
  /** Undefined for the release itself. */
  readonly extra: string | undefined
  readonly truth: Truth
}

export type Found =
  | { readonly taken: readonly Taken[]; readonly conflicts: number }
  | Extract<Solution<Release>, { readonly obstacles: unknown }>

/** `kit[more]` is a package of its own: it needs that very release of kit, and what the extra takes. */
const keyOf = (name: string, extra: string): string => `${name}[${extra}]`
const partsOf = (key: string): readonly [name: string, extra: string | undefined] => {
  const bracket = key.indexOf('[')
  return bracket === -1 ? [key, undefined] : [key.slice(0, bracket), key.slice(bracket + 1, -1)]
}

/** What a release states for itself, or beyond that for an extra, whose markers are not plainly false. */
export function statedBy(
  requirements: readonly Requirement[],
  extra: string | undefined,
  environment: Environment,
): readonly Stated[] {
  const truthOf = ({ marker }: Requirement, own: string): Truth =>
    marker === undefined ? 'yes' : evaluate(marker, { ...environment, extra: own }, pep440Versions)
  return requirements.flatMap((requirement) => {
    const truth = truthOf(requirement, extra ?? '')
    if (truth === 'no' || (extra !== undefined && truthOf(requirement, '') === truth)) return []
    return [{ requirement, extra, truth }]
  })
}

export interface Stage {
  readonly scene: Scene
  /** Which releases meet a range; bit 0 is the newest. */
  meeting(name: string, range: string): Promise<bigint>
  chosenOf(release: Release): Chosen
  requirementsOf(release: Release): Promise<readonly Requirement[]>
  /** One that may be passed over: an address, no range, or what nothing meets where that is passed over. */
  passesOver(requirement: Requirement): Promise<boolean>
  solve(roots: readonly Root[]): Promise<Found>
}

export function createStage(library: Library, scene: Scene): Stage {
  const { target, sdists, locked, environment } = scene
  const files = new Map<Release, Chosen>()
  const masks = new Map<string, bigint>()
  /** Projects of which a requirement names a pre-release, and withdrawn releases that one pins. */
  const early = new Set<string>()
  const pinned = new Set<Release>()
  let admitted = 0

  const isWithdrawn = ({ files: all }: Release): boolean => all.every(({ data }) => data.yanked === true)

  function chosenOf(release: Release): Chosen {
    const known = files.get(release)
    if (known !== undefined) return known
    const asked = { ranges: [], sdists, digests: locked.get(release.project) }
    const usual = usable(release, target, asked, asked.digests !== undefined)
    const found = usual.length > 0 || !pinned.has(release) ? usual : usable(release, target, asked, true)
    const chosen = { release, files: found }
    files.set(release, chosen)
    return chosen
  }

  /** What one requirement lets in it lets in for all. */
  function admit(name: string, range: string, releases: readonly Release[]): void {
    const before = early.size + pinned.size
    if (namesPrerelease(range)) early.add(name)
    if (isPin(range))
      for (const one of releases)
        if (one.files.some(({ data }) => data.yanked === true) && within(one.version, range)) pinned.add(one)
    if (early.size + pinned.size === before) return
    admitted += 1
    files.clear()
    masks.clear()
  }

  async function meeting(name: string, range: string): Promise<bigint> {
    const releases = (await library.releases(name)) ?? []
    admit(name, range, releases)
    const key = `${name} ${range}`
    const known = masks.get(key)
    if (known !== undefined) return known
    const isLocked = locked.has(name)
    const fits = among(
      releases,
      (one) => within(one.version, range) && (isLocked || pinned.has(one) || !isWithdrawn(one)),
    )
    const stable = among(releases, ({ version }) => !pep440Versions.prerelease(version)) & fits
    const anyStable = (): boolean =>
      releases.some((one, at) => ((stable >> BigInt(at)) & 1n) === 1n && chosenOf(one).files.length > 0)
    const mask = isLocked || early.has(name) || stable === fits || !anyStable() ? fits : stable
    masks.set(key, mask)
    return mask
  }

  const requirementsOf = (release: Release): Promise<readonly Requirement[]> => library.requirements(chosenOf(release))

  async function passesOver({ name, range, url }: Requirement): Promise<boolean> {
    const project = normalName(name)
    if (url !== undefined || pep440Versions.fault(range) !== undefined) return true
    const mask = await meeting(project, range)
    return mask === 0n && (scene.unmet === 'pass over' || library.isBroken(project))
  }

  async function needsOf(name: string, range: string, extras: readonly string[]): Promise<readonly Need[]> {
    const need = { among: await meeting(name, range), words: range }
    if (extras.length === 0) return [{ ...need, name }]
    return extras.map((extra) => ({ ...need, name: keyOf(name, extra) }))
  }

  const supply: Supply<Release> = {
    candidates: async (key) => (await library.releases(partsOf(key)[0])) ?? [],
    async needs(key, release) {
      const [name, extra] = partsOf(key)
      if (chosenOf(release).files.length === 0) return `has no file for ${target.words}`
      const releases = (await library.releases(name)) ?? []
      const needed: Need[] = []
      if (extra !== undefined)
        needed.push({ name, among: 1n << BigInt(releases.indexOf(release)), words: `==${release.version}` })
      for (const { requirement, truth } of statedBy(await requirementsOf(release), extra, environment)) {
        if ((truth === 'perhaps' && scene.undecided === 'leave') || (await passesOver(requirement))) continue
        needed.push(...(await needsOf(normalName(requirement.name), requirement.range, requirement.extras)))
      }
      return needed
    },
  }

  async function solveOnce(roots: readonly Root[]): Promise<Found> {
    const needed = await Promise.all(roots.map(({ name, range, extras }) => needsOf(name, range, extras)))
    const found = await solve(needed.flat(), supply)
    if ('obstacles' in found) return found
    const extras = new Map<Release, string[]>()
    for (const [key, release] of found.chosen) {
      const own = extras.get(release) ?? []
      const [, extra] = partsOf(key)
      extras.set(release, extra === undefined ? own : [...own, extra])
    }
    const taken = [...extras].map(([release, own]) => ({ release, extras: own, chosen: chosenOf(release) }))
    return { taken, conflicts: found.conflicts }
  }

  return {
    ...{ scene, meeting, chosenOf, requirementsOf, passesOver },
    async solve(roots) {
      for (;;) {
        const before = admitted
        const found = await solveOnce(roots)
        // what was let in on the way was kept out of what had been chosen before
        if (before === admitted) return found
      }
    },
  }
}
