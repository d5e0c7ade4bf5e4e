// What has changed upstream under a manifest's selection: what vanished there, and what was taken back since the last run.

import type { SaidOf, Unmet } from '../catalog/catalog.ts'
import type { Mirror } from '../engine/mirror.ts'
import { pages } from '../engine/turns.ts'

export interface Drifted {
  readonly repo: string
  readonly path: string
  readonly name?: string
  readonly version?: string
  /** How it was taken back: `yanked`. */
  readonly word?: string
}

export interface Drift {
  /** Held, and named by no index any more. */
  readonly vanished: { readonly count: number; readonly items: readonly Drifted[] }
  /** Held, and taken back since the last run. */
  readonly withdrawn: { readonly count: number; readonly items: readonly Drifted[] }
}

export const noDrift: Drift = { vanished: { count: 0, items: [] }, withdrawn: { count: 0, items: [] } }

/** Items that a report names. */
const MOST = 100

export interface DriftOptions {
  readonly holder: string
  readonly run: number
  /** Repositories that were looked at, in their order. */
  readonly repos: readonly string[]
  readonly signal: AbortSignal
}

/** Before what the holder wanted earlier is let go of. Remembers what was taken back. */
export async function driftOf(mirror: Mirror, { holder, run, repos, signal }: DriftOptions): Promise<Drift> {
  const { holds, withdrawn: remembered } = mirror.catalog
  const [vanished, withdrawn] = [gather(), gather()]
  for (const repo of repos) {
    for await (const page of pages<Unmet>(signal, (after) => holds.unmet(holder, repo, run, after)))
      for (const { named, ...one } of page) if (!named) vanished.add(one)
    for await (const page of pages<SaidOf>(signal, (after) => remembered.said(holder, repo, after))) {
      for (const { data, word: known, ...one } of page) {
        const word = wordOf(mirror, repo, data)
        if (word === undefined && known !== undefined) remembered.drop(repo, one.path)
        if (word !== undefined && remembered.add(repo, one.path, word, run)) withdrawn.add({ ...one, word })
      }
    }
  }
  return { vanished: vanished.found(), withdrawn: withdrawn.found() }
}

function wordOf(mirror: Mirror, repo: string, data: string | undefined): string | undefined {
  const withdrawn = mirror.repos.get(repo)?.ecosystem.withdrawn
  return data === undefined ? undefined : withdrawn?.(JSON.parse(data))
}

function gather() {
  let count = 0
  const items: Drifted[] = []
  return {
    add({ repo, path, name, version, word }: Omit<SaidOf, 'data' | 'word'> & { readonly word?: string }): void {
      count += 1
      if (items.length >= MOST) return
      items.push({
        repo,
        path,
        ...(name === undefined ? {} : { name }),
        ...(version === undefined ? {} : { version }),
        ...(word === undefined ? {} : { word }),
      })
    },
    found: () => ({ count, items }),
  }
}
