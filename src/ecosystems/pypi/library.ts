// The pages and metadata that a closure has read, each once for all environments, and what it has told of them.

import type { Look, Selector } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import type { Requirement } from '../../formats/pep508.ts'
import type { PypiOptions } from './options.ts'
import { type Chosen, type Release, releasesOf } from './releases.ts'
import { type Needs, needsOf, readRequirements } from './requires.ts'

/** What cannot be had: of a want itself, or of what something needs. */
export interface Lack {
  readonly name: string
  readonly range: string
  readonly reason: string
  readonly want: Selector
  /** Is it the want itself? */
  readonly wanted: boolean
}

export interface Library {
  readonly failures: readonly MirrorError[]
  /** Undefined where there is no such project, or it cannot be had. */
  releases(name: string): Promise<readonly Release[] | undefined>
  needs(chosen: Chosen): Promise<Needs>
  /** Its needs to run, taken apart; what is no requirement is left out. */
  requirements(chosen: Chosen): Promise<readonly Requirement[]>
  /** Its page cannot be had, which its error tells. */
  isBroken(name: string): boolean
  lacks(lack: Lack): void
}

const nothing: Needs = { run: [], build: [] }

export function createLibrary(look: Look<PypiOptions>): Library {
  const failures: MirrorError[] = []
  const pages = new Map<string, Promise<readonly Release[] | undefined>>()
  const needs = new Map<string, Promise<Needs | undefined>>()
  const parsed = new WeakMap<Needs, readonly Requirement[]>()
  const told = new Set<string>()
  const broken = new Set<string>()

  /** Undefined for what failed; faults of this machine and the end of the run are thrown at once. */
  async function attempt<T>(start: () => Promise<T>, failed?: () => void): Promise<T | undefined> {
    try {
      return await start()
    } catch (error) {
      if (!(error instanceof MirrorError) || ![3, 4, 5, 6].includes(error.failure.exit)) throw error
      failures.push(error)
      failed?.()
      return undefined
    }
  }

  async function needsOfChosen(chosen: Chosen): Promise<Needs> {
    const key = chosen.files.map(({ entry }) => entry.path).join(' ')
    return (await once(needs, key, () => attempt(() => needsOf(chosen, look)))) ?? nothing
  }

  return {
    failures,
    isBroken: (name) => broken.has(name),
    releases: (name) =>
      once(pages, name, () =>
        attempt(
          () => releasesOf(name, look),
          () => broken.add(name),
        ),
      ),
    needs: needsOfChosen,
    async requirements(chosen) {
      const stated = await needsOfChosen(chosen)
      const known = parsed.get(stated) ?? readRequirements(stated.run, () => {})
      parsed.set(stated, known)
      return known
    },
    lacks({ name, range, reason, want, wanted }) {
      const key = `${name} ${range} ${reason}`
      if (broken.has(name) || told.has(key)) return
      told.add(key)
      look.lacks(wanted ? want : { name, from: want.from, ...(range === '' ? {} : { range }) }, reason)
    },
  }
}

function once<T>(known: Map<string, Promise<T>>, key: string, start: () => Promise<T>): Promise<T> {
  const before = known.get(key)
  if (before !== undefined) return before
  const started = start()
  known.set(key, started)
  return started
}
