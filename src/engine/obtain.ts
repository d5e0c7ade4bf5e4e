// Obtaining: what is held and fresh is used; else upstream is asked, what arrives is verified, kept and read. One place
// for documents and artifacts, for serve and sync.

import type { HeldRef, Proof, Ref } from '../catalog/rows.ts'
import { isHeld } from '../catalog/rows.ts'
import type { Doc } from '../contract.ts'
import { asMirrorError, MirrorError } from '../errors.ts'
import { heldDoc } from './doc.ts'
import { fetchResource, readingKey } from './fetch.ts'
import { task } from './flights.ts'
import { freshness, hasExpired, mayServeStale, mayServeWhileAsking, mustBeValidated } from './fresh.ts'
import { generationFor, previousGenerations, refreshGeneration } from './generation.ts'
import { hasDigests } from './held-digests.ts'
import { demand, emptyRef } from './held-ref.ts'
import type { Mirror, MountedRepo } from './mirror.ts'
import { notHeld } from './not-held.ts'
import type { Fetching, Obtained } from './obtained.ts'
import { readDocument } from './read.ts'
import { flightKey, generationKey, isRoot, mustResolve, type Resource, resolve, vouchersOf } from './resolve.ts'
import { type Said, said } from './said.ts'
import type { Scope } from './scope.ts'
import type { Space } from './space.ts'
import { plainSpace } from './space.ts'

/** Lacks that are remembered at once. */
const MOST_LACKS = 10_000

/** The variant under which "it is not there" is remembered, so that a good copy held before is not lost by it. */
const absentVariant = (variant: string): string => `!${variant}`

/** An index as fresh as the scope wants it; undefined when upstream does not have it. */
export async function obtainDocument(mirror: Mirror, resource: Resource, scope: Scope): Promise<Obtained | undefined> {
  scope.looked?.(resource.mounted.settings.name, resource.path)
  return generationKey(resource) === undefined
    ? plainDocument(mirror, resource, scope)
    : chained(mirror, resource, scope)
}

async function plainDocument(mirror: Mirror, resource: Resource, scope: Scope): Promise<Obtained | undefined> {
  const { settings, rules } = resource.mounted
  const { refs } = mirror.catalog
  const ref = refs.get(settings.name, resource.path, resource.variant, 0)
  const fresh =
    ref === undefined ? 'ask' : freshness(agedOf(resource, ref), rules, settings.policy, moment(mirror, scope))
  if (isHeld(ref) && fresh === 'serve') {
    demand(resource, ref)
    return { ref, state: mirror.offline && hasExpired(ref, rules, mirror.now()) ? 'stale' : 'hit' }
  }
  if (mirror.offline) throw notHeld(resource, fresh === 'expired')
  if (scope.directives?.onlyIfCached === true) throw onlyIfCached(resource)
  if (isKnownToLack(mirror, resource, scope, 0)) return undefined
  const space = plainSpace(mirror, settings.name)
  const flight = (within = scope) =>
    mirror.flights.share(flightKey(resource, 0), () => task(() => fetchOrAbsent(mirror, resource, within, space)))
      .landed
  if (isHeld(ref) && mayServeWhileAsking(ref, rules, moment(mirror, scope))) {
    inBackground(mirror, resource, flight())
    return { ref, state: 'stale' }
  }
  try {
    return await flight().catch((error: unknown) => {
      // its signature, a document of its own, may be older than it: both are asked for anew, once
      if (asMirrorError(error).code !== 'BAD_SIGNATURE' || scope.since !== undefined) throw error
      return flight({ ...scope, since: mirror.now() })
    })
  } catch (error) {
    return stale(mirror, resource, ref, asMirrorError(error), scope)
  }
}

/** Work that no client waits for; that it failed is told. */
function inBackground(mirror: Mirror, resource: Resource, work: Promise<unknown>): void {
  work.catch((thrown: unknown) => {
    const error = asMirrorError(thrown)
    mirror.events.emit({ type: 'warning', repo: resource.mounted.settings.name, path: resource.path, error })
  })
}

