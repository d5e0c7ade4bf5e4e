// What one collection works with, and what it counts.

import type { Marks, Reason } from '../catalog/marks.ts'
import type { Settings } from '../config/types.ts'
import { type Pins, pinsOf } from './gc-pins.ts'
import type { GoneSnapshot } from './gc-snapshots.ts'
import type { Mirror, MountedRepo } from './mirror.ts'

export interface Count {
  items: number
  bytes: number
}

export interface RepoCounts {
  /** What goes, by reason: refs and views, and the bytes that become free by it. */
  readonly going: Record<string, Count>
  /** What stays, by who keeps it: a manifest, a generation, a rule, nobody. Bytes that are shared count for each. */
  readonly kept: Record<string, Count>
}

export interface Collecting {
  readonly mirror: Mirror
  readonly keep: Settings['keep']
  readonly signal: AbortSignal
  readonly marks: Marks
  readonly now: number
  /** What is younger than this may belong to work under way; milliseconds since 1970. */
  readonly cutoff: number
  readonly repositories: Map<string, RepoCounts>
  /** Those that go. */
  readonly snapshots: GoneSnapshot[]
  /** What is pinned, by repository. */
  readonly pins: Map<string, Pins>
  /** The newest time, older than `cutoff`, at which anything is known to have happened here. */
  witnessed: number
}

export function pinsFor({ pins, keep }: Collecting, mounted: MountedRepo): Pins {
  const { name } = mounted.settings
  const known = pins.get(name)
  if (known !== undefined) return known
  const made = pinsOf(keep.pinned, mounted)
  pins.set(name, made)
  return made
}

/** Keepers that are no manifest. */
export const keepers = {
  generation: 'a generation that is served or waits',
  latest: 'keep.latest',
  pinned: 'keep.pinned',
  names: 'an index of what stays',
  proves: 'what proofs of the rest stand on',
  foreign: 'a repository that is not configured',
  snapshot: 'a snapshot alone',
  nobody: 'no manifest, nor any rule against it',
} as const

/** Reasons that are nothing but the time that has passed. */
export const aged: ReadonlySet<Reason> = new Set<Reason>(['expired', 'unused', 'old'])

/** Reasons by which something goes that is still named, or that the catalog should know: what a mistake could wipe out. */
export const grave: ReadonlySet<Reason> = new Set<Reason>(['expired', 'unused', 'old', 'size', 'unknown'])

export function countsOf(at: Collecting, repo: string): RepoCounts {
  const known = at.repositories.get(repo)
  if (known !== undefined) return known
  const counts: RepoCounts = { going: {}, kept: {} }
  at.repositories.set(repo, counts)
  return counts
}

export function count(counts: Record<string, Count>, key: string, items: number, bytes: number): void {
  const one = counts[key] ?? { items: 0, bytes: 0 }
  one.items += items
  one.bytes += bytes
  if (one.items === 0 && one.bytes === 0) delete counts[key]
  else counts[key] = one
}
