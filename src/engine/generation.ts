// Generations: the refs of a chained repo (a Debian suite, say) change together. A new root is fetched and verified aside,
// with the indexes that the old one held; then one transaction flips, and no client ever sees a mix.

import type { Generation, HeldRef, Ref } from '../catalog/rows.ts'
import { isHeld } from '../catalog/rows.ts'
import { asMirrorError, MirrorError } from '../errors.ts'
import { fetchInto, fetchResource } from './fetch.ts'
import { task } from './flights.ts'
import { freshness, mayServeStale } from './fresh.ts'
import { cooldownOf } from './members.ts'
import type { Mirror } from './mirror.ts'
import { notHeld } from './not-held.ts'
import type { Fetching } from './obtained.ts'
import { generationKey, isRoot, mustResolve, type Resource, vouchersOf } from './resolve.ts'
import { said } from './said.ts'
import { type Scope, scopeKey } from './scope.ts'
import type { Space } from './space.ts'

export interface Working {
  readonly id: number
  /** Upstream was asked for its root just now: there was a new one, or not. */
  readonly state?: 'miss' | 'revalidated'
  /** Upstream could not be asked; the generation is the last good one. */
  readonly error?: MirrorError
}

/** The generation to work in for a resource; undefined when upstream has no such root. */
export async function generationFor(
  mirror: Mirror,
  resource: Resource,
  scope: Scope,
  fetching: Fetching,
): Promise<Working | undefined> {
  const { settings, rules } = resource.mounted
  const key = keyOf(resource)
  const staged = scope.staged.get(scopeKey(settings.name, key))
  if (staged !== undefined) return addRoot(mirror, resource, scope, staged, fetching)
  const current = matured(mirror, resource)
  if (mirror.offline) {
    if (current === undefined) throw notHeld(resource, false)
    return { id: current.id }
  }
  if (current !== undefined && !isRoot(resource) && scope.since === undefined) return { id: current.id }
  const roots = current === undefined ? [] : rootsOf(mirror, resource, current.id)
  const own = roots.find((ref) => ref.path === resource.path)
  const watched = own ?? (isRoot(resource) ? undefined : roots[0])
  const fresh =
    watched === undefined
      ? 'ask'
      : freshness(watched, rules, settings.policy, {
          now: mirror.now(),
          offline: false,
          since: scope.since,
          directives: scope.directives,
        })
  if (current !== undefined && fresh === 'serve') return { id: current.id }
  try {
    const id = await refreshGeneration(mirror, resource, scope, fetching)
    return id === undefined ? undefined : { id, state: id === current?.id ? 'revalidated' : 'miss' }
  } catch (error) {
    const failure = asMirrorError(error)
    const usable =
      current !== undefined && watched !== undefined && mayServeStale(watched, rules, settings.policy, mirror.now())
    if (!usable || scope.since !== undefined || failure.code === 'COOLDOWN') throw failure
    mirror.events.emit({ type: 'warning', repo: settings.name, path: resource.path, error: failure })
    return { id: current.id, error: failure }
  }
}

function keyOf(resource: Resource): string {
  const key = generationKey(resource)
  if (key === undefined) throw new MirrorError('FAULT', `${resource.path} belongs to no generation`)
  return key
}

/** The current generation, after those that waited for their cooldown long enough have taken their place. */
function matured(mirror: Mirror, resource: Resource): Generation | undefined {
  const { settings } = resource.mounted
  const key = keyOf(resource)
  const all = mirror.catalog.generations.of(settings.name, key)
  const cooldown = cooldownOf(resource)
  const ripe = all.find((one) => one.state === 'waiting' && one.made + cooldown <= mirror.now())
  if (ripe !== undefined) flip(mirror, settings.name, ripe.id)
  return ripe === undefined ? all.find((one) => one.state === 'current') : { ...ripe, state: 'current' }
}

