// Takes what was carried here (carried.ts is the mirror's client): every path of a list is obtained as in a sync, so that
// signatures, digests and rules are asked anew, and must come out with the very bytes that the list names.

import PQueue from 'p-queue'
import type { Entries, Entry } from '../catalog/entries.ts'
import { type HeldRef, isHeld, type Proof } from '../catalog/rows.ts'
import { asMirrorError, MirrorError } from '../errors.ts'
import { blobPath, type HeldEntry } from '../formats/bundle.ts'
import { flip, mustWait } from './generation.ts'
import { memberOf } from './members.ts'
import type { Mirror, MountedRepo } from './mirror.ts'
import { besideDocs, obtainArtifact, obtainDocument } from './obtain.ts'
import { readDocument } from './read.ts'
import { generationKey, type Resource, resourceOfRef } from './resolve.ts'
import { LOCKFILE_SCOPE } from './said.ts'
import { type Scope, SYNC_PRIORITY, scopeKey } from './scope.ts'
import { turn } from './turns.ts'

export interface Taking {
  /** Who brings it, in words: what only the bearer can tell is marked with it. */
  readonly mark: string
  /** Who holds what the bearer brings, from one time to the next. */
  readonly holder: string
  readonly signal: AbortSignal
  /** Files under way at once. */
  readonly concurrency: number
}

export interface TakenFault {
  readonly repo: string
  readonly path: string
  /** The file of the bundle with its bytes. */
  readonly blob: string
  readonly error: MirrorError
}

export interface Taken {
  readonly faults: readonly TakenFault[]
  /** Entries that are held now: as they were before, and new. */
  readonly held: number
  readonly fetched: number
  readonly fetchedBytes: number
  /** Files that no index names any more: left out. */
  readonly unnamed: number
  readonly removed: number
  readonly proofs: Readonly<Record<string, number>>
  /** Keys of the sets that came into their place, by repository. */
  readonly flipped: readonly { readonly repo: string; readonly key: string }[]
}

/** Faults after which the rest is not looked at. */
const MOST_FAULTS = 100
/** Entries that wait for a place in the queue. */
const AHEAD = 500

/** Throws STOPPED. The caller throws everything away when there are faults. */
export async function takeIn(mirror: Mirror, entries: Entries, taking: Taking): Promise<Taken> {
  const started = mirror.now()
  const scopes = new Map<string, Scope>()
  const faults: TakenFault[] = []
  const counts = { fetched: 0, fetchedBytes: 0, unnamed: 0 }
  const at = { mirror, entries, taking, started, scopeOf }

  function scopeOf(repo: string): Scope {
    const known = scopes.get(repo)
    if (known !== undefined) return known
    const scope = {
      since: started,
      priority: SYNC_PRIORITY,
      signal: taking.signal,
      staged: new Map(),
      roots: new Map(),
    }
    scopes.set(repo, scope)
    return scope
  }

  async function one(entry: HeldEntry): Promise<void> {
    if (faults.length >= MOST_FAULTS || taking.signal.aborted) return
    try {
      const outcome = await takeOne(at, entry)
      if (outcome === 'unnamed') counts.unnamed += 1
      if (outcome === 'fetched') {
        counts.fetched += 1
        counts.fetchedBytes += entry.size
      }
    } catch (error) {
      faults.push({ repo: entry.repo, path: entry.path, blob: blobPath(entry.sha256), error: asMirrorError(error) })
    }
  }

  await sight(at)
  for (const kind of ['index', 'artifact'] as const) {
    const queue = new PQueue({ concurrency: taking.concurrency })
    for (const entry of entries.scan(kind)) {
      if (entry.type !== 'held' || faults.length >= MOST_FAULTS || taking.signal.aborted) break
      await queue.onSizeLessThan(AHEAD)
      void queue.add(() => one(entry))
    }
    await queue.onIdle()
  }
  await mirror.holder.settle()
  stopIf(taking.signal)
  const { held, proofs } = faults.length > 0 ? { held: 0, proofs: {} } : await mustBeAll(at, faults)
  if (faults.length > 0) return { ...counts, faults, held, removed: 0, proofs, flipped: [] }
  const flipped = flipAll(mirror, scopes)
  const removed = await remove(at)
  return { ...counts, faults, held, removed, proofs, flipped }
}

