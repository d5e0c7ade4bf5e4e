// Finding again what a lost catalog knew: every blob that it does not know is hashed, put where something says that it
// was, and obtained there like what an upstream sends: signatures, digests and rules decide again.

import PQueue from 'p-queue'
import type { Finds, Named, Place } from '../catalog/finds.ts'
import { isHeld } from '../catalog/rows.ts'
import { asMirrorError, MirrorError } from '../errors.ts'
import { compareDigests, strength } from '../formats/digest.ts'
import type { Client, Received } from '../upstream/client.ts'
import type { Count } from './gc-state.ts'
import type { Mirror, MountedRepo } from './mirror.ts'
import { besideDocs, obtainArtifact, obtainDocument, sayings } from './obtain.ts'
import { readDocument } from './read.ts'
import { generationKey, type Resource, resourceOfRef } from './resolve.ts'
import { clientScope } from './scope.ts'
import { pages, turn } from './turns.ts'
import { damageOf } from './verify-damage.ts'

export interface RebuildOptions {
  readonly signal: AbortSignal
  /** Blobs hashed at once. */
  readonly threads: number
  /** What others say of paths and their bytes: older copies, exported trees. The first that names a path counts. */
  readonly claims: AsyncIterable<Place>
  /** Documents without a signature are placed by what they say of themselves, too. */
  readonly recognise: boolean
}

export interface Rebuilt {
  /** Blobs that nothing in the catalog named. */
  readonly found: Count
  /** Their bytes are not those of their name: left alone. */
  readonly damaged: readonly string[]
  /** Paths whose bytes are not in the store any more. */
  readonly dropped: number
  /** Blobs that are held again, by repository. */
  readonly placed: Readonly<Record<string, Count>>
  readonly unplaced: Count
  /** What could not be proven, or not be read: some of it. */
  readonly faults: readonly { readonly repo: string; readonly path: string; readonly error: MirrorError }[]
}

const MOST_FAULTS = 100
/** What indexes and lockfiles state. */
const algorithms = ['sha256', 'sha512', 'sha384', 'sha1', 'md5', 'blake2b512']
/** A document that says what it is is read whole. */
const LARGEST = 64 * 1024 * 1024
/** Rounds in which documents that were found name further ones. */
const ROUNDS = 8

interface At {
  readonly mirror: Mirror
  readonly finds: Finds
  readonly options: RebuildOptions
  readonly faults: Rebuilt['faults'][number][]
  /** Digests of documents that nobody but themselves placed: they have to be signed. */
  readonly claimed: Set<string>
}

/** Throws STOPPED. The caller holds the directory's lock. */
export async function rebuild(from: Mirror, options: RebuildOptions): Promise<Rebuilt> {
  const finds = from.catalog.finds()
  const at: At = { mirror: withoutNetwork(from, finds), finds, options, faults: [], claimed: new Set() }
  try {
    const dropped = await dropMissing(at)
    const { found, damaged } = await scan(at)
    for await (const place of options.claims) if (finds.has(place.sha256)) finds.addPlace(place)
    await recogniseAll(at)
    for (const kind of ['index', 'artifact'])
      for await (const page of pages<Place>(options.signal, finds.places))
        for (const place of page) await take(at, place, kind)
    for (let round = 0; round < ROUNDS; round += 1) if (!(await takeNamed(at))) break
    await at.mirror.holder.settle()
    return {
      found,
      damaged,
      dropped,
      placed: Object.fromEntries(finds.placed().map(({ repo, ...count }) => [repo, count])),
      unplaced: finds.left(),
      faults: at.faults,
    }
  } finally {
    finds.close()
  }
}

