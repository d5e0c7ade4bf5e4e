// A sync of one repository: the closure of what is wanted is walked, each entry is obtained as a client would, and the
// generations it built are flipped when everything they need is there.

import { setImmediate as turn } from 'node:timers/promises'
import PQueue from 'p-queue'
import type { HeldRef, Proof } from '../catalog/rows.ts'
import { isHeld } from '../catalog/rows.ts'
import type { SteadyDocument } from '../catalog/steady.ts'
import type { Entry, Look, Platform, Selector } from '../contract.ts'
import { asMirrorError, MirrorError } from '../errors.ts'
import { obtainAdmitted } from './admit.ts'
import type { Outcome } from './events.ts'
import { flip, mustWait } from './generation.ts'
import { disagreement, lockfileFacts } from './locks.ts'
import { createLook } from './look.ts'
import { memberOf } from './members.ts'
import type { Mirror, MountedRepo } from './mirror.ts'
import { obtainDocument } from './obtain.ts'
import type { Obtained } from './obtained.ts'
import { mustResolve, type Resource, resolve } from './resolve.ts'
import { noRoom } from './room.ts'
import { type Scope, SYNC_PRIORITY, scopeKey } from './scope.ts'
import { documentsOf, isSteady, noting, type Rested } from './steady.ts'
import { withheld } from './withheld.ts'

export interface WalkOptions {
  readonly platforms: readonly Platform[]
  readonly started: number
  /** Artifacts are planned, not fetched, and nothing flips. */
  readonly dryRun: boolean
  readonly signal: AbortSignal
  /** Artifacts under way at once. */
  readonly concurrency: number
  /** What the last walk for the same looked at, where it found nothing to do: when all of that is as it was, so is the rest. */
  readonly steady?: readonly SteadyDocument[]
  /**
   * Told once what is to be fetched, before any of it is; it refuses by throwing, and then nothing is fetched and nothing
   * flips. When left out, files are fetched while the closure is still being found.
   */
  planned?(plan: Plan): Promise<void>
  /** Told of every entry before it is obtained. */
  before?(entry: Entry): void
  /** Told of every path that is wanted, documents included, once it is held or, in a dry run, planned. */
  item(item: Item): void
}

export interface Item {
  readonly repo: string
  readonly path: string
  readonly name?: string
  readonly version?: string
  /** `missing` is what a dry run would fetch. */
  readonly outcome: Outcome
  readonly bytes: number
  readonly proof?: Proof
  readonly url?: string
}

export interface Fault {
  readonly repo: string
  readonly path?: string
  readonly name?: string
  readonly version?: string
  readonly error: MirrorError
}

/** What a walk is to fetch beside documents. */
export interface Plan {
  readonly repo: string
  readonly items: number
  /** As far as it is stated. */
  readonly bytes: number
  /** Items whose size nothing states. */
  readonly unsized: number
}

export interface Walked {
  readonly repo: string
  /** What was planned was refused. */
  readonly refused: boolean
  readonly faults: readonly Fault[]
  readonly flipped: readonly string[]
  /** Everything is as the last walk left it, and nothing was planned again. */
  readonly short: boolean
  /** What it rested on, where it found nothing to do. */
  readonly rested?: Rested
}

/** Entries that wait for a place in the queue. */
const AHEAD = 1000

