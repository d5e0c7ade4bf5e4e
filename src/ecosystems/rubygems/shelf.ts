// The gems that a closure may choose from, and which of their files the wanted machines can use.

import type { Entry, Look } from '../../contract.ts'
import { addTo } from '../../formats/lists.ts'
import { admitsPrereleases, compareNumbers, gemVersions, splitVersion } from '../../versions/gem.ts'
import { together } from '../together.ts'
import type { Release } from './line.ts'
import { infoPath, isGemName } from './paths.ts'
import { isFor } from './platforms.ts'
import type { GemOptions } from './want.ts'

/** Files of one gem and number, one for each platform. */
export interface Candidate {
  readonly name: string
  readonly number: string
  readonly files: readonly Entry[]
}

/** `read` of this ecosystem made the data: it need not be checked again. */
export const releaseOf = (entry: Entry): Release => entry.data as Release
const meets = (version: string | undefined, range: string | undefined): boolean =>
  version === undefined || range === undefined || gemVersions.satisfies(version, range)

export interface Shelf {
  /** The candidates of a gem that policy allows, newest first; read before. */
  of(name: string): readonly Candidate[]
  /** Reads the pages of these gems, those not read yet. */
  load(names: Iterable<string>): Promise<void>
}

export function createShelf(look: Look<GemOptions>): Shelf {
  const loaded = new Map<string, readonly Candidate[]>()
  const { ruby, rubygems } = look.repo.options
  const runs = (entry: Entry): boolean =>
    meets(ruby, releaseOf(entry).ruby) && meets(rubygems, releaseOf(entry).rubygems)

  async function read(name: string): Promise<readonly Candidate[]> {
    const byNumber = new Map<string, Entry[]>()
    for await (const entry of look.entries(infoPath(name))) {
      const split = splitVersion(entry.version ?? '')
      if (split === undefined || !entry.path.startsWith('/gems/') || !runs(entry)) continue
      addTo(byNumber, split.number, entry)
    }
    return [...byNumber]
      .map(([number, files]) => ({ name, number, files }))
      .toSorted((a, b) => compareNumbers(b.number, a.number))
  }

  return {
    of: (name) => loaded.get(name) ?? [],
    async load(names) {
      const fresh = [...new Set(names)].filter((name) => !loaded.has(name) && isGemName(name))
      await together(fresh, async (name) => void loaded.set(name, await read(name)))
    },
  }
}

const platformOf = (entry: Entry): string => splitVersion(entry.version ?? '')?.platform ?? ''

/** The files of a candidate that are for the wanted machines; all that fit where a requirement names a platform itself. */
export function filesFor({ files }: Candidate, ranges: readonly string[], look: Look<GemOptions>): readonly Entry[] {
  const fitting = files.filter(({ version = '' }) => ranges.every((range) => gemVersions.satisfies(version, range)))
  const named = ranges.some((range) => /-[A-Za-z]/.test(range))
  return named ? fitting : fitting.filter((entry) => isFor(platformOf(entry), look.platforms))
}

/** The newest candidate that meets all ranges; a pre-release when one of them admits it, or when there is nothing else. */
export function newest(candidates: readonly Candidate[], ranges: readonly string[], look: Look<GemOptions>) {
  const fitting = candidates.filter((one) => filesFor(one, ranges, look).length > 0)
  if (ranges.some(admitsPrereleases)) return fitting[0]
  return fitting.find(({ number }) => !gemVersions.prerelease(number)) ?? fitting[0]
}

/** Why nothing of a gem meets a requirement. */
export function missing(name: string, range: string, candidates: readonly Candidate[], look: Look<GemOptions>): string {
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
