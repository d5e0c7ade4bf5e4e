// Header fields that tell clients how long an answer may be kept, and where it came from.

import { currentAge, type Fields } from './http-cache.ts'
import type { Mirror } from './mirror.ts'
import type { CacheState } from './opened.ts'
import type { Resource } from './resolve.ts'

/** RFC 9111 §5.2.2, RFC 9211: how long this may be kept, and where it came from. */
export function cacheHeaders(
  resource: Resource,
  cache: CacheState,
  from: { readonly headers: Fields; readonly checked: number; readonly fetched?: number } | undefined,
  mirror: Mirror,
): Record<string, string> {
  const { route, path, mounted } = resource
  const changes = route.unvouched === 'changes' && mounted.rules.mode(path) !== 'immutable'
  const immutable = route.kind === 'artifact' && !changes
  const status = ['pkgmirror', forwarded[cache] ?? 'hit']
  if (cache === 'STALE') status.push('detail=stale')
  const age =
    from === undefined ? undefined : changes ? currentAge(from, mirror.now()) : ageSince(from, immutable, mirror.now())
  return {
    'cache-control': immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    ...(changes && from !== undefined && mounted.rules.freshFor(path) === 'upstream' ? lasting(from.headers) : {}),
    'x-cache': cache,
    'cache-status': status.join('; '),
    ...(age === undefined ? {} : { age: String(Math.max(0, Math.floor(age / 1000))) }),
    ...(cache === 'STALE' ? { warning: '110 pkgmirror "response is stale"' } : {}),
  }
}

const forwarded: Partial<Readonly<Record<CacheState, string>>> = {
  MISS: 'fwd=miss',
  REVALIDATED: 'fwd=stale',
  BYPASS: 'fwd=bypass',
}

/** Since the bytes came, or were last validated; unknown of what still arrives. */
function ageSince(from: { readonly checked: number; readonly fetched?: number }, immutable: boolean, now: number) {
  if (from.fetched === undefined) return undefined
  return now - (immutable ? from.fetched : from.checked)
}

/** What upstream says of how long its answer may be kept is said to clients too. */
const lasting = (headers: Fields): Fields =>
  Object.fromEntries(
    ['cache-control', 'expires', 'vary', 'date', 'content-language', 'content-disposition'].flatMap((name) =>
      headers[name] === undefined ? [] : [[name, headers[name]]],
    ),
  )