export async function walk(
  mirror: Mirror,
  configured: MountedRepo,
  wants: readonly Selector[],
  options: WalkOptions,
): Promise<Walked> {
  const judge = noting(configured.judge)
  const mounted = { ...configured, judge }
  const repo = mounted.settings.name
  const faults: Fault[] = []
  const known = new Set<string>()
  const documents = new Set<string>()
  const ending = new AbortController()
  const signal = AbortSignal.any([options.signal, ending.signal])
  const scope: Scope = {
    since: options.started,
    priority: SYNC_PRIORITY,
    signal,
    staged: new Map(),
    roots: new Map(),
    looked: (_, path) => documents.add(path),
  }
  if (options.steady !== undefined) {
    const { looked: _, ...unseen } = scope
    if (await isSteady(mirror, mounted, unseen, options.steady)) return untouched(repo, options)
  }
  const queue = new PQueue({ concurrency: options.concurrency })
  signal.addEventListener('abort', () => queue.clear(), { once: true })
  const locks = lockfileFacts(mirror, mounted, wants)
  const spool = mirror.catalog.spool<Entry>()
  const plan = { repo, items: 0, bytes: 0, unsized: 0 }
  let refused = false
  /** Nothing came, nothing was made, and nothing has to be looked at one by one. */
  let idle = !options.dryRun
  let wide = !judge.open
  const pause = pausing()

  function foresee(entry: Entry): void {
    try {
      const resource = mustResolve(mounted, entry.path)
      locks.of(entry)
      const item = plannedItem(mirror, resource, entry)
      if (item.outcome === 'missing' && !hasBytes(mirror, entry)) count(entry)
      options.item(item)
    } catch (error) {
      failed(entry, error)
    }
  }

  function count({ size }: Entry): void {
    plan.items += 1
    plan.bytes += size ?? 0
    if (size === undefined) plan.unsized += 1
  }

  async function one(entry: Entry): Promise<void> {
    if (signal.aborted) return
    try {
      const resource = mustResolve(mounted, entry.path)
      locks.of(entry)
      locks.record()
      options.before?.(entry)
      await mustHaveRoom(mirror, mounted, entry)
      const { unvouched } = resource.route
      if (unvouched === 'changes') idle = false
      if (unvouched === 'kept') wide = true
      tell(itemOf(entry, await obtainEntry(mirror, resource, scope), options.started))
    } catch (error) {
      failed(entry, error)
    }
  }

  function tell(item: Item): void {
    if (item.outcome !== 'held' && item.outcome !== 'unchanged') idle = false
    options.item(item)
  }

  function failed(entry: Entry, thrown: unknown): void {
    const error = asMirrorError(thrown)
    if (signal.aborted) return
    faults.push({ repo, path: entry.path, ...namedOf(entry), error })
    if (error.failure.exit === 1) ending.abort(error)
  }

  try {
    const look = await createLook(mirror, mounted, scope, options.platforms, (want, reason) =>
      faults.push(lackOf(mirror, mounted, want, reason)),
    )
    const looking: Look<unknown> = {
      ...look,
      find(name) {
        wide = true
        return look.find(name)
      },
    }
    for await (const entry of mounted.ecosystem.closure(wants, looking)) {
      if (signal.aborted) break
      if (known.has(entry.path)) continue
      known.add(entry.path)
      mirror.events.emit({ type: 'planned', repo, items: 1, bytes: entry.size ?? 0 })
      if (options.dryRun) {
        foresee(entry)
        await pause()
      } else if (options.planned === undefined) await enqueue(entry)
      else {
        if (isToFetch(mirror, mounted, entry)) count(entry)
        spool.add(withoutData(entry))
      }
    }
  } catch (error) {
    if (!signal.aborted) faults.push({ repo, error: asMirrorError(error) })
  }
  try {
    await options.planned?.(plan)
    for (const entry of spool.all()) await enqueue(entry)
  } catch {
    refused = true
  }
  await queue.onIdle()
  locks.record()
  spool.close()
  if (options.signal.aborted)
    faults.push({ repo, error: new MirrorError('STOPPED', `the run was stopped before ${repo} was complete`) })
  const ranks = ranksOf(mirror, repo, scope)
  // what was refused holds nothing, the documents that it was planned by neither
  if (refused && !options.dryRun) documents.clear()
  for (const path of documents) {
    await pause()
    const item = known.has(path) ? undefined : documentItem(mirror, repo, path, ranks, options.started)
    if (item !== undefined) tell(item)
  }
  const flipped = options.dryRun || refused ? [] : await flipAll(mirror, mounted, scope, faults)
  const rests = idle && !refused && faults.length === 0 && scope.staged.size === 0
  const rested = rests ? await restedOn() : undefined
  dropStaged(mirror, scope)
  return { repo, refused, faults, flipped, short: false, ...(rested === undefined ? {} : { rested }) }

  async function restedOn(): Promise<Rested | undefined> {
    const found = await documentsOf(mirror, mounted, scope, [...documents]).catch(() => undefined)
    return found === undefined ? undefined : { until: judge.until(), wide, documents: found }
  }

  async function enqueue(entry: Entry): Promise<void> {
    await queue.onSizeLessThan(AHEAD)
    void queue.add(() => one(entry))
  }
}

