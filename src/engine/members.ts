// The documents of a generation, and how long a new one waits.

import type { Mirror, MountedRepo } from './mirror.ts'
import { isRoot, type Resource, resolve } from './resolve.ts'

/** How long a new generation of these documents waits: what its root is a version of may have a rule of its own. */
export const cooldownOf = ({ mounted, route, p }: Resource): number =>
  mounted.judge.generationCooldown(route.known?.(p) ?? {})

/** Any document of a generation, its root first. */
export function memberOf(mirror: Mirror, mounted: MountedRepo, generation: number): Resource | undefined {
  const members = mirror.catalog.refs.ofGeneration(generation).flatMap(({ path }) => resolve(mounted, path) ?? [])
  return members.find(isRoot) ?? members[0]
}
