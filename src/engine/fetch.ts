// One fetch of one resource: download, digests, signatures, keep, read, record the proof. Nothing that fails any of these
// is kept, and what was held before stays.

import type { HeldRef, Proof } from '../catalog/rows.ts'
import type { Doc, Repo } from '../contract.ts'
import { asMirrorError, MirrorError } from '../errors.ts'
import { compareDigests } from '../formats/digest.ts'
import type { Staged } from '../store/store.ts'
import { addressOf } from './address.ts'
import { type DocHead, heldDoc, stagedDoc } from './doc.ts'
import { type Arrived, type Download, download, type Wanted } from './download.ts'
import type { Outcome } from './events.ts'
import { task } from './flights.ts'
import type { Mirror, MountedRepo } from './mirror.ts'
import { forgetReading, readDocument } from './read.ts'
import { mustResolve, type Resource } from './resolve.ts'
import type { Said } from './said.ts'
import type { Scope } from './scope.ts'
import type { Growing } from './served.ts'
import type { Space } from './space.ts'

export interface Obtained {
  readonly ref: HeldRef
  readonly state: 'hit' | 'miss' | 'revalidated' | 'stale'
  /** Why it is stale. */
  readonly error?: MirrorError
}

/** Work of the module that obtains, which a fetch needs for documents other than its own. */
export interface Fetching {
  serviced(mirror: Mirror, mounted: MountedRepo, scope: Scope): Promise<Repo>
  besideDocs(mirror: Mirror, resource: Resource, scope: Scope): Promise<ReadonlyMap<string, Doc>>
  obtainDocument(mirror: Mirror, resource: Resource, scope: Scope): Promise<Obtained | undefined>
}

/** Bytes taken for a resource whose size nobody states: an index may be large, a file larger. */
const INDEX_LIMIT = 1024 ** 3
const ARTIFACT_LIMIT = 64 * 1024 ** 3

/** Upstream's header fields that are kept with a ref. */
const KEPT = ['etag', 'last-modified', 'cache-control', 'expires', 'date', 'age', 'content-disposition', 'link']

/** Documents that are being fetched and read, by repo: whoever asks for a path that they may name waits for them. */
export const readingKey = (repo: string, path: string): string => `reads ${repo} ${path}`

export interface Arriving {
  /** Media type as upstream stated it; '' before it has answered. */
  readonly type: string
  readonly landed: Promise<Obtained>
  /** When upstream has answered, or the bytes were found in the store. */
  readonly begun: Promise<void>
  readonly said: Said
  /** The arriving body; undefined when nothing had to be fetched. */
  follow(): Growing | undefined
}

/** Starts to fetch a resource of which `stated` is said. Bytes with the stated digest that the store has already are taken from there. */
export function fetchResource(
  mirror: Mirror,
  resource: Resource,
  scope: Scope,
  space: Space,
  stated: Said,
  fetching: Fetching,
): Arriving {
  const begun = Promise.withResolvers<void>()
  begun.promise.catch(() => undefined)
  let current: Download<Fetched> | undefined
  const arriving = {
    begun: begun.promise,
    type: '',
    said: stated,
    follow: () => current?.follow(),
    landed: run(),
  }
  arriving.landed.catch(() => undefined)
  if (resource.route.read !== undefined)
    mirror.flights.share(readingKey(resource.mounted.settings.name, resource.path), () => arriving)
  return arriving

  async function run(): Promise<Obtained> {
    const started = performance.now()
    try {
      const obtained = await shared()
      finished(mirror, resource, started, obtained.outcome, obtained.ref)
      return obtained
    } catch (error) {
      begun.reject(error)
      const failure = asMirrorError(error)
      finished(mirror, resource, started, failure.code === 'NOT_FOUND' ? 'missing' : 'failed', undefined, failure)
      throw failure
    }
  }

  /** Bytes with the same digest may be on their way for another path of ours already. */
  async function shared(): Promise<Fetched> {
    const sha256 = stated.entry.digests?.sha256
    if (sha256 === undefined) return fetchIt()
    const key = `bytes ${sha256}`
    await mirror.flights.get(key)?.landed.catch(() => undefined)
    return mirror.flights.share(key, () => task(fetchIt)).landed
  }

  async function fetchIt(): Promise<Fetched> {
    const linked = await link(mirror, resource, scope, space, stated, fetching)
    if (linked !== undefined) {
      begun.resolve()
      return linked
    }
    const isService = resource.path === resource.mounted.ecosystem.service
    const repo = isService ? resource.mounted.repo : await fetching.serviced(mirror, resource.mounted, scope)
    const beside =
      resource.route.beside === undefined
        ? new Map<string, Doc>()
        : await besideIn(mirror, resource, scope, space, fetching)
    const before = space.before(resource.path, resource.variant)
    const wanted = wantedOf(resource, repo, stated, before, scope)
    current = download(mirror, wanted, (arrived, release) =>
      settle(mirror, { resource, scope, space, stated, before, repo, beside, fetching }, arrived, release),
    )
    current.head.then((head) => {
      arriving.type = typeOf(head.headers)
      begun.resolve()
    }, begun.reject)
    return current.landed
  }
}

