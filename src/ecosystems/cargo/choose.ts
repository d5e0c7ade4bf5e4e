// Which version Cargo's resolver would take for a requirement, given those already taken.
// https://doc.rust-lang.org/cargo/reference/resolver.html

import type { Selector } from '../../contract.ts'
import { cargoVersions, compatible, isExact } from '../../versions/cargo.ts'
import { pick } from '../pick.ts'
import type { Candidate } from './candidates.ts'

/** What has been taken: crates by name and compatible range, and the one user of each native library. */
export interface Taken {
  has(name: string, version: string): boolean
  /** May a build hold it beside all that was taken? */
  fits(name: string, candidate: Candidate): boolean
  take(name: string, candidate: Candidate): void
}

export function createTaken(): Taken {
  const versions = new Set<string>()
  const ranges = new Set<string>()
  const libraries = new Map<string, string>()
  return {
    has: (name, version) => versions.has(`${name} ${version}`),
    fits(name, { version, links }) {
      if (versions.has(`${name} ${version}`)) return true
      return !ranges.has(`${name} ${compatible(version)}`) && (links === undefined || !libraries.has(links))
    },
    take(name, { version, links }) {
      versions.add(`${name} ${version}`)
      ranges.add(`${name} ${compatible(version)}`)
      if (links !== undefined) libraries.set(links, name)
    },
  }
}

/**
 * The highest version that satisfies and fits beside what was taken. Where none fits, the highest that satisfies: Cargo
 * would go back on an earlier choice, and finds both in the mirror.
 */
export function chooseOne(
  name: string,
  range: string,
  among: readonly Candidate[],
  taken: Taken,
): Candidate | undefined {
  let highest: Candidate | undefined
  for (const candidate of among) {
    if (candidate.yanked && !taken.has(name, candidate.version)) continue
    if (!cargoVersions.satisfies(candidate.version, range)) continue
    if (taken.fits(name, candidate)) return candidate
    highest ??= candidate
  }
  return highest
}

/** The versions that a user's want names. Yanked ones only by digest or exact version, as a lockfile has them. */
export async function chooseWanted(want: Selector, among: readonly Candidate[]): Promise<readonly Candidate[]> {
  const pinned = want.digests !== undefined || (want.range !== undefined && isExact(want.range))
  const byVersion = new Map(among.filter((each) => pinned || !each.yanked).map((each) => [each.version, each]))
  const picked = await pick(
    [...byVersion.values()].map((each) => each.entry),
    want,
    cargoVersions,
  )
  return picked.flatMap(({ version }) => byVersion.get(version ?? '') ?? [])
}