/** What is held is shown although upstream failed, for as long as policy says; a sync is told. */
function stale(mirror: Mirror, resource: Resource, ref: Ref | undefined, error: MirrorError, scope: Scope): Obtained {
  const { settings, rules } = resource.mounted
  // what is refused in place of the bytes that are kept does not make these any worse
  const kept = error.code === 'REPLACED'
  const usable = isHeld(ref) && (kept || mayServeStale(agedOf(resource, ref), rules, settings.policy, mirror.now()))
  if (error.code === 'UNSTORABLE' || scope.since !== undefined || error.failure.status === 404) throw error
  if (!usable) {
    const forbidden = isHeld(ref) && error.failure.exit === 6 && mustBeValidated(agedOf(resource, ref), rules)
    throw forbidden ? unvalidated(resource, error) : error
  }
  mirror.events.emit({ type: 'warning', repo: settings.name, path: resource.path, error })
  return { ref, state: 'stale', error }
}

/** Freshness is that of an index where a path may change, and that of an artifact where a document stays as it is. */
export function agedOf<T extends Ref>({ route, p }: Resource, ref: T): T {
  if (route.unvouched === 'changes') return { ...ref, kind: 'index' }
  return route.stays?.(p) === true ? { ...ref, kind: 'artifact' } : ref
}

async function fetchOrAbsent(
  mirror: Mirror,
  resource: Resource,
  scope: Scope,
  space: Space,
): Promise<Obtained | undefined> {
  try {
    return await remembering(mirror, resource, space.generation, fetchNow(mirror, resource, scope, space))
  } catch (error) {
    const failure = asMirrorError(error)
    if (failure.code !== 'NOT_FOUND') throw failure
    return undefined
  }
}

/** Remembers that upstream does not have it, or forgets that it did not. */
async function remembering(
  mirror: Mirror,
  resource: Resource,
  generation: number,
  fetched: Promise<Obtained>,
): Promise<Obtained> {
  const { refs } = mirror.catalog
  const variant = absentVariant(resource.variant)
  try {
    const obtained = await fetched
    const absent = refs.get(resource.mounted.settings.name, resource.path, variant, generation)
    if (absent !== undefined) refs.drop(absent)
    return obtained
  } catch (error) {
    const failure = asMirrorError(error)
    if (failure.code === 'NOT_FOUND')
      refs.lack(absentRef(resource, variant, generation, failure, mirror.now()), MOST_LACKS)
    throw failure
  }
}

function isKnownToLack(mirror: Mirror, resource: Resource, scope: Scope, generation: number): boolean {
  const { settings, rules } = resource.mounted
  const absent = mirror.catalog.refs.get(settings.name, resource.path, absentVariant(resource.variant), generation)
  return absent !== undefined && freshness(absent, rules, settings.policy, moment(mirror, scope)) === 'serve'
}

function absentRef(resource: Resource, variant: string, generation: number, error: MirrorError, now: number): Ref {
  return {
    ...emptyRef(resource, generation),
    variant,
    sha256: undefined,
    status: error.facts.status ?? 404,
    url: typeof error.facts.url === 'string' ? error.facts.url : '',
    fetched: now,
    checked: now,
    modified: now,
    proof: 'tls',
  }
}

/** A document of a chained repo, out of the generation that the scope works in. */
async function chained(mirror: Mirror, resource: Resource, scope: Scope): Promise<Obtained | undefined> {
  const { settings } = resource.mounted
  const generation = await generationFor(mirror, resource, scope, fetching)
  if (generation === undefined) return undefined
  const { id, error, state = 'hit' } = generation
  const ref = mirror.catalog.refs.get(settings.name, resource.path, resource.variant, id)
  if (isHeld(ref)) {
    if (error !== undefined) return { ref, state: 'stale', error }
    return { ref, state: isRoot(resource) ? state : 'hit' }
  }
  const before = heldBefore(mirror, resource, id)
  if (before !== undefined) return { ref: before, state: 'hit' }
  if (mirror.offline) throw notHeld(resource, false)
  if (isRoot(resource)) return undefined
  const space: Space = { ...plainSpace(mirror, settings.name), generation: id }
  const flight = (within: Space) =>
    mirror.flights.share(flightKey(resource, within.generation), () =>
      task(() => fetchOrAbsent(mirror, resource, scope, within)),
    ).landed
  try {
    return await flight(space)
  } catch (error) {
    // upstream has moved on between its root and this: begin again with the new root
    const failure = asMirrorError(error)
    if (failure.failure.exit !== 4 || scope.staged.size > 0) throw failure
    const moved = await refreshGeneration(mirror, resource, scope, fetching)
    if (moved === undefined || moved === id) throw failure
    return flight({ ...space, generation: moved })
  }
}

