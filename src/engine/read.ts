// Reading: what a document says of other paths goes into the catalog, once for each document. Large ones are read in a
// worker thread.

import { setImmediate as turn } from 'node:timers/promises'
import type { HeldRef } from '../catalog/rows.ts'
import type { Doc, Entry } from '../contract.ts'
import { MirrorError } from '../errors.ts'
import { headOf, heldDoc } from './doc.ts'
import { task } from './flights.ts'
import { readEntries } from './means.ts'
import type { DocSource } from './messages.ts'
import type { Mirror } from './mirror.ts'
import { generationKey, type Resource, readingScope, resolve } from './resolve.ts'

/** Documents up to this size are read on the main thread: about 3 ms of JSON. */
export const INLINE_LIMIT = 256 * 1024

type Beside = (resource: Resource, type: string) => Promise<ReadonlyMap<string, Doc>>

/** Reads a document unless these very bytes have been read before. */
export async function readDocument(mirror: Mirror, resource: Resource, ref: HeldRef, beside: Beside): Promise<void> {
  const unread = await readForHolding(mirror, resource, ref, beside)
  if (unread === undefined) return
  mirror.catalog.atomically(unread)
  mirror.catalog.touch()
}

/**
 * The same. What a small document says is not yet written but returned: it takes one transaction with what is written of
 * the document itself. Undefined when there is nothing left to write.
 */
export async function readForHolding(
  mirror: Mirror,
  resource: Resource,
  ref: HeldRef,
  beside: Beside,
): Promise<(() => void) | undefined> {
  if (resource.route.read === undefined) return undefined
  const { facts } = mirror.catalog
  const scope = readingScope(resource)
  if (facts.reading(ref.repo, scope, ref.sha256) !== undefined) return undefined
  const key = `reading ${ref.repo} ${scope} ${ref.sha256}`
  return mirror.flights.share(key, () => task(() => readAnew(mirror, resource, ref, scope, beside))).landed
}

async function readAnew(
  mirror: Mirror,
  resource: Resource,
  ref: HeldRef,
  scope: string,
  beside: Beside,
): Promise<(() => void) | undefined> {
  const { facts, atomically } = mirror.catalog
  const now = mirror.now()
  const baseline = !facts.hasReadings(ref.repo, scope)
  const datesItself = generationKey(resource) === undefined
  const dates = datingIn(resource)
  let reading: number | undefined
  let last: readonly Entry[] = []
  let dropped = 0
  const write = (): number => {
    const own = reading ?? facts.begin(ref.repo, scope, ref.sha256, now)
    facts.add(ref.repo, own, last)
    if (!datesItself) return own
    const undated = last.flatMap(({ published, path }) => (published === undefined && dates(path) ? path : []))
    if (undated.length > 0) facts.see(ref.repo, undated, now, baseline)
    return own
  }
  // one group behind, so that a document with a single one takes a single transaction
  const take = (entries: readonly Entry[]): void => {
    if (last.length > 0) reading = atomically(write)
    last = entries
  }
  const drop = (): void => {
    dropped += 1
  }
  try {
    const along = await beside(resource, ref.type)
    if (ref.size <= INLINE_LIMIT) await readHere(mirror, resource, ref, along, { take, drop })
    else await readInThread(mirror, resource, ref, along, { take, drop })
    if (reading !== undefined) {
      await turn()
      atomically(() => facts.complete(write()))
      mirror.catalog.touch()
    }
  } catch (error) {
    if (reading !== undefined) facts.drop(reading)
    throw error
  }
  if (dropped > 0) {
    const error = new MirrorError(
      'UNREADABLE',
      `${ref.path} speaks of ${dropped} paths that it may not speak of; they were left out`,
      { path: ref.path },
    )
    mirror.events.emit({ type: 'warning', repo: ref.repo, path: ref.path, error })
  }
  if (reading !== undefined) return undefined
  return () => {
    // whoever shared this reading may have written it
    if (facts.reading(ref.repo, scope, ref.sha256) === undefined) facts.complete(write())
  }
}

