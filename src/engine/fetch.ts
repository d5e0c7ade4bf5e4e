// One fetch of one resource: from the store when bytes with the stated digest lie there, else from upstream.

import { isDeepStrictEqual } from 'node:util'
import type { HeldRef, Ref } from '../catalog/rows.ts'
import type { Doc, Repo } from '../contract.ts'
import { asMirrorError, MirrorError } from '../errors.ts'
import { compareDigests } from '../formats/digest.ts'
import { addressOf } from './address.ts'
import { gather } from './along.ts'
import { fromSources, wantedOf } from './asking.ts'
import { checked } from './checked.ts'
import { type DocHead, heldDoc } from './doc.ts'
import { type Download, download } from './download.ts'
import type { Outcome } from './events.ts'
import { task } from './flights.ts'
import { demand, emptyRef, refOf, typeOf } from './held-ref.ts'
import type { Mirror } from './mirror.ts'
import type { Fetched, Fetching, Obtained, Settling } from './obtained.ts'
import { readDocument } from './read.ts'
import { generationKey, mustResolve, type Resource, resolve } from './resolve.ts'
import { noRoom } from './room.ts'
import type { Said } from './said.ts'
import type { Scope } from './scope.ts'
import type { Growing } from './served.ts'
import { settle } from './settle.ts'
import type { Space } from './space.ts'

/** Documents that are being fetched and read, by repo: whoever asks for a path that they may name waits for them. */
export const readingKey = (repo: string, path: string): string => `reads ${repo} ${path}`

export interface Arriving {
  /** Media type as upstream stated it; '' before it has answered. */
  readonly type: string
  /** Upstream's header fields; empty before it has answered. */
  readonly headers: Readonly<Record<string, string>>
  readonly landed: Promise<Obtained>
  /** When upstream has answered, or the bytes were found in the store. */
  readonly begun: Promise<void>
  readonly said: Said
  /** The disk has no room for it: it is gone when those who follow it have it. */
  readonly unkept: boolean
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
    headers: {} as Readonly<Record<string, string>>,
    said: stated,
    unkept: false,
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
      begun.resolve()
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
    for (let other = mirror.flights.get(key); other !== undefined; other = mirror.flights.get(key)) {
      await other.landed.catch(() => undefined)
    }
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
    const before = space.before(resource.path, resource.variant)
    arriving.unkept = await isPassedOn(mirror, resource, scope, stated)
    const settling = {
      resource,
      space,
      stated,
      before,
      asked: mirror.now(),
      beside: (type: string) => besideIn(mirror, resource, type, scope, space, fetching),
      sibling: siblings(mirror, resource, scope, space, fetching),
      gather: () => gather(mirror, resource.mounted, scope),
      ahead: scope.ahead,
      behind: scope.unkept === true && resource.route.kind === 'artifact',
      unkept: arriving.unkept,
    }
    return fromSources(mirror, resource, stated.entry, repo, (source, only) =>
      transfer(source, settling, only ? before : undefined),
    )
  }

  async function transfer(repo: Repo, settling: Settling, known: HeldRef | undefined): Promise<Fetched> {
    const wanted = await wantedOf(mirror, resource, repo, stated, known, scope)
    const begins = download(
      mirror,
      settling.unkept ? { ...wanted, stage: mirror.room.stage } : wanted,
      (arrived, release) => settle(mirror, settling, arrived, release),
    )
    begins.head.then(
      (head) => {
        current = begins
        arriving.type = typeOf(head.headers)
        arriving.headers = head.headers
        const { type, headers } = arriving
        const { settings } = resource.mounted
        scope.arrives?.(settings.name, resource.path, { type, headers, url: head.url, follow: begins.follow })
        begun.resolve()
      },
      // the transfer fails with it
      () => undefined,
    )
    return begins.landed
  }
}

/**
 * A file that would take what is to stay free of the disk is passed on to the client whose request fetches it, and to those
 * who follow. What may change, and every index, is kept: what is to stay free is there for these.
 */
