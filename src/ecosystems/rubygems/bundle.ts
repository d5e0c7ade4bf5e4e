// One bundle: each gem in one version, so that all requirements are met, as Bundler resolves a Gemfile.

import type { Entry, Look, Selector } from '../../contract.ts'
import { admitsPrereleases, gemVersions } from '../../versions/gem.ts'
import type { Attempted } from '../asunder.ts'
import { tellObstacles } from '../obstacles.ts'
import { among, type Need, type Solution, solve } from '../solve.ts'
import { type Candidate, filesFor, missing, newest, releaseOf, type Shelf } from './shelf.ts'
import type { GemOptions } from './want.ts'

/** That a gem is wanted in some version. */
export interface Demand {
  readonly name: string
  readonly range: string
  readonly root: Selector
}

/** Bundler brings itself. */
export const itself = 'bundler'

/** The files of what was chosen. */
export type Bundled = readonly Entry[]

/**
 * Several wants that do not go together are told from each other; of one alone what can be had is found, and what
 * cannot is said.
 */
export async function bundle(
  demands: readonly Demand[],
  shelf: Shelf,
  look: Look<GemOptions>,
): Promise<Attempted<Demand, Bundled>> {
  const strict = createBundle(demands, 'refuse', shelf, look)
  const found = await strict.solve()
  if ('chosen' in found) return { found: strict.filesOf(found) }
  const [only] = demands
  if (only === undefined) return { found: [] }
  if (demands.length > 1) {
    const needs = found.obstacles.flatMap(({ by, need }) => (by === undefined && need !== undefined ? [need] : []))
    const apart = demands.filter((one) => needs.some((need) => need.name === one.name && need.words === one.range))
    return { apart: apart.length === 0 ? demands : apart }
  }
  const loose = createBundle(demands, 'pass over', shelf, look)
  const other = await loose.solve()
  if ('chosen' in other) {
    loose.tell(other, only)
    return { found: loose.filesOf(other) }
  }
  look.lacks(
    only.root,
    `${tellObstacles(found.obstacles, ({ number }) => number)}; ask for another version of it, or for one that goes with it`,
  )
  const candidate = newest(shelf.of(only.name), [only.range], look)
  return { found: candidate === undefined ? [] : filesFor(candidate, [only.range], look) }
}

function createBundle(demands: readonly Demand[], unmet: 'refuse' | 'pass over', shelf: Shelf, look: Look<GemOptions>) {
  const masks = new Map<string, bigint>()
  /** Gems of which a requirement names a pre-release: it lets them in for all. */
  const early = new Set<string>()
  const own = Map.groupBy(demands, ({ name }) => name)

  const filesOf = (candidate: Candidate): readonly Entry[] =>
    filesFor(candidate, own.get(candidate.name)?.map(({ range }) => range) ?? [], look)

  function meeting(name: string, range: string): bigint {
    if (admitsPrereleases(range) && !early.has(name)) {
      early.add(name)
      masks.clear()
    }
    const key = `${name} ${range}`
    const known = masks.get(key)
    if (known !== undefined) return known
    const candidates = shelf.of(name)
    const fits = among(candidates, (one) => filesFor(one, [range], look).length > 0)
    const stable = fits & among(candidates, ({ number }) => !gemVersions.prerelease(number))
    const mask = early.has(name) || stable === 0n ? fits : stable
    masks.set(key, mask)
    return mask
  }

  const needOf = ({ name, range }: Pick<Demand, 'name' | 'range'>): Need => ({
    name,
    among: meeting(name, range),
    words: range,
  })

  const depsOf = (candidate: Candidate) => filesOf(candidate).flatMap((entry) => releaseOf(entry).deps)

  const passesOver = ({ name, range }: Pick<Demand, 'name' | 'range'>): boolean =>
    meeting(name, range) === 0n && (unmet === 'pass over' || (name === itself && shelf.of(itself).length === 0))

  async function solveOnce(): Promise<Solution<Candidate>> {
    await shelf.load(demands.map(({ name }) => name))
    return solve<Candidate>(demands.map(needOf), {
      async candidates(name) {
        await shelf.load([name])
        return shelf.of(name)
      },
      async needs(_, candidate) {
        const deps = depsOf(candidate)
        await shelf.load(deps.map(({ name }) => name))
        return deps.filter((dep) => !passesOver(dep)).map(needOf)
      },
    })
  }

  return {
    async solve(): Promise<Solution<Candidate>> {
      for (;;) {
        const before = early.size
        const found = await solveOnce()
        if (before === early.size) return found
      }
    },
    filesOf: ({ chosen }: Extract<Solution<Candidate>, { readonly chosen: unknown }>): Bundled =>
      [...chosen.values()].flatMap(filesOf),
    /** Says what nothing meets. */
    tell({ chosen }: Extract<Solution<Candidate>, { readonly chosen: unknown }>, { root }: Demand): void {
      for (const candidate of chosen.values()) {
        for (const dep of depsOf(candidate)) {
          const { name, range } = dep
          if (meeting(name, range) !== 0n || name === itself) continue
          const by = `${candidate.name} ${candidate.number}`
          look.lacks({ name, range, from: root.from }, `${missing(name, range, shelf.of(name), look)}; ${by} needs it`)
        }
      }
    },
  }
}

/** Requirements that are looked into ahead: many times those of the largest bundles. */
const mostForeseen = 10_000

/** Reads the pages that a first choice leads to, level by level, many at once: the search itself then waits for little. */
export async function foresee(demands: readonly Demand[], shelf: Shelf, look: Look<GemOptions>): Promise<void> {
  const seen = new Set<string>()
  let level: readonly Pick<Demand, 'name' | 'range'>[] = demands
  while (level.length > 0 && seen.size < mostForeseen) {
    await shelf.load(level.map(({ name }) => name))
    const next: Pick<Demand, 'name' | 'range'>[] = []
    for (const { name, range } of level) {
      const key = `${name} ${range}`
      const candidate = seen.has(key) ? undefined : newest(shelf.of(name), [range], look)
      seen.add(key)
      if (candidate !== undefined)
        next.push(...filesFor(candidate, [range], look).flatMap((entry) => releaseOf(entry).deps))
    }
    level = next.filter(({ name, range }) => !seen.has(`${name} ${range}`))
  }
}