/** Is a path first seen when this document names it? Where its route names the documents that date it, they alone count. */
function datingIn({ mounted, path }: Resource): (other: string) => boolean {
  if (mounted.ecosystem.routes.every((route) => route.dates === undefined)) return () => true
  return (other) => {
    const found = resolve(mounted, other)
    return found?.route.dates === undefined || found.route.dates(found.p, mounted.repo).includes(path)
  }
}

/** Who takes what a document says, and is told of what it may not say. */
interface Taking {
  take(entries: readonly Entry[]): void
  drop(): void
}
type Along = ReadonlyMap<string, Doc>

async function readHere(mirror: Mirror, resource: Resource, ref: HeldRef, along: Along, taking: Taking): Promise<void> {
  const { route, p, mounted } = resource
  const reading = {
    routes: mounted.ecosystem.routes,
    route,
    doc: heldDoc(mirror, ref, along),
    p,
    repo: await withService(mirror, resource),
  }
  let first = true
  for await (const entries of readEntries(reading, taking.drop)) {
    // short lines make many entries of a small document: others have their turn between two groups of them
    if (!first) await turn()
    first = false
    taking.take(entries)
  }
}

async function readInThread(
  mirror: Mirror,
  resource: Resource,
  ref: HeldRef,
  along: Along,
  taking: Taking,
): Promise<void> {
  await mirror.threads.run(
    {
      kind: 'read',
      ecosystem: resource.mounted.ecosystem.id,
      route: resource.index,
      p: resource.p,
      repo: await plainRepo(mirror, resource),
      doc: await sourceOf(mirror, ref, along),
    },
    { entries: taking.take, dropped: taking.drop },
  )
}

/** The repo with its service document as it is held, if the ecosystem has one. */
export async function withService(mirror: Mirror, resource: Resource): Promise<Resource['mounted']['repo']> {
  const { ecosystem, repo, settings } = resource.mounted
  if (ecosystem.service === undefined || ecosystem.service === resource.path) return repo
  const ref = mirror.catalog.refs.get(settings.name, ecosystem.service, '', 0)
  return ref?.sha256 === undefined ? repo : { ...repo, service: heldDoc(mirror, { ...ref, sha256: ref.sha256 }) }
}

/** The repo as plain data, for a worker thread. */
export async function plainRepo(mirror: Mirror, resource: Resource) {
  const { name, upstreams, options, service } = await withService(mirror, resource)
  if (service === undefined) return { name, upstreams, options }
  const { path, url, type, size, digests, headers } = service
  return {
    name,
    upstreams,
    options,
    service: { head: { path, url, type, size, digests, headers }, bytes: await service.bytes(), beside: [] },
  }
}

/** A held document by where its bytes lie, for a worker thread. */
export async function sourceOf(
  mirror: Mirror,
  ref: HeldRef,
  beside: ReadonlyMap<string, Doc> = new Map(),
): Promise<DocSource> {
  const along: DocSource[] = []
  for (const { path, url, type, size, digests, headers, bytes } of beside.values()) {
    along.push({ head: { path, url, type, size, digests, headers }, bytes: await bytes(), beside: [] })
  }
  const opened = await mirror.store.open(ref.sha256)
  if (opened === undefined)
    throw new MirrorError('DAMAGED', `the bytes of ${ref.path} are missing from the store`, { path: ref.path })
  const { file } = opened
  await opened.close()
  const head = headOf(ref, mirror.catalog.blobs.get(ref.sha256)?.digests)
  if (file !== undefined) return { head, file, beside: along }
  return { head, bytes: await heldDoc(mirror, ref).bytes(), beside: along }
}

/** Forgets what superseded bytes said, unless another ref of the repo still holds them, or a snapshot. */
export function forgetReading(mirror: Mirror, resource: Resource, sha256: string): void {
  const { name } = resource.mounted.settings
  const reading = mirror.catalog.facts.reading(name, readingScope(resource), sha256)
  if (reading === undefined) return
  if (mirror.catalog.refs.bySha256(sha256).some((ref) => ref.repo === name)) return
  if (mirror.catalog.snapshots.hold(name, sha256)) return
  mirror.catalog.facts.drop(reading)
}
