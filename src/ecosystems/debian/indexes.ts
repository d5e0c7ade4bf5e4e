// Which indexes of a suite a sync holds: for every kind that is wanted, the best compression that its Release lists.

import type { WantOptions } from './options.ts'
import { type Listed, type Release, strongDigests } from './release.ts'

/** The smallest first; a client chooses the same way. */
const compressions = ['.xz', '.zst', '.gz', '.bz2', '']

/** The best form of an index that is listed with a digest that counts. */
function best(release: Release, name: string): Listed | undefined {
  for (const compression of compressions) {
    const file = release.files.get(`${name}${compression}`)
    if (file !== undefined && Object.keys(strongDigests(file)).length > 0) return file
  }
  return undefined
}

export interface Wanted extends Pick<WantOptions, 'translations' | 'contents' | 'dep11' | 'commands'> {
  readonly components: readonly string[]
  readonly architectures: readonly string[]
  readonly sources: boolean
  readonly binaries: boolean
}

export interface Index {
  readonly file: Listed
  /** Does it list packages? */
  readonly lists: boolean
}

/** The indexes to hold; what is wanted and not there is told in words. */
export function* indexesOf(
  release: Release,
  wanted: Wanted,
  flat: boolean,
  lacks: (what: string) => void,
): Generator<Index> {
  if (flat) {
    if (wanted.binaries) yield* list(release, 'Packages', lacks)
    if (wanted.sources) yield* list(release, 'Sources', lacks)
    return
  }
  for (const name of wanted.components) {
    const component = componentOf(release, name)
    if (wanted.binaries) {
      for (const architecture of wanted.architectures) {
        yield* list(release, `${component}/binary-${architecture}/Packages`, lacks)
      }
      if (hasCommonIndex(release)) yield* optional(release, `${component}/binary-all/Packages`, true)
    }
    if (wanted.sources) yield* list(release, `${component}/source/Sources`, lacks)
    for (const language of wanted.translations) yield* optional(release, `${component}/i18n/Translation-${language}`)
    for (const architecture of [...wanted.architectures, 'all']) {
      if (wanted.contents) {
        yield* optional(release, `${component}/Contents-${architecture}`)
        // Ubuntu has one for all components; it comes again with each and is dropped there
        yield* optional(release, `Contents-${architecture}`)
      }
      if (wanted.dep11) yield* optional(release, `${component}/dep11/Components-${architecture}.yml`)
      if (wanted.commands) yield* optional(release, `${component}/cnf/Commands-${architecture}`)
    }
    if (wanted.dep11) yield* icons(release, component)
  }
}

function* list(release: Release, name: string, lacks: (what: string) => void): Generator<Index> {
  const file = best(release, name)
  if (file === undefined) lacks(name)
  else yield { file, lists: true }
}

function* optional(release: Release, name: string, lists = false): Generator<Index> {
  const file = best(release, name)
  if (file !== undefined) yield { file, lists }
}

function* icons(release: Release, component: string): Generator<Index> {
  for (const file of release.files.values()) {
    if (file.path.startsWith(`${component}/dep11/icons-`) && Object.keys(strongDigests(file)).length > 0) {
      yield { file, lists: false }
    }
  }
}

/** Architecture-independent packages are in an index of their own, unless the others repeat them. */
function hasCommonIndex(release: Release): boolean {
  return (
    release.architectures.includes('all') &&
    release.fields.get('no-support-for-architecture-all')?.toLowerCase() !== 'packages'
  )
}

/** A suite may call its `main` `updates/main`, with its files under either. */
function componentOf(release: Release, name: string): string {
  const spelt = [name, name.slice(name.lastIndexOf('/') + 1)]
  for (const component of release.components) if (component.endsWith(`/${name}`)) spelt.push(component)
  for (const component of spelt) {
    for (const path of release.files.keys()) if (path.startsWith(`${component}/`)) return component
  }
  return name
}
