// Where upstream keeps a resource: what a document says, else what the route says, else the same path.

import type { Asked, Entry, Repo } from '../contract.ts'
import { encodePath, joinUrl } from '../formats/safe-path.ts'
import type { Resource } from './resolve.ts'

export interface Address {
  /** Equal addresses, the preferred one first. */
  readonly urls: readonly string[]
  /** Some of them are not on the configured upstreams, but come out of a document. */
  readonly guarded: boolean
}

export async function addressOf(resource: Resource, entry: Partial<Entry>, repo: Repo): Promise<Address> {
  const own = (await resource.route.upstream?.(resource.p, repo)) ?? resource.path
  const places: (string | Asked)[] = []
  if (entry.url !== undefined) places.push(entry.url)
  if ((entry.url === undefined || entry.url.startsWith('/')) && own !== entry.url) places.push(own)
  const urls: string[] = []
  for (const place of places) {
    const { path, query } = typeof place === 'string' ? { path: place, query: '' } : place
    if (!path.startsWith('/')) urls.push(path)
    else urls.push(...addressesOf({ path, query: joined(query, resource.asked) }, repo))
  }
  const origins = new Set(repo.upstreams.map(originOf))
  return { urls, guarded: urls.some((url) => !origins.has(originOf(url))) }
}

/** Where each of the equal upstreams keeps a path. */
export const addressesOf = ({ path, query }: Asked, repo: Repo): readonly string[] =>
  repo.upstreams.map((upstream) => withQuery(joinUrl(upstream, encodePath(path)), query))

const joined = (...queries: readonly string[]): string => queries.filter((query) => query !== '').join('&')

const withQuery = (url: string, query: string): string => (query === '' ? url : `${url}?${query}`)

const originOf = (url: string): string => (URL.canParse(url) ? new URL(url).origin : url)
