// The ordered upstreams of a repository: which of them may have a name, and with which a name stays. What one source has
// under a name is never mixed with what another has under it, and a source that fails is never passed over.

import type { Repository, Source } from '../config/types.ts'
import type { Entry } from '../contract.ts'
import { compileGlob } from '../formats/glob.ts'
import type { Mirror } from './mirror.ts'
import type { Resource } from './resolve.ts'

export interface Sources {
  /** Those that may have a name, in their order; all for what has no name. Undefined when there is one upstream only. */
  among(name: string | undefined): readonly Source[] | undefined
}

export function compileSources({ sources }: Pick<Repository, 'sources'>): Sources {
  if (sources === undefined) return { among: () => undefined }
  const compiled = sources.map((source) => ({
    source,
    only: source.only.map(compileGlob),
    not: source.not.map(compileGlob),
  }))
  return {
    among(name) {
      if (name === undefined) return sources
      const free = compiled.filter(({ not }) => !not.some((fits) => fits(name)))
      const reserved = free.filter(({ only }) => only.some((fits) => fits(name)))
      const chosen = reserved.length > 0 ? reserved : free.filter(({ only }) => only.length === 0)
      return chosen.map(({ source }) => source)
    },
  }
}

const pinKey = (name: string): string => `source ${name}`

const nameOf = (resource: Resource, entry: Partial<Entry>): string | undefined =>
  entry.name ?? resource.route.known?.(resource.p).name

/** The sources to ask for a resource, in their order: the one that its name is pinned to, or those that may have it. */
export function sourcesFor(mirror: Mirror, resource: Resource, entry: Partial<Entry>): readonly Source[] | undefined {
  const { sources, settings } = resource.mounted
  const name = nameOf(resource, entry)
  const among = sources.among(name)
  if (among === undefined || name === undefined) return among
  const pinned = mirror.catalog.generations.recall(settings.name, pinKey(name))
  const found = among.find((source) => source.name === pinned)
  return found === undefined ? among : [found]
}

/** From now on the name stays with this source. */
export function pin(mirror: Mirror, resource: Resource, entry: Partial<Entry>, source: Source): void {
  const name = nameOf(resource, entry)
  if (name === undefined) return
  const { settings } = resource.mounted
  if (mirror.catalog.generations.recall(settings.name, pinKey(name)) === source.name) return
  mirror.catalog.generations.remember(settings.name, pinKey(name), source.name)
}
