// Where upstream keeps a resource: what a document says, else what the route says, else the same path.

import type { Entry, Repo } from '../contract.ts'
import { encodePath, joinUrl } from '../formats/safe-path.ts'
import type { Resource } from './resolve.ts'

export interface Address {
  /** Equal addresses, the preferred one first. */
  readonly urls: readonly string[]
  /** Some of them are not on the configured upstreams, but come out of a document. */
  readonly guarded: boolean
}

export function addressOf(resource: Resource, entry: Partial<Entry>, repo: Repo): Address {
  const places = new Set<string>()
  if (entry.url !== undefined) places.add(entry.url)
  const own = resource.route.upstream?.(resource.p, repo) ?? resource.path
  if (entry.url === undefined || entry.url.startsWith('/')) places.add(own)
  const urls: string[] = []
  for (const place of places) {
    if (!place.startsWith('/')) urls.push(place)
    else
      for (const upstream of repo.upstreams)
        urls.push(withQuery(joinUrl(upstream, encodePath(place)), resource.variant))
  }
  const origins = new Set(repo.upstreams.map(originOf))
  return { urls, guarded: urls.some((url) => !origins.has(originOf(url))) }
}

const withQuery = (url: string, query: string): string => (query === '' ? url : `${url}?${query}`)

const originOf = (url: string): string => (URL.canParse(url) ? new URL(url).origin : url)
