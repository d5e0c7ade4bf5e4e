// A sync of one repository: the closure of what is wanted is walked, each entry is obtained as a client would, and the
// generations it built are flipped when everything they need is there.

import PQueue from 'p-queue'
import type { HeldRef, Proof } from '../catalog/rows.ts'
import { isHeld } from '../catalog/rows.ts'
import type { Entry, Platform, Selector } from '../contract.ts'
import { asMirrorError, MirrorError } from '../errors.ts'
import { compareDigests } from '../formats/digest.ts'
import type { Outcome } from './events.ts'
import type { Obtained } from './fetch.ts'
import { flip } from './generation.ts'
import { createLook } from './look.ts'
import type { Mirror, MountedRepo } from './mirror.ts'
import { obtainArtifact, obtainDocument, sayings } from './obtain.ts'
import { mustAllow } from './open.ts'
import { mustResolve, type Resource } from './resolve.ts'
import { LOCKFILE_SCOPE } from './said.ts'
import { type Scope, SYNC_PRIORITY, scopeKey } from './scope.ts'

export interface WalkOptions {
  readonly platforms: readonly Platform[]
  readonly started: number
  /** Artifacts are planned, not fetched, and nothing flips. */
  readonly dryRun: boolean
  readonly signal: AbortSignal
  /** Artifacts under way at once. */
  readonly concurrency: number
}

export interface Item {
  readonly repo: string
  readonly path: string
  readonly name?: string
  readonly version?: string
  readonly outcome: Outcome
  readonly bytes: number
  readonly proof?: Proof
  readonly proven?: string
  readonly url?: string
}

export interface Fault {
  readonly repo: string
  readonly path?: string
  readonly name?: string
  readonly version?: string
  readonly error: MirrorError
}

export interface Walked {
  readonly repo: string
  readonly items: readonly Item[]
  readonly faults: readonly Fault[]
  /** Paths that this walk wants held, documents included. */
  readonly held: ReadonlySet<string>
  readonly flipped: readonly string[]
  /** Dry run: bytes that would be fetched, as far as they are stated. */
  readonly plannedBytes: number
}

export async function walk(
  mirror: Mirror,
  mounted: MountedRepo,
  wants: readonly Selector[],
  options: WalkOptions,
): Promise<Walked> {
  const repo = mounted.settings.name
  const items: Item[] = []
  const faults: Fault[] = []
  const held = new Set<string>()
  const known = new Set<string>()
  let plannedBytes = 0
  const documents = new Map<string, number>()
  const scope: Scope = {
    since: options.started,
    priority: SYNC_PRIORITY,
    staged: new Map(),
    roots: new Map(),
    looked: (_, path) => {
      documents.set(path, (documents.get(path) ?? 0) + 1)
      held.add(path)
    },
  }
  const lacks = (want: Selector, reason: string): void => {
    const facts = { file: want.from.file, line: want.from.line, name: want.name }
    faults.push({
      repo,
      name: want.name,
      ...(want.range === undefined ? {} : { version: want.range }),
      error: new MirrorError('UNSATISFIED', `${want.name}: ${reason}`, facts),
    })
  }
  const queue = new PQueue({ concurrency: options.concurrency })
  const ending = new AbortController()
  const signal = AbortSignal.any([options.signal, ending.signal])
  signal.addEventListener('abort', () => queue.clear(), { once: true })
  const locks = lockfileFacts(mirror, mounted, wants)

  async function one(entry: Entry): Promise<void> {
    if (signal.aborted) return
    const resource = mustResolve(mounted, entry.path)
    try {
      locks(entry)
      if (options.dryRun) {
        plan(resource, entry)
        return
      }
      const obtained = await obtainEntry(mirror, resource, scope)
      items.push(itemOf(entry, obtained))
      held.add(entry.path)
    } catch (error) {
      const failure = asMirrorError(error)
      faults.push({ repo, path: entry.path, ...namedOf(entry), error: failure })
      if (failure.failure.exit === 1) ending.abort(failure)
    }
  }

  function plan(resource: Resource, entry: Entry): void {
    const ref = resource.route.kind === 'artifact' ? mirror.catalog.refs.get(repo, entry.path, '', 0) : undefined
    const there = isHeld(ref) || resource.route.kind !== 'artifact'
    if (!there) plannedBytes += entry.size ?? 0
    items.push({
      repo,
      path: entry.path,
      ...namedOf(entry),
      outcome: there ? 'held' : 'missing',
      bytes: there ? 0 : (entry.size ?? 0),
    })
  }

  try {
    const look = await createLook(mirror, mounted, scope, options.platforms, lacks)
    for await (const entry of mounted.ecosystem.closure(wants, look)) {
      signal.throwIfAborted()
      if (known.has(entry.path)) continue
      known.add(entry.path)
      mirror.events.emit({ type: 'planned', repo, items: 1, bytes: entry.size ?? 0 })
      await queue.onSizeLessThan(1000)
      void queue.add(() => one(entry))
    }
  } catch (error) {
    const failure = options.signal.aborted ? new MirrorError('STOPPED', 'the run was stopped') : asMirrorError(error)
    if (!ending.signal.aborted) faults.push({ repo, error: failure })
  }
  await queue.onIdle()
  for (const path of documents.keys()) addDocument(mirror, repo, path, options.started, items, scope)
  const flipped = options.dryRun ? [] : flipAll(mirror, mounted, scope, faults)
  if (options.dryRun || flipped.length < scope.staged.size) dropStaged(mirror, scope)
  return { repo, items, faults, held, flipped, plannedBytes }
}