interface At {
  readonly mirror: Mirror
  readonly entries: Entries
  readonly taking: Taking
  readonly started: number
  scopeOf(repo: string): Scope
}

function stopIf(signal: AbortSignal): void {
  if (signal.aborted) throw new MirrorError('STOPPED', 'the import was stopped; nothing of it was taken')
}

/** When paths were first seen counts on from where they come. */
async function sight({ mirror, entries, taking, started }: At): Promise<void> {
  let count = 0
  for (const entry of entries.scan()) {
    count += 1
    if (count % 500 === 0) await turn(taking.signal)
    if (entry.type !== 'held' || entry.seen === undefined) continue
    const { first, baseline } = entry.seen
    mirror.catalog.facts.see(entry.repo, [entry.path], Math.min(first, started), baseline)
  }
}

function resourceOf(mirror: Mirror, entry: Entry): Resource {
  const mounted = mirror.repos.get(entry.repo)
  const resource = mounted === undefined ? undefined : resourceOfRef(mounted, entry)
  if (resource === undefined || (resource.route.kind !== 'artifact' && resource.route.kind !== 'index'))
    throw new MirrorError('BUNDLE', `${entry.repo} has no path like ${entry.path}`, { path: entry.path })
  if ((generationKey(resource) ?? '') !== entry.set)
    throw new MirrorError('BUNDLE', `${entry.path} does not belong to the set ${entry.set}`, { path: entry.path })
  return resource
}

async function takeOne(at: At, entry: HeldEntry): Promise<'held' | 'fetched' | 'unnamed'> {
  const { mirror, entries, started } = at
  const resource = resourceOf(mirror, entry)
  const { refs } = mirror.catalog
  const scope = at.scopeOf(entry.repo)
  if (entry.set === '') {
    const ref = refs.get(entry.repo, entry.path, entry.variant, 0)
    if (ref?.sha256 === entry.sha256) return 'held'
    // an artifact is not asked for again while it is there
    if (ref !== undefined && resource.route.kind === 'artifact') refs.drop(ref)
  }
  mirror.events.emit({ type: 'planned', repo: entry.repo, items: 1, bytes: entry.size })
  try {
    await obtain(mirror, resource, scope)
  } catch (thrown) {
    const error = asMirrorError(thrown)
    if (error.code !== 'NOT_FOUND' || resource.route.kind !== 'artifact') throw error
    if (entry.proof !== 'lockfile') {
      entries.drop(entry)
      return 'unnamed'
    }
    addLockfileFact(at, entry)
    await obtain(mirror, resource, scope)
  }
  const ref = refOf(at, entry)
  return ref !== undefined && ref.fetched >= started ? 'fetched' : 'held'
}

async function obtain(mirror: Mirror, resource: Resource, scope: Scope): Promise<void> {
  if (resource.route.kind === 'artifact') {
    const found = await obtainArtifact(mirror, resource, scope)
    if ('arriving' in found) await found.arriving.landed
    return
  }
  const obtained = await obtainDocument(mirror, resource, scope)
  if (obtained === undefined)
    throw new MirrorError('BUNDLE', `${resource.path} is not what its set begins with`, { path: resource.path })
  await readDocument(mirror, resource, obtained.ref, (other, type) => besideDocs(mirror, other, type, scope))
}

/** No index names it, but a lockfile did where it comes from; whoever signed the bundle says so. */
function addLockfileFact({ mirror, taking }: At, { repo, path, sha256, url }: HeldEntry): void {
  const { facts } = mirror.catalog
  const scope = `${LOCKFILE_SCOPE}${taking.mark}`
  let reading = facts.reading(repo, scope, 'lockfile')
  if (reading === undefined) {
    reading = facts.begin(repo, scope, 'lockfile', mirror.now())
    facts.complete(reading)
  }
  facts.add(repo, reading, [{ path, digests: { sha256 }, ...(url === '' ? {} : { url }) }])
}