/** Others that are planned at the same time may be refused, and this with them. */
async function untouched(repo: string, options: WalkOptions): Promise<Walked> {
  let refused = false
  try {
    await options.planned?.({ repo, items: 0, bytes: 0, unsized: 0 })
  } catch {
    refused = true
  }
  return { repo, refused, faults: [], flipped: [], short: true }
}

/** What obtaining it takes. */
const withoutData = ({ data: _, ...entry }: Entry): Entry => entry

/** Is it a file whose bytes are not in the store? What no route takes is told later. */
function isToFetch(mirror: Mirror, mounted: MountedRepo, entry: Entry): boolean {
  const { path } = entry
  if (resolve(mounted, path)?.route.kind !== 'artifact') return false
  if (isHeld(mirror.catalog.refs.get(mounted.settings.name, path, '', 0))) return false
  return !hasBytes(mirror, entry)
}

/** Are its bytes here under some other name? */
const hasBytes = (mirror: Mirror, { digests }: Entry): boolean =>
  digests?.sha256 !== undefined && mirror.catalog.blobs.get(digests.sha256) !== undefined

/** Sizes may not be stated, and others write too: the disk is looked at again before each file. */
async function mustHaveRoom(mirror: Mirror, mounted: MountedRepo, entry: Entry): Promise<void> {
  const left = await mirror.room.left()
  if (left.left < 0 && isToFetch(mirror, mounted, entry)) throw noRoom(left, 'the disk has no more room for this run')
}

/** What a closure could not have. When policy hides it, or the index has it with other digests than the lockfile, that is the reason. */
function lackOf(mirror: Mirror, mounted: MountedRepo, want: Selector, reason: string): Fault {
  const repo = mounted.settings.name
  const { file, line } = want.from
  const disagrees = disagreement(mirror, mounted, want)
  const hidden = disagrees ? undefined : withheld(mirror, mounted, want)
  const message = disagrees
    ? `${file} and the index of ${repo} state different digests for ${want.name} ${want.range}`
    : `${want.name}: ${reason}`
  return {
    repo,
    name: want.name,
    ...(want.range === undefined ? {} : { version: want.range }),
    error:
      hidden ?? new MirrorError(disagrees ? 'DISAGREEMENT' : 'UNSATISFIED', message, { file, line, name: want.name }),
  }
}

const namedOf = (entry: Entry): { name?: string; version?: string } => ({
  ...(entry.name === undefined ? {} : { name: entry.name }),
  ...(entry.version === undefined ? {} : { version: entry.version }),
})

function plannedItem(mirror: Mirror, resource: Resource, entry: Entry): Item {
  const repo = resource.mounted.settings.name
  const there = resource.route.kind !== 'artifact' || isHeld(mirror.catalog.refs.get(repo, entry.path, '', 0))
  return {
    repo,
    path: entry.path,
    ...namedOf(entry),
    outcome: there ? 'held' : 'missing',
    bytes: there ? 0 : (entry.size ?? 0),
  }
}

async function obtainEntry(mirror: Mirror, resource: Resource, scope: Scope): Promise<Obtained> {
  if (resource.route.kind !== 'artifact') {
    const obtained = await obtainDocument(mirror, resource, scope)
    if (obtained !== undefined) return obtained
    throw new MirrorError('NOT_FOUND', `${resource.mounted.settings.name} has no ${resource.path}`, {
      path: resource.path,
    })
  }
  return obtainAdmitted(mirror, resource, scope)
}

