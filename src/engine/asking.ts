// What is asked of upstream for a resource: the request, and the sources that are asked in their order.

import type { HeldRef } from '../catalog/rows.ts'
import type { Asked, Entry, Repo } from '../contract.ts'
import { asMirrorError, MirrorError } from '../errors.ts'
import { compareDigests } from '../formats/digest.ts'
import { addressesOf, addressOf } from './address.ts'
import type { Wanted } from './download.ts'
import { whyNotStored } from './http-cache.ts'
import type { Mirror } from './mirror.ts'
import type { Resource } from './resolve.ts'
import type { Said } from './said.ts'
import type { Scope } from './scope.ts'
import { pin, sourcesFor } from './sources.ts'

/** Bytes taken for a resource whose size nobody states: an index may be large, a file larger. */
const INDEX_LIMIT = 1024 ** 3
const ARTIFACT_LIMIT = 64 * 1024 ** 3

/** The request for a resource of which this is said; `before` is what it may be validated against. */
export async function wantedOf(
  mirror: Mirror,
  resource: Resource,
  repo: Repo,
  stated: Pick<Said, 'entry' | 'proof'>,
  before: HeldRef | undefined,
  scope: Scope,
): Promise<Wanted> {
  const { route, mounted } = resource
  const { urls, guarded } = await addressOf(resource, stated.entry, repo)
  const conditional: Record<string, string> = {}
  // bytes that are not those stated now are not asked about
  const digests =
    before === undefined ? {} : { ...mirror.catalog.blobs.get(before.sha256)?.digests, sha256: before.sha256 }
  const wrong = compareDigests(stated.entry.digests ?? {}, digests) === 'different'
  const { next } = route
  // that the first page is the same says nothing of the others
  const known = wrong || next !== undefined ? undefined : before
  const { etag, 'last-modified': modified } = known?.headers ?? {}
  if (etag !== undefined) conditional['if-none-match'] = etag
  if (modified !== undefined) conditional['if-modified-since'] = modified
  return {
    repo: mounted.settings.name,
    path: resource.path,
    variant: resource.variant,
    urls,
    guarded,
    headers: { accept: route.accept ?? '*/*', ...resource.sent, ...conditional },
    digests: stated.entry.digests ?? {},
    hashes: route.hashes ?? [],
    size: stated.entry.size,
    limit: route.limit ?? (route.kind === 'index' ? INDEX_LIMIT : ARTIFACT_LIMIT),
    priority: scope.priority,
    absent: route.absent ?? [404, 410],
    ...(next === undefined ? {} : { next: (headers) => following(next(headers, resource.p), repo) }),
    ...(isHttpCached(resource, stated) && {
      whyNotKept: (headers) =>
        scope.directives?.noStore ? 'the request says no-store' : whyNotStored(resource.sent, headers),
    }),
    ...(scope.pass === undefined ? {} : { pass: scope.pass }),
    ...(scope.signal === undefined ? {} : { signal: scope.signal }),
  }
}

const following = (asked: Asked | undefined, repo: Repo): readonly string[] | undefined =>
  asked === undefined ? undefined : addressesOf(asked, repo)

/** Upstream's header fields alone say whether it may be kept: no digest proves it, and no rule says otherwise. */
function isHttpCached({ route, mounted, path }: Resource, stated: Pick<Said, 'proof'>): boolean {
  const { rules } = mounted
  if (route.unvouched !== 'changes' || stated.proof !== undefined) return false
  return rules.freshFor(path) === 'upstream' && rules.mode(path) === undefined
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
