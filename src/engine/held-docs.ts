// Documents as they are held, without asking anybody: for checks that must not fetch.

import { type HeldRef, isHeld } from '../catalog/rows.ts'
import type { Doc } from '../contract.ts'
import { heldDoc } from './doc.ts'
import type { Mirror, MountedRepo } from './mirror.ts'
import { generationKey, type Resource, resolve } from './resolve.ts'

/** A path as a given generation sees it: its own, or what belongs to none, or what is current elsewhere. */
export function heldAt(mirror: Mirror, mounted: MountedRepo, path: string, generation: number): HeldRef | undefined {
  const { name } = mounted.settings
  const { refs, generations } = mirror.catalog
  const resource = resolve(mounted, path)
  const key = resource === undefined ? undefined : generationKey(resource)
  const current = key === undefined ? undefined : generations.current(name, key)?.id
  for (const id of [generation, 0, current]) {
    const ref = id === undefined ? undefined : refs.get(name, path, '', id)
    if (isHeld(ref)) return ref
  }
  return undefined
}

/** What a route wants read along with a held document, as far as that is held. */
export function heldBeside(mirror: Mirror, resource: Resource, of: HeldRef): ReadonlyMap<string, Doc> {
  const docs = new Map<string, Doc>()
  for (const path of resource.route.beside?.(resource.p, resource.mounted.repo, of.type) ?? []) {
    const ref = heldAt(mirror, resource.mounted, path, of.generation)
    if (ref !== undefined) docs.set(path, heldDoc(mirror, ref))
  }
  return docs
}
