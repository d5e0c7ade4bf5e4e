// What `status` tells of a data directory: repositories with what they hold, generations, holders, runs.

import path from 'node:path'
import type { Generation, Run } from '../catalog/rows.ts'
import type { Snapshot } from '../catalog/snapshots.ts'
import type { HeldTotals } from '../catalog/totals.ts'
import { cooldownOf, memberOf } from '../engine/members.ts'
import type { Mirror, MountedRepo } from '../engine/mirror.ts'

/** How many of the last runs are told of. */
const RUNS = 10

export interface GenerationState {
  readonly key: string
  readonly state: Generation['state']
  readonly made: number
  readonly flipped?: number
  /** Of one that waits: when its cooldown ends. */
  readonly until?: number
}

export interface RepoInventory {
  readonly name: string
  readonly ecosystem?: string
  /** Left out when nothing mounts it: it was disabled, or its ecosystem is not known here. */
  readonly mount?: string
  readonly upstreams: readonly string[]
  readonly totals: Omit<HeldTotals, 'repo'>
  readonly generations: readonly GenerationState[]
}

export interface Inventory {
  /** The data directory, absolute. */
  readonly data: string
  readonly offline: boolean
  readonly stored: { readonly blobs: number; readonly bytes: number }
  /** Those that hold something or that a file configures. */
  readonly repositories: readonly RepoInventory[]
  /** Mounted, and nothing is held of them. */
  readonly empty: readonly string[]
  readonly holders: readonly { readonly holder: string; readonly paths: number; readonly run: number }[]
  readonly runs: readonly Omit<Run, 'summary'>[]
  /** How many there are; the one that is shown, and since when. */
  readonly snapshots: { readonly count: number; readonly shown?: Snapshot; readonly since?: number }
}

const nothing: Omit<HeldTotals, 'repo'> = { files: 0, artifacts: 0, bytes: 0, hits: 0, fetched: 0, used: 0 }

/** Reads the catalog alone: no bytes, no network. */
export function inventory(mirror: Mirror, data: string, offline: boolean): Inventory {
  const { catalog, repos } = mirror
  const totals = new Map(catalog.totals.held().map(({ repo, ...rest }) => [repo, rest]))
  const generations = Map.groupBy(catalog.generations.all(), ({ repo }) => repo)
  const names = new Set([...repos.keys(), ...totals.keys()])
  const repositories: RepoInventory[] = []
  const empty: string[] = []
  for (const name of names) {
    const mounted = repos.get(name)
    const held = totals.get(name)
    if (held === undefined && mounted?.settings.builtin !== false) {
      empty.push(name)
      continue
    }
    repositories.push({
      name,
      ...placeOf(mounted),
      totals: held ?? nothing,
      generations: (generations.get(name) ?? []).map((one) => stateOf(mirror, one, mounted)),
    })
  }
  const runs = catalog.runs.list(RUNS).map(({ summary: _, ...run }) => run)
  const holders = catalog.holds.holders()
  const shown = catalog.snapshots.shown()
  const snapshots = {
    count: catalog.snapshots.list().length,
    ...(shown === undefined ? {} : { shown, since: catalog.snapshots.turned() }),
  }
  const stored = catalog.totals.stored()
  return { data: path.resolve(data), offline, stored, repositories, empty, holders, runs, snapshots }
}

function placeOf(mounted: MountedRepo | undefined): Pick<RepoInventory, 'ecosystem' | 'mount' | 'upstreams'> {
  if (mounted === undefined) return { upstreams: [] }
  const { ecosystem, mount, upstreams } = mounted.settings
  return { ecosystem, mount, upstreams }
}

function stateOf(mirror: Mirror, generation: Generation, mounted: MountedRepo | undefined): GenerationState {
  const { id, key, state, made, flipped } = generation
  const member = state === 'waiting' && mounted !== undefined ? memberOf(mirror, mounted, id) : undefined
  return {
    key,
    state,
    made,
    ...(flipped === undefined ? {} : { flipped }),
    ...(member === undefined ? {} : { until: made + cooldownOf(member) }),
  }
}
