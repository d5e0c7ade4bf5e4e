// What a repository holds, as entries.

import { isHeld } from '../catalog/rows.ts'
import type { Entry } from '../contract.ts'
import { subjectOf } from './judge.ts'
import type { Mirror, MountedRepo } from './mirror.ts'
import { resolve } from './resolve.ts'
import { said } from './said.ts'
import { clientScope } from './scope.ts'

/**
 * What a repo holds and policy shows, as entries in the order of their paths: each held artifact with what is said of it now.
 * Answers to a query have no name of their own.
 */
export function* holdings(mirror: Mirror, mounted: MountedRepo, name?: string): Generator<Entry> {
  const { judge, settings } = mounted
  const { refs, generations } = mirror.catalog
  const found = name === undefined ? refs.scan(settings.name) : refs.byName(settings.name, name)
  for (const ref of found) {
    if (ref.kind !== 'artifact' || ref.variant !== '' || !isHeld(ref)) continue
    if (ref.generation !== 0 && generations.byId(ref.generation)?.state !== 'current') continue
    const resource = resolve(mounted, ref.path)
    if (resource === undefined) continue
    const { entry, seen } = said(mirror, resource, clientScope(), ref.generation)
    const named: Entry = {
      ...entry,
      path: ref.path,
      size: ref.size,
      digests: { ...entry.digests, sha256: ref.sha256 },
      ...(ref.name === undefined ? {} : { name: ref.name }),
      ...(ref.version === undefined ? {} : { version: ref.version }),
    }
    if (judge.open || judge.verdict(subjectOf(named, seen), mirror.now()).allow) yield named
  }
}
