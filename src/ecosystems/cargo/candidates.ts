// The versions that a closure may choose from, in the light form that a choice needs: what a version depends on is read
// again for those that were chosen, so that memory grows with the closure and not with the history of its crates.

import type { Entry, Look } from '../../contract.ts'
import { cargoVersions } from '../../versions/cargo.ts'
import type { Release } from './line.ts'
import { indexPath } from './paths.ts'

export interface Candidate {
  readonly entry: Entry
  readonly version: string
  readonly yanked: boolean
  readonly links?: string
}

/** The newest schema of lines that Cargo chooses from without unstable options. */
const newestSchema = 2

/** `read` of this ecosystem made the data: it need not be checked again. */
const releaseOf = (entry: Entry): Release => entry.data as Release

/** All versions of a crate that policy allows and Cargo understands, newest first. */
export async function candidates(name: string, look: Look<unknown>): Promise<readonly Candidate[]> {
  const found: Candidate[] = []
  for await (const { data, ...entry } of look.entries(indexPath(name))) {
    const release = releaseOf({ ...entry, data })
    if (entry.version === undefined || release.v > newestSchema) continue
    const { yanked, links } = release
    found.push({ entry, version: entry.version, yanked, ...(links === undefined ? {} : { links }) })
  }
  return found.toSorted((a, b) => cargoVersions.compare(b.version, a.version))
}

/** The releases of the named versions of a crate, by version. */
export async function releases(
  name: string,
  wanted: ReadonlySet<string>,
  look: Look<unknown>,
): Promise<Map<string, Release>> {
  const found = new Map<string, Release>()
  for await (const entry of look.entries(indexPath(name))) {
    if (entry.version !== undefined && wanted.has(entry.version)) found.set(entry.version, releaseOf(entry))
  }
  return found
}