/** A fetch, and how it came out. */
interface Fetched extends Obtained {
  readonly outcome: 'fetched' | 'unchanged' | 'held'
}

function finished(
  mirror: Mirror,
  resource: Resource,
  started: number,
  outcome: Outcome,
  ref: HeldRef | undefined,
  error?: MirrorError,
): void {
  mirror.events.emit({
    type: 'finished',
    repo: resource.mounted.settings.name,
    path: resource.path,
    outcome,
    bytes: outcome === 'fetched' ? (ref?.size ?? 0) : 0,
    milliseconds: performance.now() - started,
    ...(ref === undefined ? {} : { proof: ref.proof, url: ref.url }),
    ...(error === undefined ? {} : { error }),
  })
}

/** Documents beside one that is fetched into a generation come into the same generation. */
async function besideIn(
  mirror: Mirror,
  resource: Resource,
  scope: Scope,
  space: Space,
  fetching: Fetching,
): Promise<ReadonlyMap<string, Doc>> {
  if (space.generation === 0) return fetching.besideDocs(mirror, resource, scope)
  const docs = new Map<string, Doc>()
  for (const path of resource.route.beside?.(resource.p, resource.mounted.repo) ?? []) {
    const obtained = await fetchInto(mirror, mustResolve(resource.mounted, path), scope, space, fetching)
    if (obtained !== undefined) docs.set(path, heldDoc(mirror.store, obtained.ref))
  }
  return docs
}

/** Fetches a root of a generation into its space, once; undefined when upstream does not have it. */
export function fetchInto(
  mirror: Mirror,
  resource: Resource,
  scope: Scope,
  space: Space,
  fetching: Fetching,
): Promise<Obtained | undefined> {
  const known = space.fetched.get(resource.path)
  if (known !== undefined) return known
  const unvouched: Said = {
    entry: resource.route.known?.(resource.p) ?? {},
    vouched: false,
    proof: undefined,
    words: '',
    seen: undefined,
  }
  const fetched = fetchResource(mirror, resource, scope, space, unvouched, fetching).landed.catch((error: unknown) => {
    if (error instanceof MirrorError && error.code === 'NOT_FOUND') return undefined
    throw error
  })
  space.fetched.set(resource.path, fetched)
  return fetched
}

function wantedOf(resource: Resource, repo: Repo, stated: Said, before: HeldRef | undefined, scope: Scope): Wanted {
  const { route, mounted } = resource
  const { urls, guarded } = addressOf(resource, stated.entry, repo)
  const conditional: Record<string, string> = {}
  const { etag, 'last-modified': modified } = before?.headers ?? {}
  if (etag !== undefined) conditional['if-none-match'] = etag
  if (modified !== undefined) conditional['if-modified-since'] = modified
  return {
    repo: mounted.settings.name,
    path: resource.path,
    urls,
    guarded,
    headers: { accept: route.accept ?? '*/*', ...conditional },
    digests: stated.entry.digests ?? {},
    size: stated.entry.size,
    limit: route.kind === 'index' ? INDEX_LIMIT : ARTIFACT_LIMIT,
    priority: scope.priority,
    absent: route.absent ?? [404, 410],
    ...(scope.signal === undefined ? {} : { signal: scope.signal }),
  }
}