function itemOf(entry: Entry, { ref, state }: Obtained, started: number): Item {
  return {
    repo: ref.repo,
    path: ref.path,
    ...namedOf(entry),
    outcome: ref.fetched >= started ? 'fetched' : state === 'revalidated' ? 'unchanged' : 'held',
    bytes: ref.size,
    proof: ref.proof,
    url: ref.url,
  }
}

/** Milliseconds of work on many small things, after which others have their turn. */
const AT_ONCE = 10

function pausing(): () => Promise<void> {
  let began = performance.now()
  return async () => {
    if (performance.now() - began < AT_ONCE) return
    await turn()
    began = performance.now()
  }
}

/** A document that the closure looked at counts as an item too. */
function documentItem(
  mirror: Mirror,
  repo: string,
  path: string,
  ranks: ReadonlyMap<number, number>,
  started: number,
): Item | undefined {
  const rankOf = ({ generation }: HeldRef): number => ranks.get(generation) ?? Number.POSITIVE_INFINITY
  const [ref] = mirror.catalog.refs
    .everywhere(repo, path)
    .filter(isHeld)
    .filter(({ generation }) => ranks.has(generation))
    .toSorted((a, b) => rankOf(a) - rankOf(b))
  if (ref === undefined) return undefined
  const outcome = ref.fetched >= started ? 'fetched' : 'unchanged'
  return { repo, path, outcome, bytes: ref.size, proof: ref.proof, url: ref.url }
}

/** Where the walk's documents may be, as places in order: what it built itself first, then what is served. */
function ranksOf(mirror: Mirror, repo: string, scope: Scope): ReadonlyMap<number, number> {
  const ids = new Set([...scope.staged.values(), 0])
  for (const one of mirror.catalog.generations.all()) if (one.repo === repo && one.state === 'current') ids.add(one.id)
  return new Map([...ids].map((id, rank) => [id, rank]))
}

/**
 * Exit codes of faults after which a set is not whole: damage, no upstream, a stopped run; and an index that cannot be
 * read. What upstream itself lacks is not among them.
 */
const HOLDS_BACK: ReadonlySet<number> = new Set([1, 4, 6])

/**
 * Flips what the walk built. With faults, a generation that has a predecessor stays aside: clients go on with the whole
 * old one. Without a predecessor what is there is better than nothing.
 */
async function flipAll(
  mirror: Mirror,
  mounted: MountedRepo,
  scope: Scope,
  faults: readonly Fault[],
): Promise<readonly string[]> {
  const { name } = mounted.settings
  const { generations } = mirror.catalog
  const holding = faults.filter(({ error }) => HOLDS_BACK.has(error.failure.exit) || error.code === 'UNREADABLE')
  const flipped: string[] = []
  const pause = pausing()
  for (const [key, id] of scope.staged) {
    await pause()
    const made = generations.byId(id)
    if (made === undefined || scopeKey(name, made.key) !== key) continue
    const current = generations.current(name, made.key)
    const member = memberOf(mirror, mounted, id)
    if (member === undefined || (current !== undefined && holding.some((fault) => concerns(fault, member)))) continue
    if (mustWait(member, current)) {
      generations.mark(id, 'waiting')
      continue
    }
    flip(mirror, name, id)
    flipped.push(made.key)
  }
  return flipped
}

/** What is wrong with one package holds back no generation that is another's alone. */
function concerns(fault: Fault, { route, p }: Resource): boolean {
  const own = route.known?.(p).name
  return own === undefined || fault.name === undefined || fault.name === own
}

function dropStaged(mirror: Mirror, scope: Scope): void {
  for (const id of scope.staged.values()) {
    if (mirror.catalog.generations.byId(id)?.state === 'staging') mirror.catalog.generations.drop(id)
  }
}