/** Does a new generation wait for its cooldown? The first one is baseline. */
export const mustWait = (resource: Resource, current: Generation | undefined): boolean =>
  cooldownOf(resource) > 0 && (current !== undefined || resource.mounted.settings.policy.cooldown.baseline === 'wait')

/** Makes a complete generation the one that is served. */
export function flip(mirror: Mirror, repo: string, id: number): void {
  const made = mirror.catalog.generations.byId(id)
  if (made === undefined) return
  const was = mirror.catalog.generations.current(repo, made.key)?.id
  mirror.catalog.generations.flip(id, mirror.now())
  mirror.catalog.touch()
  mirror.events.emit({ type: 'flipped', repo, generation: made.key, is: id, ...(was === undefined ? {} : { was }) })
}

const rootsOf = (mirror: Mirror, resource: Resource, generation: number): readonly Ref[] =>
  mirror.catalog.refs
    .ofGeneration(generation)
    .filter((ref) => !ref.variant.startsWith('!') && isRoot(mustResolve(resource.mounted, ref.path)))

/** Older generations that are still kept, newest first: for paths that carry their own digest. */
export const previousGenerations = (mirror: Mirror, resource: Resource, generation: number): readonly number[] =>
  mirror.catalog.generations
    .of(resource.mounted.settings.name, keyOf(resource))
    .filter((one) => one.id !== generation && one.state === 'previous')
    .map((one) => one.id)

/** A second root (Release beside InRelease) of a generation that this scope builds. */
async function addRoot(
  mirror: Mirror,
  resource: Resource,
  scope: Scope,
  id: number,
  fetching: Fetching,
): Promise<Working> {
  const { name } = resource.mounted.settings
  if (isRoot(resource) && mirror.catalog.refs.get(name, resource.path, resource.variant, id) === undefined) {
    const obtained = await fetchInto(mirror, resource, scope, spaceOf(mirror, name, id, undefined), fetching)
    if (obtained?.state === 'revalidated') mirror.catalog.refs.put({ ...obtained.ref, generation: id })
  }
  return { id }
}

function spaceOf(mirror: Mirror, repo: string, generation: number, base: Generation | undefined): Space {
  return {
    generation,
    before(path, variant) {
      const ref = base === undefined ? undefined : mirror.catalog.refs.get(repo, path, variant, base.id)
      return isHeld(ref) ? ref : undefined
    },
    memory: new Map(),
    fetched: new Map(),
  }
}

/**
 * Asks upstream for the roots of a generation. Unchanged: the current one is renewed. Changed: a new one is made, and
 * flipped unless a sync builds it (which flips when all it wants is there) or a cooldown holds it back.
 * Returns the generation to work in; undefined when upstream has no root and none is held.
 */
export function refreshGeneration(
  mirror: Mirror,
  resource: Resource,
  scope: Scope,
  fetching: Fetching,
): Promise<number | undefined> {
  const key = scopeKey(resource.mounted.settings.name, keyOf(resource))
  if (scope.since === undefined)
    return mirror.flights.share(`generation ${key}`, () => task(() => refresh(mirror, resource, scope, fetching)))
      .landed
  const known = scope.roots.get(key)
  if (known !== undefined) return known
  const refreshed = refresh(mirror, resource, scope, fetching)
  scope.roots.set(key, refreshed)
  return refreshed
}