/** A path with its digest in it is right in every generation: the one before may hold it for clients in between. */
function heldBefore(mirror: Mirror, resource: Resource, generation: number): HeldRef | undefined {
  if (resource.route.known?.(resource.p).digests === undefined) return undefined
  const { settings } = resource.mounted
  for (const id of previousGenerations(mirror, resource, generation)) {
    const ref = mirror.catalog.refs.get(settings.name, resource.path, resource.variant, id)
    if (isHeld(ref)) return ref
  }
  return undefined
}

/** A fetch with everything that is said of the resource asked for first. */
async function fetchNow(mirror: Mirror, resource: Resource, scope: Scope, space: Space): Promise<Obtained> {
  const stated = await sayings(mirror, resource, scope, space.generation)
  return fetchResource(mirror, resource, scope, space, stated, fetching).landed
}

/**
 * What its vouchers say of a resource, and what dates it; they are fetched and read first where they are not held.
 * Throws NOT_FOUND when none names it.
 */
export async function sayings(mirror: Mirror, resource: Resource, scope: Scope, generation: number): Promise<Said> {
  await readDates(mirror, resource, scope)
  const first = said(mirror, resource, scope, generation)
  const vouchers = vouchersOf(resource)
  // what may change is vouched for by what its vouchers say now
  const changes = resource.route.unvouched === 'changes'
  if ((first.vouched && !changes) || vouchers === undefined) return first
  // only what was read vouches: an index that a client has just been given may still be being read
  if (vouchers.length === 0) await mirror.flights.settled(readingKey(resource.mounted.settings.name, ''))
  const ask = (within: Scope) => Promise.all(vouchers.map((path) => voucher(mirror, resource.mounted, path, within)))
  const asked = (await ask(scope)).flat()
  const second = said(mirror, resource, scope, generation)
  if (changes ? second.proof !== undefined || isHeldNow(mirror, resource) : second.vouched) return second
  if (!mirror.offline && asked.some((one) => one.state === 'hit')) {
    const renewed: Scope = {
      ...scope,
      directives: { revalidate: true, onlyIfCached: scope.directives?.onlyIfCached === true },
    }
    await ask(renewed)
    const third = said(mirror, resource, scope, generation)
    if (third.vouched || changes) return third
  }
  if (resource.route.unvouched !== undefined) return second
  if (second.waitsUntil !== undefined) {
    throw new MirrorError(
      'COOLDOWN',
      `${resource.path} is named only by an index that waits until ${new Date(second.waitsUntil).toISOString()}`,
      {
        path: resource.path,
        until: second.waitsUntil,
      },
    )
  }
  const name = resource.mounted.settings.name
  throw new MirrorError(mirror.offline ? 'NOT_HELD' : 'NOT_FOUND', `no index of ${name} names ${resource.path}`, {
    path: resource.path,
    repo: name,
  })
}

const isHeldNow = (mirror: Mirror, { mounted, path, variant }: Resource): boolean =>
  isHeld(mirror.catalog.refs.get(mounted.settings.name, path, variant, 0))

/** Obtains and reads what dates the version of a resource, where a cooldown will ask for it; what is not there dates nothing. */
export async function readDates(mirror: Mirror, resource: Resource, scope: Scope): Promise<void> {
  const { mounted, path, p, route } = resource
  if (!mounted.judge.waits) return
  for (const other of route.dates?.(p, mounted.repo) ?? [])
    if (other !== path) await voucher(mirror, mounted, other, scope)
}

async function voucher(mirror: Mirror, mounted: MountedRepo, path: string, scope: Scope): Promise<readonly Obtained[]> {
  const resource = mustResolve(mounted, path)
  const obtained = await documentOrNotHeld(mirror, resource, scope)
  if (obtained === undefined) return []
  await readDocument(mirror, resource, obtained.ref, (at, type) => besideDocs(mirror, at, type, scope))
  return [obtained]
}

async function documentOrNotHeld(mirror: Mirror, resource: Resource, scope: Scope): Promise<Obtained | undefined> {
  try {
    return await obtainDocument(mirror, resource, scope)
  } catch (error) {
    if (asMirrorError(error).code === 'NOT_HELD') return undefined
    throw error
  }
}