function refOf({ mirror, scopeOf }: At, entry: HeldEntry): HeldRef | undefined {
  const { repo, path, variant, set } = entry
  const id =
    set === ''
      ? 0
      : (scopeOf(repo).staged.get(scopeKey(repo, set)) ?? mirror.catalog.generations.current(repo, set)?.id ?? -1)
  const ref = mirror.catalog.refs.get(repo, path, variant, id)
  return isHeld(ref) ? ref : undefined
}

/** Weakest last. */
const order: readonly Proof[] = ['signature', 'lockfile', 'digest', 'tls', 'first-seen']
const said: ReadonlySet<Proof> = new Set(['tls', 'first-seen'])

/** Is everything held, with the bytes that the list names? What nothing but the bearer proves is marked. */
async function mustBeAll(at: At, faults: TakenFault[]) {
  const { mirror, entries, taking, started } = at
  const proofs: Record<string, number> = {}
  let held = 0
  for (const entry of entries.scan()) {
    if (entry.type !== 'held') continue
    held += 1
    if (held % 500 === 0) await turn(taking.signal)
    const ref = refOf(at, entry)
    const { repo, path } = entry
    if (ref?.sha256 !== entry.sha256 || (await mirror.store.stat(entry.sha256))?.size !== entry.size) {
      const why =
        ref === undefined ? 'did not come out of the bundle' : 'came out of the bundle with other bytes than it lists'
      faults.push({
        repo,
        path,
        blob: blobPath(entry.sha256),
        error: new MirrorError('BUNDLE', `${path} ${why}`, { path }),
      })
      if (faults.length >= MOST_FAULTS) break
      continue
    }
    const proof = order[Math.max(order.indexOf(ref.proof), said.has(ref.proof) ? order.indexOf(entry.proof) : 0)]
    proofs[proof ?? ref.proof] = (proofs[proof ?? ref.proof] ?? 0) + 1
    if (!said.has(ref.proof) || ref.fetched < started || proof === undefined) continue
    mirror.catalog.refs.put({ ...ref, proof, proven: `${entry.proven.slice(0, 500)}; by ${taking.mark}` })
  }
  return { held, proofs }
}

function flipAll(mirror: Mirror, scopes: ReadonlyMap<string, Scope>): Taken['flipped'] {
  const flipped: { repo: string; key: string }[] = []
  for (const [repo, scope] of scopes) {
    const mounted = mirror.repos.get(repo)
    if (mounted === undefined) continue
    for (const id of scope.staged.values())
      if (flipOne(mirror, mounted, id)) flipped.push({ repo, key: keyOf(mirror, id) })
  }
  return flipped
}

const keyOf = (mirror: Mirror, id: number): string => mirror.catalog.generations.byId(id)?.key ?? ''

function flipOne(mirror: Mirror, mounted: MountedRepo, id: number): boolean {
  const { generations } = mirror.catalog
  const made = generations.byId(id)
  const member = made === undefined ? undefined : memberOf(mirror, mounted, id)
  if (made === undefined || member === undefined) return false
  if (mustWait(member, generations.current(mounted.settings.name, made.key))) {
    generations.mark(id, 'waiting')
    return false
  }
  flip(mirror, mounted.settings.name, id)
  return true
}

/** What is not held any more where it comes from, and is still as it came from there. */
async function remove({ mirror, entries, taking }: At): Promise<number> {
  let removed = 0
  let count = 0
  for (const entry of entries.scan()) {
    count += 1
    if (count % 500 === 0) await turn(taking.signal)
    // of sets the newest state is whole
    if (entry.type !== 'gone' || entry.set !== '') continue
    const ref = mirror.catalog.refs.get(entry.repo, entry.path, entry.variant, 0)
    if (!isHeld(ref) || !entry.was.includes(ref.sha256)) continue
    const { holds, refs } = mirror.catalog
    holds.drop(taking.holder, entry.repo, entry.path)
    if (holds.of(entry.repo, entry.path).length > 0) continue
    refs.drop(ref)
    removed += 1
  }
  return removed
}