/** Bytes with the stated digest lie in the store already: they are the answer, without a request. */
async function link(
  mirror: Mirror,
  resource: Resource,
  scope: Scope,
  space: Space,
  stated: Said,
  fetching: Fetching,
): Promise<Fetched | undefined> {
  const sha256 = stated.entry.digests?.sha256
  if (sha256 === undefined) return undefined
  const blob = mirror.catalog.blobs.get(sha256)
  if (blob === undefined || (await mirror.store.stat(sha256))?.size !== blob.size) return undefined
  if (compareDigests(stated.entry.digests ?? {}, blob.digests) === 'different') return undefined
  const { urls } = addressOf(resource, stated.entry, resource.mounted.repo)
  const head: DocHead = {
    path: resource.path,
    url: urls[0] ?? '',
    type: '',
    size: blob.size,
    digests: blob.digests,
    headers: {},
  }
  const doc = heldDoc(mirror.store, { ...emptyRef(resource, space), sha256, size: blob.size, url: head.url })
  const trust = await checked(mirror, { resource, scope, space, stated, fetching }, doc)
  const ref = { ...refOf(mirror, resource, space, stated, undefined, head, trust, undefined), fetched: blob.added }
  await mirror.holder.hold({ blobs: [], refs: [ref], also: trust.commit })
  await readDocument(mirror, resource, ref, () => besideIn(mirror, resource, scope, space, fetching))
  return { ref, state: 'hit', outcome: 'held' }
}

interface Settling {
  readonly resource: Resource
  readonly scope: Scope
  readonly space: Space
  readonly stated: Said
  readonly before: HeldRef | undefined
  readonly repo: Repo
  readonly beside: ReadonlyMap<string, Doc>
  readonly fetching: Fetching
}

async function settle(mirror: Mirror, settling: Settling, arrived: Arrived, release: () => void): Promise<Fetched> {
  const { resource, space, stated, before, beside } = settling
  const now = mirror.now()
  if (arrived.body === undefined) {
    if (before === undefined)
      throw new MirrorError('UPSTREAM_STATUS', `upstream answered 304 for ${resource.path}, of which nothing is held`)
    return unchanged(mirror, before, space, { ...before.headers, ...kept(arrived.headers) }, now)
  }
  const { staged, size, digests } = arrived.body
  if (before?.sha256 === digests.sha256) return unchanged(mirror, before, space, kept(arrived.headers), now)
  const head: DocHead = {
    path: resource.path,
    url: arrived.url,
    type: typeOf(arrived.headers),
    size,
    digests,
    headers: arrived.headers,
  }
  const own = await ownDigests(resource, head, staged, stated)
  const doc = stagedDoc({ ...head, digests: { ...digests, ...own } }, staged, beside)
  const trust = await checked(mirror, settling, doc)
  const ref = refOf(mirror, resource, space, stated, before, head, trust, arrived.url)
  demand(resource, ref)
  const readFirst = resource.route.kind === 'index' && resource.route.read !== undefined
  if (!readFirst) release()
  await staged.commit(digests.sha256)
  if (readFirst) await readDocument(mirror, resource, ref, async () => beside)
  await mirror.holder.hold({
    blobs: [{ sha256: digests.sha256, size, digests: { ...digests, ...own } }],
    refs: [ref],
    also: trust.commit,
  })
  if (!readFirst) await readDocument(mirror, resource, ref, async () => beside)
  if (before !== undefined && space.generation === 0) forgetReading(mirror, resource, before.sha256)
  return { ref, state: 'miss', outcome: 'fetched' }
}

/** The bytes are those we hold: only the validation time and upstream's validators are renewed. */
async function unchanged(
  mirror: Mirror,
  before: HeldRef,
  space: Space,
  headers: Readonly<Record<string, string>>,
  now: number,
): Promise<Fetched> {
  if (before.generation === space.generation) mirror.catalog.refs.checked(before, now, headers)
  return { ref: { ...before, checked: now, headers }, state: 'revalidated', outcome: 'unchanged' }
}

/** Digests of the ecosystem's own kind, computed where they were stated. */
async function ownDigests(
  resource: Resource,
  head: DocHead,
  staged: Staged,
  stated: Said,
): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {}
  for (const [algorithm, compute] of Object.entries(resource.mounted.ecosystem.digests ?? {})) {
    const expected = stated.entry.digests?.[algorithm]
    if (expected === undefined) continue
    found[algorithm] = await compute(stagedDoc(head, staged))
    if (found[algorithm] !== expected) {
      throw new MirrorError(
        'WRONG_DIGEST',
        `${head.path} has the ${algorithm} digest ${found[algorithm]}, ${expected} was stated`,
        {
          path: head.path,
          expected,
          found: found[algorithm],
        },
      )
    }
  }
  return found
}

interface Checked {
  /** How its own check proved it, if it did. */
  readonly proven: string | undefined
  /** Keeps what the check remembered. */
  readonly commit: () => void
}