/** The same mirror with the found blobs as its upstream; nothing that was in time once is too old now. */
function withoutNetwork(mirror: Mirror, finds: Finds): Mirror {
  const client: Client = {
    async ask({ repo, url, place: asked }) {
      const place = asked === undefined ? undefined : finds.place(repo, asked.path, asked.variant)
      if (place !== undefined) return answer(mirror, url, place)
      if (asked !== undefined && mirror.catalog.refs.everywhere(repo, asked.path).some(isHeld))
        throw new MirrorError('UNREACHABLE', 'nobody is asked while the catalog is rebuilt')
      return { status: 404, headers: {}, url, body: nothing(), async discard() {} }
    },
    async close() {},
  }
  const lenient = (mounted: MountedRepo): MountedRepo => {
    const policy = { ...mounted.settings.policy, expired: 'serve' as const, staleIfError: Number.POSITIVE_INFINITY }
    return { ...mounted, settings: { ...mounted.settings, policy } }
  }
  const repos = new Map([...mirror.repos].map(([name, mounted]) => [name, lenient(mounted)]))
  return { ...mirror, client, repos, offline: false }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function answer({ store, catalog }: Mirror, url: string, { sha256, type, headers }: Place): Received {
  const { 'content-encoding': _, link: __, ...fields } = headers
  const size = catalog.blobs.get(sha256)?.size
  return {
    status: 200,
    headers: {
      ...fields,
      ...(type === '' ? {} : { 'content-type': type }),
      ...(size === undefined ? {} : { 'content-length': String(size) }),
    },
    url,
    body: store.stream(sha256),
    async discard() {},
  }
}

/** What a copy names and gc has dropped since, or a disk has lost. */
async function dropMissing({ mirror: { catalog, store }, options }: At): Promise<number> {
  let dropped = 0
  for await (const page of pages<string>(options.signal, (after) => catalog.sweeps.held(after ?? ''))) {
    for (const sha256 of page) {
      if ((await store.stat(sha256)) !== undefined) continue
      for (const ref of catalog.refs.bySha256(sha256)) {
        catalog.refs.drop(ref)
        dropped += 1
      }
      catalog.blobs.drop(sha256)
    }
  }
  catalog.touch()
  return dropped
}

async function scan({ mirror, finds, options }: At): Promise<Pick<Rebuilt, 'found' | 'damaged'>> {
  const found: Count = { items: 0, bytes: 0 }
  const damaged: string[] = []
  const queue = new PQueue({ concurrency: options.threads * 2 })
  let failure: unknown
  async function one(sha256: string): Promise<void> {
    try {
      const now = await mirror.hashing.hash(sha256, algorithms)
      const size = 'size' in now ? now.size : 0
      const row = { sha256, size, digests: {}, added: 0 }
      if (!('digests' in now) || damageOf(sha256, row, now) !== undefined) return void damaged.push(sha256)
      mirror.catalog.blobs.put(sha256, size, now.digests, mirror.now())
      finds.addBlob(sha256, size, now.digests)
      found.items += 1
      found.bytes += size
    } catch (error) {
      failure ??= error
    }
  }
  for await (const { sha256 } of mirror.store.list()) {
    if (failure !== undefined) break
    if (finds.isNamed(sha256)) continue
    await queue.onSizeLessThan(100)
    if (options.signal.aborted) break
    void queue.add(() => one(sha256))
  }
  await queue.onIdle()
  await turn(options.signal)
  if (failure !== undefined) throw failure
  return { found, damaged }
}

/** Documents that say themselves where they belong. Without a signature that is a claim, which anybody could have made. */
async function recogniseAll({ mirror, finds, options, claimed }: At): Promise<void> {
  const repos = [...mirror.repos.values()].filter(({ ecosystem }) => ecosystem.recognise !== undefined)
  if (repos.length === 0) return
  for await (const page of pages<{ sha256: string; size: number }>(options.signal, (after) =>
    finds.unplaced(after?.sha256 ?? ''),
  )) {
    for (const { sha256, size } of page) {
      if (size > LARGEST) continue
      const bytes = Buffer.concat(await Array.fromAsync(mirror.store.stream(sha256)))
      for (const { ecosystem, repo, settings } of repos) {
        for (const { path, type } of ecosystem.recognise?.(bytes, repo) ?? []) {
          const place = { repo: settings.name, path, variant: '', sha256, type, headers: {} }
          const resource = resourceOf(mirror, place)
          if (resource?.route.check === undefined && !options.recognise) continue
          if (finds.place(place.repo, place.path, '') !== undefined) continue
          finds.addPlace(place)
          if (!options.recognise) claimed.add(sha256)
        }
      }
    }
  }
}

function resourceOf({ repos }: Mirror, { repo, path, variant }: Place): Resource | undefined {
  const mounted = repos.get(repo)
  return mounted === undefined ? undefined : resourceOfRef(mounted, { path, variant })
}

async function take(at: At, place: Place, kind: string): Promise<void> {
  const resource = resourceOf(at.mirror, place)
  if (resource === undefined || resource.route.kind !== kind) return
  await turn(at.options.signal)
  try {
    if (kind === 'artifact') await takeFile(at, resource, place.sha256)
    else if (await isNewer(at, resource, place)) await takeDocument(at, resource)
  } catch (error) {
    // another repository's keys say that it is not of this one
    if (at.claimed.has(place.sha256) && asMirrorError(error).failure.exit === 4) return
    fault(at, place, error)
  }
}

function fault({ faults }: At, { repo, path }: Pick<Place, 'repo' | 'path'>, thrown: unknown): void {
  const error = asMirrorError(thrown)
  if (error.code === 'STOPPED' || error.failure.exit === 1) throw error
  if (faults.length < MOST_FAULTS) faults.push({ repo, path, error })
}

/** Of a document that is held, only bytes that came later count. */
async function isNewer({ mirror }: At, { mounted, path }: Resource, { sha256 }: Place): Promise<boolean> {
  const refs = mirror.catalog.refs.everywhere(mounted.settings.name, path).filter(isHeld)
  if (refs.length === 0) return true
  if (refs.some((ref) => ref.sha256 === sha256)) return false
  const modified = (await mirror.store.stat(sha256))?.modified ?? 0
  return refs.every(({ fetched }) => modified > fetched)
}

async function takeDocument({ mirror, claimed }: At, resource: Resource): Promise<void> {
  const scope = clientScope({ revalidate: true, onlyIfCached: false })
  const obtained = await obtainDocument(mirror, resource, scope)
  if (obtained === undefined) return
  if (claimed.has(obtained.ref.sha256) && obtained.ref.proof !== 'signature') {
    mirror.catalog.refs.drop(obtained.ref)
    return
  }
  await readDocument(mirror, resource, obtained.ref, (other, type) => besideDocs(mirror, other, type, clientScope()))
  // whether it is what upstream has now nobody knows: it is asked at the next use
  mirror.catalog.refs.checked(obtained.ref, 0)
}

async function takeFile({ mirror }: At, resource: Resource, sha256: string): Promise<void> {
  const { name } = resource.mounted.settings
  if (mirror.catalog.refs.everywhere(name, resource.path).some(isHeld)) return
  const scope = clientScope()
  const stated = await sayings(mirror, resource, scope, 0)
  const digests = { ...mirror.catalog.blobs.get(sha256)?.digests, sha256 }
  if (compareDigests(stated.entry.digests ?? {}, digests) === 'different')
    throw new MirrorError('WRONG_DIGEST', `${resource.path} was placed with other bytes than are stated of it`, {
      path: resource.path,
    })
  const entry = { ...stated.entry, digests: { ...stated.entry.digests, sha256 } }
  const found = await obtainArtifact(mirror, resource, scope, { ...stated, entry })
  if ('arriving' in found) await found.arriving.landed
}

/** Files and documents that what is held states digests of. True when something was found. */
async function takeNamed(at: At): Promise<boolean> {
  const { mirror, finds, options } = at
  let some = false
  for await (const page of pages<Named>(options.signal, finds.named)) {
    for (const { repo, path, digests } of page) {
      const sha256 = foundBy(finds, digests)
      const place = sha256 && { repo, path, variant: '', sha256, type: '', headers: {} }
      const resource = place && resourceOf(mirror, place)
      if (!place || !resource) continue
      try {
        finds.addPlace(place)
        if (resource.route.kind === 'artifact' && generationKey(resource) === undefined)
          await takeFile(at, resource, place.sha256)
        else await takeDocument(at, resource)
        some ||= mirror.catalog.refs.everywhere(repo, path).some(isHeld)
      } catch (error) {
        fault(at, place, error)
      }
    }
  }
  return some
}

/** By the strongest digest that is stated. */
function foundBy(finds: Finds, digests: Named['digests']): string | undefined {
  const [strongest] = Object.entries(digests)
    .filter(([algorithm]) => strength(algorithm) > 0)
    .sort(([a], [b]) => strength(b) - strength(a))
  return strongest === undefined ? undefined : finds.byDigest(...strongest)
}
