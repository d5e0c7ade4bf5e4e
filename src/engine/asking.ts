// What is asked of upstream for a resource: the request, and the sources that are asked in their order.

import type { HeldRef } from '../catalog/rows.ts'
import type { Entry, Repo } from '../contract.ts'
import { asMirrorError, MirrorError } from '../errors.ts'
import { addressOf } from './address.ts'
import type { Wanted } from './download.ts'
import type { Mirror } from './mirror.ts'
import type { Resource } from './resolve.ts'
import type { Scope } from './scope.ts'
import { pin, sourcesFor } from './sources.ts'

/** Bytes taken for a resource whose size nobody states: an index may be large, a file larger. */
const INDEX_LIMIT = 1024 ** 3
const ARTIFACT_LIMIT = 64 * 1024 ** 3

/** The request for a resource of which `entry` is said; `before` is what it may be validated against. */
export function wantedOf(
  resource: Resource,
  repo: Repo,
  entry: Partial<Entry>,
  before: HeldRef | undefined,
  scope: Scope,
): Wanted {
  const { route, mounted } = resource
  const { urls, guarded } = addressOf(resource, entry, repo)
  const conditional: Record<string, string> = {}
  const { etag, 'last-modified': modified } = before?.headers ?? {}
  if (etag !== undefined) conditional['if-none-match'] = etag
  if (modified !== undefined) conditional['if-modified-since'] = modified
  return {
    repo: mounted.settings.name,
    path: resource.path,
    urls,
    guarded,
    headers: { accept: route.accept ?? '*/*', ...conditional },
    digests: entry.digests ?? {},
    hashes: route.hashes ?? [],
    size: entry.size,
    limit: route.kind === 'index' ? INDEX_LIMIT : ARTIFACT_LIMIT,
    priority: scope.priority,
    absent: route.absent ?? [404, 410],
    ...(scope.signal === undefined ? {} : { signal: scope.signal }),
  }
}

/**
 * Asks the sources of a resource one after another. Only what a source does not have is asked of the next one; when it
 * fails, nobody knows whether it has it. `only` is true when there is one upstream alone: what one source said of its
 * bytes is no condition for another.
 */
export async function fromSources<T>(
  mirror: Mirror,
  resource: Resource,
  entry: Partial<Entry>,
  repo: Repo,
  ask: (repo: Repo, only: boolean) => Promise<T>,
): Promise<T> {
  const sources = sourcesFor(mirror, resource, entry)
  if (sources === undefined) return ask(repo, true)
  for (const [index, source] of sources.entries()) {
    try {
      const found = await ask({ ...repo, upstreams: source.upstreams }, sources.length === 1)
      pin(mirror, resource, entry, source)
      return found
    } catch (error) {
      if (index === sources.length - 1 || asMirrorError(error).code !== 'NOT_FOUND') throw error
    }
  }
  throw new MirrorError('NOT_FOUND', `no source of ${resource.mounted.settings.name} may have ${resource.path}`, {
    path: resource.path,
  })
}