/** The documents that a route wants read along with bytes of a media type; those that are not there are left out. */
export async function besideDocs(
  mirror: Mirror,
  resource: Resource,
  type: string,
  scope: Scope,
): Promise<ReadonlyMap<string, Doc>> {
  const docs = new Map<string, Doc>()
  const paths = resource.route.beside?.(resource.p, resource.mounted.repo, type) ?? []
  const found = await Promise.all(
    paths.map((path) => {
      const beside = resolve(resource.mounted, path)
      return beside === undefined ? undefined : documentOrNotHeld(mirror, beside, scope)
    }),
  )
  for (const [index, path] of paths.entries()) {
    const obtained = found[index]
    if (obtained !== undefined) docs.set(path, heldDoc(mirror, obtained.ref))
  }
  return docs
}

/** The document that the addresses of a repo depend on, read into its Repo. */
export async function serviced(mirror: Mirror, mounted: MountedRepo, scope: Scope): Promise<MountedRepo['repo']> {
  const path = mounted.ecosystem.service
  if (path === undefined) return mounted.repo
  const obtained = await documentOrNotHeld(mirror, mustResolve(mounted, path), scope)
  return obtained === undefined ? mounted.repo : { ...mounted.repo, service: heldDoc(mirror, obtained.ref) }
}

export type Artifact =
  | { readonly held: Obtained }
  | {
      readonly arriving: ReturnType<typeof fetchResource>
      /** What may be shown when it breaks off before its first bytes; throws the error when nothing may. */
      readonly instead?: (error: MirrorError) => Obtained
    }

/** An artifact: held, or on its way. Whether policy allows it was judged before. */
export async function obtainArtifact(
  mirror: Mirror,
  resource: Resource,
  scope: Scope,
  stated?: Said,
): Promise<Artifact> {
  if (resource.route.unvouched === 'changes') return obtainChanging(mirror, resource, scope, stated)
  const { settings } = resource.mounted
  const generation =
    generationKey(resource) === undefined ? { id: 0 } : await generationFor(mirror, resource, scope, fetching)
  if (generation === undefined) throw lacking(resource)
  const ref = mirror.catalog.refs.get(settings.name, resource.path, resource.variant, generation.id)
  if (isHeld(ref)) {
    const fitting = await asStated(mirror, resource, ref, scope, stated)
    if (fitting !== undefined) return { held: { ref: fitting, state: 'hit' } }
  }
  const before = generation.id === 0 ? undefined : heldBefore(mirror, resource, generation.id)
  if (before !== undefined) return { held: { ref: before, state: 'hit' } }
  if (mirror.offline) throw notHeld(resource, false)
  const entry = stated ?? (await sayings(mirror, resource, scope, generation.id))
  if (isKnownToLack(mirror, resource, scope, generation.id)) throw lacking(resource)
  return { arriving: arrivingOf(mirror, resource, scope, generation.id, entry) }
}

/** Held bytes as they are proven now; undefined when a document has come to state other bytes of what needs no voucher. */
async function asStated(
  mirror: Mirror,
  resource: Resource,
  ref: HeldRef,
  scope: Scope,
  given: Said | undefined,
): Promise<HeldRef | undefined> {
  if (resource.route.unvouched === 'kept') {
    const stated = given ?? (await sayings(mirror, resource, scope, ref.generation))
    if (stated.proof !== undefined) {
      const fits = await hasDigests(mirror, ref, stated.entry.digests ?? {})
      return fits ? proven(mirror, resource, ref, stated) : undefined
    }
  }
  demand(resource, ref)
  return ref
}

function arrivingOf(mirror: Mirror, resource: Resource, scope: Scope, generation: number, stated: Said) {
  const space: Space = { ...plainSpace(mirror, resource.mounted.settings.name), generation }
  return mirror.flights.share(flightKey(resource, generation), () => {
    const arriving = fetchResource(mirror, resource, scope, space, stated, fetching)
    remembering(mirror, resource, generation, arriving.landed).catch(() => undefined)
    return arriving
  })
}

