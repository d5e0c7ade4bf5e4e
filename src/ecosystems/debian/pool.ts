// The pool files that the wanted indexes name, as little of them as choosing needs: which paths belong to them, which names
// provide which, and which names a want means. Entries themselves are looked up by name when they are needed.

import type { Entry, Selector } from '../../contract.ts'
import { isGlob, matchesGlob } from '../../versions/debian.ts'
import type { WantOptions } from './options.ts'
import type { BinaryData, SourceData } from './packages.ts'
import { parseRelations } from './relations.ts'
import type { Candidate, Seed, Universe } from './resolve.ts'

export interface Pool {
  /** Takes in one entry of an index; the rank is the suite's. */
  add(entry: Entry, rank: number): void
  universe(find: (name: string) => AsyncIterable<Entry>): Universe
  /** A source package's entries out of these. */
  sources(entries: AsyncIterable<Entry>): AsyncIterable<Entry>
  /** The names that the wants mean, globs written out; a glob that matches nothing is lacking. */
  seeds(wants: readonly Selector[], lacks: (want: Selector, reason: string) => void): readonly Seed[]
  /** Essential and required packages, when they are wanted. */
  essential(want: Selector): readonly Seed[]
}

const isSource = (entry: Entry): boolean => (entry.data as SourceData | undefined)?.source === true

export function readPool(wants: readonly Selector[], options: WantOptions): Pool {
  /** Rank by path. An entry found by name counts only when it is here: the repository may hold other suites too. */
  const ranks = new Map<string, number>()
  const providers = new Map<string, Set<string>>()
  const essential = new Set<string>()
  const matches = new Map<string, Set<string>>()
  for (const { name } of wants) if (isGlob(name)) matches.set(name, new Set())

  function candidate(entry: Entry): Candidate | undefined {
    const rank = ranks.get(entry.path)
    if (rank === undefined || entry.name === undefined || entry.version === undefined) return undefined
    return { entry, name: entry.name, version: entry.version, data: entry.data as BinaryData, rank }
  }

  return {
    add(entry, rank) {
      ranks.set(entry.path, Math.min(rank, ranks.get(entry.path) ?? rank))
      const { name = '' } = entry
      for (const [glob, names] of matches) if (matchesGlob(name, glob)) names.add(name)
      if (isSource(entry)) return
      const data = entry.data as BinaryData
      if (options.essential && (data.essential === true || data.priority === 'required')) essential.add(name)
      if (data.provides === undefined) return
      for (const [provided] of parseRelations(data.provides, data.arch)) {
        if (provided === undefined) continue
        const names = providers.get(provided.name) ?? new Set()
        providers.set(provided.name, names.add(name))
      }
    },
    universe: (find) => ({
      async find(name) {
        const found: Candidate[] = []
        for await (const entry of find(name)) {
          const one = isSource(entry) ? undefined : candidate(entry)
          if (one !== undefined) found.push(one)
        }
        return found
      },
      providers: (name) => [...(providers.get(name) ?? [])],
    }),
    async *sources(entries) {
      for await (const entry of entries) if (isSource(entry) && ranks.has(entry.path)) yield entry
    },
    seeds(asked, lacks) {
      const seeds: Seed[] = []
      for (const want of asked) {
        const names = matches.get(want.name)
        if (names?.size === 0) lacks(want, 'no package matches')
        for (const name of names ?? [want.name]) seeds.push({ name, want })
      }
      return seeds
    },
    essential: (want) => [...essential].map((name) => ({ name, want: { name, from: want.from } })),
  }
}