async function checked(
  mirror: Mirror,
  settling: Omit<Settling, 'before' | 'repo' | 'beside'>,
  doc: Doc,
): Promise<Checked> {
  const { resource, scope, space, stated, fetching } = settling
  const { settings, repo } = resource.mounted
  if (resource.route.check === undefined) return { proven: undefined, commit: () => undefined }
  const memory = new Map<string, string>()
  let proven: string | undefined
  await resource.route.check(
    doc,
    resource.p,
    repo,
    {
      now: mirror.now(),
      async document(path) {
        const other = mustResolve(resource.mounted, path)
        const obtained =
          space.generation === 0
            ? await fetching.obtainDocument(mirror, other, scope)
            : await fetchInto(mirror, other, scope, space, fetching)
        return obtained === undefined ? undefined : heldDoc(mirror.store, obtained.ref)
      },
      keys: (name) =>
        Promise.all(
          (settings.keyrings.length > 0 ? settings.keyrings : name === undefined ? [] : [name]).map(mirror.keyring),
        ),
      recall: (key) =>
        memory.get(key) ?? space.memory.get(key) ?? mirror.catalog.generations.recall(settings.name, key),
      remember: (key, value) => void memory.set(key, value),
      proven(by) {
        proven = by
      },
      expired(error) {
        if (settings.policy.expired === 'refuse') throw error
        mirror.events.emit({ type: 'warning', repo: settings.name, path: resource.path, error })
      },
    },
    stated.entry,
  )
  for (const [key, value] of memory) space.memory.set(key, value)
  return {
    proven,
    commit() {
      for (const [key, value] of memory) mirror.catalog.generations.remember(settings.name, key, value)
    },
  }
}

/** How strong a proof is, against what `require` may demand. */
const strength: Readonly<Record<Proof | 'any', number>> = {
  signature: 4,
  made: 4,
  lockfile: 3,
  digest: 3,
  tls: 2,
  'first-seen': 1,
  any: 0,
}

function demand(resource: Resource, ref: HeldRef): void {
  const { settings } = resource.mounted
  const wanted = settings.policy.require
  if (resource.route.kind === 'index' && wanted === 'digest') return
  if (strength[ref.proof] >= strength[wanted]) return
  throw new MirrorError(
    'REQUIREMENT',
    `${ref.path} is proven by ${ref.proof} only, policy.require asks for ${wanted}`,
    {
      path: ref.path,
      repo: ref.repo,
    },
  )
}

const emptyRef = (resource: Resource, space: Space): HeldRef => ({
  repo: resource.mounted.settings.name,
  path: resource.path,
  variant: resource.variant,
  generation: space.generation,
  kind: resource.route.kind,
  sha256: '',
  size: 0,
  status: 200,
  type: '',
  url: '',
  headers: {},
  fetched: 0,
  checked: 0,
  modified: 0,
  name: undefined,
  version: undefined,
  proof: 'first-seen',
  proven: '',
  hits: 0,
  used: 0,
})

function refOf(
  mirror: Mirror,
  resource: Resource,
  space: Space,
  stated: Said,
  before: HeldRef | undefined,
  head: DocHead,
  trust: Checked,
  fetchedFrom: string | undefined,
): HeldRef {
  const now = mirror.now()
  const known = resource.route.known?.(resource.p)
  return {
    ...emptyRef(resource, space),
    sha256: head.digests.sha256 ?? '',
    size: head.size,
    type: head.type,
    url: head.url,
    headers: kept(head.headers),
    fetched: now,
    checked: now,
    modified: modifiedOf(head.headers, before, now),
    name: stated.entry.name ?? known?.name,
    version: stated.entry.version ?? known?.version,
    ...proofOf(stated, trust, fetchedFrom),
  }
}

function proofOf(stated: Said, trust: Checked, url: string | undefined): Pick<HeldRef, 'proof' | 'proven'> {
  if (trust.proven !== undefined) return { proof: 'signature', proven: trust.proven }
  if (stated.proof !== undefined) return { proof: stated.proof, proven: stated.words }
  if (url?.startsWith('https:') === true) return { proof: 'tls', proven: 'TLS to the upstream only' }
  return { proof: 'first-seen', proven: 'pinned at first sight' }
}

/** Upstream's date where it is sane, never before the one that clients have seen, and not the same for other bytes. */
function modifiedOf(headers: Readonly<Record<string, string>>, before: HeldRef | undefined, now: number): number {
  const stated = Date.parse(headers['last-modified'] ?? '')
  const date = Number.isNaN(stated) || stated > now ? now : stated
  const seconds = Math.floor(date / 1000) * 1000
  return before === undefined ? seconds : Math.max(seconds, before.modified + 1000)
}

const kept = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(KEPT.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])))

const typeOf = (headers: Readonly<Record<string, string>>): string =>
  (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