/** A file that may change: held bytes count as long as a voucher states their digests, else as long as an index would. */
async function obtainChanging(mirror: Mirror, resource: Resource, scope: Scope, given?: Said): Promise<Artifact> {
  const { settings, rules, judge } = resource.mounted
  const ref = mirror.catalog.refs.get(settings.name, resource.path, resource.variant, 0)
  const stated = given ?? (await sayings(mirror, resource, scope, 0))
  const at = moment(mirror, scope)
  const begin = () => arrivingOf(mirror, resource, scope, 0, stated)
  if (isHeld(ref)) {
    const fits = stated.proof === undefined ? undefined : await hasDigests(mirror, ref, stated.entry.digests ?? {})
    if (fits === true) return { held: { ref: proven(mirror, resource, ref, stated), state: 'hit' } }
    if (fits === undefined) {
      const standing = asItStands(mirror, resource, ref, scope)
      if (standing !== undefined) return { held: standing }
      if (mayServeWhileAsking(agedOf(resource, ref), rules, at)) {
        inBackground(mirror, resource, begin().landed)
        demand(resource, ref)
        return { held: { ref, state: 'stale' } }
      }
    }
  }
  if (mirror.offline) throw notHeld(resource, false)
  if (scope.directives?.onlyIfCached === true) throw onlyIfCached(resource)
  if (isKnownToLack(mirror, resource, scope, 0)) throw lacking(resource)
  const arriving = begin()
  if (!isHeld(ref)) return { arriving }
  const instead = (error: MirrorError): Obtained => stale(mirror, resource, ref, error, scope)
  // where other bytes may be refused, nothing of them is shown before it is known
  const refusable = judge.waits || rules.mode(resource.path) === 'pinned' || digested.has(ref.proof)
  try {
    if (refusable) return { held: await arriving.landed }
    await arriving.begun
    return { arriving, instead }
  } catch (error) {
    return { held: instead(asMirrorError(error)) }
  }
}

/** Held bytes of what may change and nobody states a digest of, as long as they need not be asked for again. */
function asItStands(mirror: Mirror, resource: Resource, ref: HeldRef, scope: Scope): Obtained | undefined {
  const { settings, rules } = resource.mounted
  const aged = agedOf(resource, ref)
  if (freshness(aged, rules, settings.policy, moment(mirror, scope)) !== 'serve') return undefined
  demand(resource, ref)
  return { ref, state: mirror.offline && hasExpired(aged, rules, mirror.now()) ? 'stale' : 'hit' }
}

/**
 * A held file for which nothing else has to be looked up: no rule can hide it, it belongs to no generation, and nobody has to
 * vouch for it now. `spoken`: documents that were read may speak of it. Undefined where more has to be asked.
 */
export function settled(
  mirror: Mirror,
  resource: Resource,
  ref: HeldRef,
  scope: Scope,
  spoken: boolean,
): Obtained | undefined {
  const { route, mounted, p } = resource
  if (!mounted.judge.open || generationKey(resource) !== undefined) return undefined
  if (route.unvouched !== undefined) {
    const stated = spoken || route.known?.(p).digests !== undefined
    if (stated || (vouchersOf(resource) ?? []).length > 0) return undefined
    if (route.unvouched === 'changes') return asItStands(mirror, resource, ref, scope)
  }
  demand(resource, ref)
  return { ref, state: 'hit' }
}

/** Proofs that rest on a digest which somebody stated. */
const digested: ReadonlySet<Proof> = new Set(['signature', 'digest', 'lockfile'])

/** What a voucher states now of bytes that were kept without one, or with a weaker one, proves them from now on. */
function proven(mirror: Mirror, resource: Resource, ref: HeldRef, { proof, words, entry }: Said): HeldRef {
  const { name = ref.name, version = ref.version } = entry
  const now: HeldRef = proof === undefined ? ref : { ...ref, proof, proven: words, name, version }
  demand(resource, now)
  if (proof !== ref.proof || version !== ref.version) mirror.catalog.refs.put(now)
  return now
}

/** What a fetch needs of this module: the two call each other, and one of them has to be handed in. */
export const fetching: Fetching = { serviced, besideDocs, obtainDocument }

const moment = (mirror: Mirror, scope: Scope) => ({
  now: mirror.now(),
  offline: mirror.offline,
  since: scope.since,
  directives: scope.directives,
})

const lacking = (resource: Resource): MirrorError =>
  new MirrorError('NOT_FOUND', `${resource.mounted.settings.name} has no ${resource.path}`, { path: resource.path })

const unvalidated = (resource: Resource, cause: MirrorError): MirrorError =>
  new MirrorError('UNVALIDATED', `${resource.path} is held, and may not be shown unasked: ${cause.message}`, {
    path: resource.path,
    cause,
  })

export const onlyIfCached = (resource: Resource): MirrorError =>
  new MirrorError('ONLY_IF_CACHED', `${resource.path} is not held`, { path: resource.path })