async function isPassedOn(mirror: Mirror, { route }: Resource, scope: Scope, { entry }: Said): Promise<boolean> {
  if (scope.unkept !== true || route.kind !== 'artifact' || route.unvouched === 'changes') return false
  if (!(await mirror.room.lacks(entry.size))) return false
  const what = 'files that are not held are passed on and not kept'
  if (mirror.room.mayTell()) mirror.events.emit({ type: 'warning', error: noRoom(await mirror.room.left(), what) })
  return true
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
  type: string,
  scope: Scope,
  space: Space,
  fetching: Fetching,
): Promise<ReadonlyMap<string, Doc>> {
  if (space.generation === 0) return fetching.besideDocs(mirror, resource, type, scope)
  const docs = new Map<string, Doc>()
  for (const path of resource.route.beside?.(resource.p, resource.mounted.repo, type) ?? []) {
    const obtained = await fetchInto(mirror, mustResolve(resource.mounted, path), scope, space, fetching)
    if (obtained !== undefined) docs.set(path, heldDoc(mirror, obtained.ref))
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

/** Other documents, for a check: as obtained, or out of the generation that is being built. */
function siblings(
  mirror: Mirror,
  resource: Resource,
  scope: Scope,
  space: Space,
  fetching: Fetching,
): (path: string) => Promise<Doc | undefined> {
  return async (path) => {
    const other = mustResolve(resource.mounted, path)
    const obtained =
      space.generation === 0 || generationKey(other) === undefined
        ? await fetching.obtainDocument(mirror, other, scope)
        : await fetchInto(mirror, other, scope, space, fetching)
    return obtained === undefined ? undefined : heldDoc(mirror, obtained.ref)
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
  const holders = mirror.catalog.refs.bySha256(sha256).filter((ref) => isAnsweredAlike(mirror, resource, ref))
  const may = stated.vouched
    ? resource.route.accept === undefined || holders.length > 0
    : holders.some((ref) => mayShare(mirror, resource, ref))
  if (!may) return undefined
  const blob = mirror.catalog.blobs.get(sha256)
  // claimed, so that a gc under way leaves it
  if (blob === undefined || !mirror.catalog.sweeps.claim(sha256, mirror.now())) return undefined
  if ((await mirror.store.stat(sha256))?.size !== blob.size) return undefined
  if (compareDigests(stated.entry.digests ?? {}, blob.digests) === 'different') return undefined
  const { urls } = await addressOf(resource, stated.entry, resource.mounted.repo)
  const head: DocHead = {
    path: resource.path,
    url: urls[0] ?? '',
    type: (holders.find((ref) => ref.repo === resource.mounted.settings.name) ?? holders[0])?.type ?? '',
    size: blob.size,
    digests: blob.digests,
    headers: {},
  }
  const { type, url } = head
  const doc = heldDoc(mirror, { ...emptyRef(resource, space.generation), sha256, size: blob.size, url, type })
  const trust = await checked(
    mirror,
    {
      resource,
      space,
      stated,
      sibling: siblings(mirror, resource, scope, space, fetching),
      gather: () => gather(mirror, resource.mounted, scope),
    },
    doc,
  )
  const made = refOf(
    mirror,
    { resource, space, stated, before: undefined, asked: mirror.now() },
    head,
    trust,
    undefined,
  )
  const ref = { ...made, fetched: blob.added }
  demand(resource, ref)
  await mirror.holder.hold({ blobs: [], refs: [ref] })
  await readDocument(mirror, resource, ref, (_, type) => besideIn(mirror, resource, type, scope, space, fetching))
  return { ref, state: 'hit', outcome: 'held' }
}

/**
 * Bytes may be held as an answer to another question: an image's manifest as a plain blob, with the type of one. Then
 * upstream is asked what they are as what is wanted here.
 */
function isAnsweredAlike(mirror: Mirror, { route, mounted }: Resource, ref: Ref): boolean {
  const other = mirror.repos.get(ref.repo)
  return other?.ecosystem === mounted.ecosystem && resolve(other, ref.path)?.route.accept === route.accept
}

/**
 * A digest that only the path states proves the bytes, and not that whoever asks may have them: they are taken from
 * repositories alone that upstream lets in with the same credentials.
 */
function mayShare(mirror: Mirror, { mounted }: Resource, ref: Ref): boolean {
  if (ref.repo === mounted.settings.name) return true
  const other = mirror.repos.get(ref.repo)
  return other !== undefined && isDeepStrictEqual(other.settings.credentials, mounted.settings.credentials)
}