async function refresh(
  mirror: Mirror,
  resource: Resource,
  scope: Scope,
  fetching: Fetching,
): Promise<number | undefined> {
  const { settings } = resource.mounted
  const { generations, refs } = mirror.catalog
  const key = keyOf(resource)
  const all = generations.of(settings.name, key)
  const current = all.find((one) => one.state === 'current')
  const base = all.find((one) => one.state === 'waiting') ?? current
  const id = generations.make(settings.name, key, mirror.now())
  try {
    const space = spaceOf(mirror, settings.name, id, base)
    const changed = await fetchRoots(mirror, resource, scope, space, base, fetching)
    if (changed === undefined) {
      generations.drop(id)
      return current?.id
    }
    if (!changed && base !== undefined) {
      generations.drop(id)
      if (current !== undefined && base.id !== current.id) renewRoots(mirror, resource, current.id)
      if (scope.since !== undefined && base.state === 'waiting') scope.staged.set(scopeKey(settings.name, key), base.id)
      return scope.since === undefined ? shown(base) : base.id
    }
    if (base !== undefined) await carry(mirror, resource, scope, space, base, fetching)
    if (scope.since !== undefined) {
      scope.staged.set(scopeKey(settings.name, key), id)
      return id
    }
    if (mustWait(resource, current)) {
      generations.mark(id, 'waiting')
      if (current !== undefined) renewRoots(mirror, resource, current.id)
      const waiting = generations.byId(id)
      if (waiting !== undefined) return shown(waiting)
    }
    flip(mirror, settings.name, id)
    return id
  } catch (error) {
    if (generations.byId(id)?.state === 'staging') generations.drop(id)
    throw error
  }

  /** What clients get while a generation waits. */
  function shown(waiting: Generation): number {
    if (current !== undefined) return current.id
    if (waiting.state === 'current') return waiting.id
    const until = waiting.made + cooldownOf(resource)
    throw new MirrorError(
      'COOLDOWN',
      `the first state of ${key} in ${settings.name} waits until ${new Date(until).toISOString()}`,
      { path: resource.path, until },
    )
  }

  function renewRoots(at: Mirror, of: Resource, generation: number): void {
    for (const ref of rootsOf(at, of, generation)) refs.checked(ref, at.now())
  }
}

/** True: something changed. False: nothing. Undefined: upstream has no root at all. */
async function fetchRoots(
  mirror: Mirror,
  resource: Resource,
  scope: Scope,
  space: Space,
  base: Generation | undefined,
  fetching: Fetching,
): Promise<boolean | undefined> {
  const held = base === undefined ? [] : rootsOf(mirror, resource, base.id)
  const paths = new Set(held.map((ref) => ref.path))
  if (isRoot(resource)) paths.add(resource.path)
  else for (const path of vouchersOf(resource) ?? []) paths.add(path)
  const roots = [...paths].map((path) => mustResolve(resource.mounted, path)).sort((a, b) => a.index - b.index)
  let changed = false
  let there = false
  const unchanged: HeldRef[] = []
  for (const root of roots) {
    const obtained = await fetchInto(mirror, root, scope, space, fetching)
    if (obtained === undefined) {
      changed ||= held.some((ref) => ref.path === root.path)
      continue
    }
    there = true
    if (obtained.state === 'revalidated') unchanged.push(obtained.ref)
    else changed = true
  }
  if (!there) return undefined
  if (changed) for (const ref of unchanged) mirror.catalog.refs.put({ ...ref, generation: space.generation })
  else for (const ref of unchanged) mirror.catalog.refs.checked(ref, mirror.now(), ref.headers)
  return changed
}

/** Brings the indexes that the old generation held into the new one: those unchanged by copy, the others by fetch. */
async function carry(
  mirror: Mirror,
  resource: Resource,
  scope: Scope,
  space: Space,
  base: Generation,
  fetching: Fetching,
): Promise<void> {
  const { name } = resource.mounted.settings
  for (const ref of mirror.catalog.refs.ofGeneration(base.id)) {
    const member = mustResolve(resource.mounted, ref.path)
    if (!isHeld(ref) || isRoot(member)) continue
    const stated = said(mirror, member, scope, space.generation)
    const digest = stated.entry.digests?.sha256
    if (!stated.vouched) continue
    if (digest === undefined || digest === ref.sha256) {
      mirror.catalog.refs.put({ ...ref, generation: space.generation })
      continue
    }
    await fetchResource(mirror, member, scope, space, stated, fetching).landed.catch((error: unknown) => {
      const failure = asMirrorError(error)
      if (failure.code !== 'NOT_FOUND') throw failure
      mirror.events.emit({ type: 'warning', repo: name, path: ref.path, error: failure })
    })
  }
}
