// What a repository holds, as entries.

import { type HeldRef, isHeld, type Ref } from '../catalog/rows.ts'
import type { Entry } from '../contract.ts'
import { subjectOf } from './judge.ts'
import type { Mirror, MountedRepo } from './mirror.ts'
import { resolve } from './resolve.ts'
import { said, saidByPath } from './said.ts'
import { clientScope } from './scope.ts'
import { withSpoken } from './spoken.ts'

/**
 * What a repo holds and policy shows, as entries in the order of their paths: each held artifact with what is said of it now.
 * Answers to a query have no name of their own.
 */
export function* holdings(mirror: Mirror, mounted: MountedRepo, name?: string): Generator<Entry> {
  const { judge, settings } = mounted
  const { refs } = mirror.catalog
  const found = artifactsOf(mirror, name === undefined ? refs.scan(settings.name) : refs.byName(settings.name, name))
  for (const { ref, spoken } of withSpoken(mirror.catalog, found)) {
    const resource = resolve(mounted, ref.path)
    if (resource === undefined) continue
    const named = (entry: Partial<Entry>): Entry => ({
      ...entry,
      path: ref.path,
      size: ref.size,
      digests: { ...entry.digests, sha256: ref.sha256 },
      ...(ref.name === undefined ? {} : { name: ref.name }),
      ...(ref.version === undefined ? {} : { version: ref.version }),
    })
    if (judge.open && !spoken) {
      yield named(saidByPath(resource))
      continue
    }
    const { entry, seen } = said(mirror, resource, clientScope(), ref.generation)
    const whole = named(entry)
    if (judge.open || judge.verdict(subjectOf(whole, seen), mirror.now()).allow) yield whole
  }
}

function* artifactsOf({ catalog }: Mirror, refs: Iterable<Ref>): Generator<{ readonly ref: HeldRef }> {
  for (const ref of refs) {
    if (ref.kind !== 'artifact' || ref.variant !== '' || !isHeld(ref)) continue
    if (ref.generation !== 0 && catalog.generations.byId(ref.generation)?.state !== 'current') continue
    yield { ref }
  }
}