const namedOf = (entry: Entry): { name?: string; version?: string } => ({
  ...(entry.name === undefined ? {} : { name: entry.name }),
  ...(entry.version === undefined ? {} : { version: entry.version }),
})

async function obtainEntry(mirror: Mirror, resource: Resource, scope: Scope): Promise<Obtained> {
  if (resource.route.kind !== 'artifact') {
    const obtained = await obtainDocument(mirror, resource, scope)
    if (obtained !== undefined) return obtained
    throw new MirrorError('NOT_FOUND', `${resource.mounted.settings.name} has no ${resource.path}`, {
      path: resource.path,
    })
  }
  if (!resource.mounted.judge.open) mustAllow(mirror, resource, await sayings(mirror, resource, scope, 0))
  const found = await obtainArtifact(mirror, resource, scope)
  return 'held' in found ? found.held : found.arriving.landed
}

function itemOf(entry: Entry, { ref, state }: Obtained): Item {
  return {
    repo: ref.repo,
    path: ref.path,
    ...namedOf(entry),
    outcome: state === 'miss' ? 'fetched' : state === 'revalidated' ? 'unchanged' : 'held',
    bytes: ref.size,
    proof: ref.proof,
    proven: ref.proven,
    url: ref.url,
  }
}

/** A document that the closure looked at counts as an item too. */
function addDocument(mirror: Mirror, repo: string, path: string, started: number, items: Item[], scope: Scope): void {
  if (items.some((item) => item.path === path)) return
  const ref = documentRef(mirror, repo, path, scope)
  if (ref === undefined) return
  items.push({
    repo,
    path,
    outcome: ref.fetched >= started ? 'fetched' : 'unchanged',
    bytes: ref.size,
    proof: ref.proof,
    proven: ref.proven,
    url: ref.url,
  })
}

function documentRef(mirror: Mirror, repo: string, path: string, scope: Scope): HeldRef | undefined {
  const ids = [
    ...scope.staged.values(),
    0,
    ...mirror.catalog.generations
      .all()
      .filter((one) => one.repo === repo && one.state === 'current')
      .map((one) => one.id),
  ]
  for (const id of ids) {
    const ref = mirror.catalog.refs.get(repo, path, '', id)
    if (isHeld(ref)) return ref
  }
  return undefined
}

/**
 * Flips what the walk built. With faults, a generation that has a predecessor stays aside: clients go on with the whole
 * old one. Without a predecessor what is there is better than nothing.
 */
function flipAll(mirror: Mirror, mounted: MountedRepo, scope: Scope, faults: readonly Fault[]): readonly string[] {
  const { name } = mounted.settings
  const { generations } = mirror.catalog
  const broken = faults.some(
    (fault) =>
      fault.error.failure.exit === 6 ||
      fault.error.failure.exit === 4 ||
      fault.error.failure.exit === 1 ||
      fault.error.code === 'NOT_FOUND',
  )
  const flipped: string[] = []
  for (const [key, id] of scope.staged) {
    const made = generations.byId(id)
    if (made === undefined || scopeKey(name, made.key) !== key) continue
    const current = generations.current(name, made.key)
    if (current !== undefined && broken) continue
    if (current !== undefined && mounted.judge.repositoryCooldown > 0) {
      generations.mark(id, 'waiting')
    } else {
      flip(mirror, name, id)
    }
    flipped.push(made.key)
  }
  return flipped
}

function dropStaged(mirror: Mirror, scope: Scope): void {
  for (const id of scope.staged.values()) {
    if (mirror.catalog.generations.byId(id)?.state === 'staging') mirror.catalog.generations.drop(id)
  }
}

/**
 * What lockfiles state of files, as facts on their paths: from then on they vouch, stronger than an index. Returns a
 * function that records an entry, and throws DISAGREEMENT when the index states another digest than the lockfile.
 */
function lockfileFacts(mirror: Mirror, mounted: MountedRepo, wants: readonly Selector[]): (entry: Entry) => void {
  const { name } = mounted.settings
  const { facts } = mirror.catalog
  const readings = new Map<string, number>()
  const locked = new Map<string, Selector[]>()
  for (const want of wants) {
    if (want.digests === undefined || want.digests.length === 0) continue
    const key = `${want.name} ${want.range ?? ''}`
    locked.set(key, [...(locked.get(key) ?? []), want])
  }
  function readingOf(file: string): number {
    const known = readings.get(file)
    if (known !== undefined) return known
    const reading = facts.begin(name, `${LOCKFILE_SCOPE}${file}`, 'lockfile', mirror.now())
    facts.complete(reading)
    readings.set(file, reading)
    return reading
  }
  return (entry) => {
    for (const want of locked.get(`${entry.name ?? ''} ${mounted.ecosystem.versions.exact(entry.version ?? '')}`) ??
      []) {
      const verdicts = (want.digests ?? []).map((digests) => ({
        digests,
        verdict: compareDigests(digests, entry.digests ?? {}),
      }))
      const equal = verdicts.find(({ verdict }) => verdict === 'equal')
      if (equal !== undefined) {
        facts.add(name, readingOf(want.from.file), [{ path: entry.path, digests: equal.digests }])
      } else if (verdicts.every(({ verdict }) => verdict === 'different')) {
        throw new MirrorError(
          'DISAGREEMENT',
          `${want.from.file} and the index of ${name} state different digests for ${entry.name}@${entry.version}`,
          {
            file: want.from.file,
            line: want.from.line,
            path: entry.path,
          },
        )
      }
    }
  }
}
