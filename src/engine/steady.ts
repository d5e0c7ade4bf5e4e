// A repository in which nothing has changed since its last walk is not planned again: the documents that the walk had looked
// at are asked for, and when each is as it was, so is everything that they led to.

import { isHeld } from '../catalog/rows.ts'
import type { Steady, SteadyDocument } from '../catalog/steady.ts'
import type { Judge } from './judge.ts'
import type { Mirror, MountedRepo } from './mirror.ts'
import { obtainDocument } from './obtain.ts'
import { mustResolve, readingScope } from './resolve.ts'
import type { Scope } from './scope.ts'

/** Documents asked for at once; the client's own queues bound the requests. */
const AT_ONCE = 32

/** What a walk rested on, for the next one. */
export type Rested = Pick<Steady, 'until' | 'wide' | 'documents'>

/** Is every document as it was? Asks for each as the scope wants it, and ends with the first that is not. */
export async function isSteady(
  mirror: Mirror,
  mounted: MountedRepo,
  scope: Scope,
  documents: readonly SteadyDocument[],
): Promise<boolean> {
  const waiting = documents.values()
  let same = true
  async function ask(): Promise<void> {
    for (const document of waiting) {
      if (!same || scope.signal?.aborted === true) return
      if (!(await isAsItWas(mirror, mounted, scope, document))) same = false
    }
  }
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, ask))
  } catch {
    // the walk asks for it again, and tells what is wrong
    return false
  }
  // what is being built, or waits, is for the walk
  return same && scope.signal?.aborted !== true && scope.staged.size === 0
}

async function isAsItWas(
  mirror: Mirror,
  mounted: MountedRepo,
  scope: Scope,
  { path, sha256, read }: SteadyDocument,
): Promise<boolean> {
  const resource = mustResolve(mounted, path)
  const obtained = await obtainDocument(mirror, resource, scope)
  if (obtained === undefined || sha256 === undefined) return obtained === undefined && sha256 === undefined
  const { ref, state, error } = obtained
  if (ref.sha256 !== sha256 || state === 'miss' || state === 'stale' || error !== undefined) return false
  if (ref.fetched >= (scope.since ?? Number.NEGATIVE_INFINITY)) return false
  return read !== true || mirror.catalog.facts.reading(ref.repo, readingScope(resource), sha256) !== undefined
}

/** The documents as the scope sees them; asks for none that it has asked for already. */
export async function documentsOf(
  mirror: Mirror,
  mounted: MountedRepo,
  scope: Scope,
  paths: Iterable<string>,
): Promise<readonly SteadyDocument[]> {
  const found: SteadyDocument[] = []
  for (const path of paths) {
    const resource = mustResolve(mounted, path)
    const { ref } = (await obtainDocument(mirror, resource, scope)) ?? {}
    if (ref === undefined || !isHeld(ref)) {
      found.push({ path })
      continue
    }
    const reading = mirror.catalog.facts.reading(ref.repo, readingScope(resource), ref.sha256)
    found.push({ path, sha256: ref.sha256, ...(reading === undefined ? {} : { read: true }) })
  }
  return found
}

/** The same judge, which notes when the first thing that it hides for now will be allowed. */
export function noting(judge: Judge): Judge & { readonly until: () => number } {
  let first = Number.POSITIVE_INFINITY
  return {
    ...judge,
    until: () => first,
    verdict(subject, now) {
      const verdict = judge.verdict(subject, now)
      if (!verdict.allow && verdict.until !== undefined) first = Math.min(first, verdict.until)
      return verdict
    },
  }
}
