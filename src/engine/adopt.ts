// Taking over files that lie elsewhere: a cache, another mirror, a plain tree. Every file is hashed; those whose digest a held
// index or lockfile states are obtained as if upstream had sent them, so that signatures, digests and rules decide as ever.
// What nobody vouches for is left.

import PQueue from 'p-queue'
import type { Finds, Named, Place } from '../catalog/finds.ts'
import { isHeld, type Proof } from '../catalog/rows.ts'
import type { Entry } from '../contract.ts'
import { asMirrorError, MirrorError } from '../errors.ts'
import type { Client } from '../upstream/client.ts'
import type { Count } from './gc-state.ts'
import type { Mirror, MountedRepo } from './mirror.ts'
import { obtainArtifact, sayings } from './obtain.ts'
import { algorithms, foundBy } from './rebuild.ts'
import { resolve, resourceOfRef } from './resolve.ts'
import { clientScope } from './scope.ts'
import { pages, turn } from './turns.ts'

/** A file that is offered: where it lies, and its path below what was named, with slashes. */
export interface Offered {
  readonly file: string
  readonly path: string
}

export interface AdoptOptions {
  readonly files: AsyncIterable<Offered>
  bytes(file: string): AsyncIterable<Uint8Array>
  /** The repository whose own layout the tree has: its paths are those of the tree, for files whose digest no index states. */
  readonly layout: MountedRepo | undefined
  readonly dryRun: boolean
  readonly signal: AbortSignal
  /** Files hashed at once. */
  readonly threads: number
  told(item: AdoptItem): void
}

/** `left`: nothing that is held vouches for it. `held`: the mirror has these bytes already. */
export type AdoptItem =
  | {
      readonly what: 'taken'
      readonly file: string
      readonly bytes: number
      readonly repo: string
      readonly path: string
      readonly proof?: Proof
    }
  | {
      readonly what: 'refused'
      readonly file: string
      readonly bytes: number
      readonly repo: string
      readonly path: string
      readonly error: MirrorError
    }
  | { readonly what: 'left' | 'held'; readonly file: string; readonly bytes: number }
  | { readonly what: 'unreadable'; readonly file: string; readonly error: MirrorError }

export type Adopted = Readonly<Record<AdoptItem['what'], Count>>

interface At {
  readonly mirror: Mirror
  readonly finds: Finds
  readonly options: AdoptOptions
  /** Tells of an item and counts it. */
  tell(item: AdoptItem): void
  /** Digests that were told of. */
  readonly told: Set<string>
}

/** Throws STOPPED, and what is wrong with the disk. The caller holds the directory's lock. */
export async function adopt(from: Mirror, options: AdoptOptions): Promise<Adopted> {
  const finds = from.catalog.finds()
  const counts = Object.fromEntries(
    (['taken', 'refused', 'left', 'held', 'unreadable'] as const).map((what) => [what, { items: 0, bytes: 0 }]),
  ) as Record<AdoptItem['what'], Count>
  const tell = (item: AdoptItem): void => {
    counts[item.what].items += 1
    counts[item.what].bytes += 'bytes' in item ? item.bytes : 0
    options.told(item)
  }
  const at: At = { mirror: withFiles(from, finds, options), finds, options, tell, told: new Set() }
  try {
    await hashAll(at, tell)
    for await (const page of pages<Named>(options.signal, finds.named))
      for (const { repo, path, digests } of page) {
        const sha256 = foundBy(finds, digests)
        // several documents may name it
        if (sha256 !== undefined && !at.told.has(sha256)) await take(at, { ...plain, repo, path, sha256 })
      }
    for await (const page of pages<Place>(options.signal, finds.places))
      for (const place of page) if (!at.told.has(place.sha256)) await take(at, place)
    await at.mirror.holder.settle()
    for await (const page of pages<{ sha256: string; size: number }>(options.signal, (after) =>
      finds.unplaced(after?.sha256 ?? ''),
    ))
      for (const { sha256, size } of page) {
        if (!at.told.has(sha256)) tell({ what: 'left', file: finds.fileOf(sha256)?.file ?? '', bytes: size })
      }
    return counts
  } finally {
    finds.close()
  }
}

/** Files that a sync takes in place of what it would fetch. */
export interface Offer {
  /** Asks upstream for everything but what is there. */
  readonly mirror: Mirror
  /** Told of each entry before it is obtained. */
  offer(repo: string, entry: Entry): void
  /** What came from the files so far. */
  readonly taken: Count
  close(): void
}

/** Hashes all files. Throws STOPPED. */
export async function offerFiles(
  from: Mirror,
  options: Omit<AdoptOptions, 'told' | 'dryRun' | 'layout'>,
): Promise<Offer> {
  const finds = from.catalog.finds()
  const taken: Count = { items: 0, bytes: 0 }
  const mirror = withFiles(from, finds, options, (size) => {
    taken.items += 1
    taken.bytes += size
  })
  try {
    await hashAll({ mirror, finds, options: { ...options, layout: undefined } }, () => undefined)
  } catch (error) {
    finds.close()
    throw error
  }
  return {
    mirror,
    offer(repo, { path, digests }) {
      const sha256 = digests === undefined ? undefined : foundBy(finds, digests)
      if (sha256 !== undefined) finds.addPlace({ ...plain, repo, path, sha256 })
    },
    taken,
    close: finds.close,
  }
}

const plain = { variant: '', type: '', headers: {} }

/** The same mirror, whose upstream is asked for everything but what was found. */
function withFiles(
  mirror: Mirror,
  finds: Finds,
  { bytes }: Pick<AdoptOptions, 'bytes'>,
  answered: (size: number) => void = () => undefined,
): Mirror {
  const client: Client = {
    async ask(ask) {
      const place = ask.place === undefined ? undefined : finds.place(ask.repo, ask.place.path, ask.place.variant)
      const found = place === undefined ? undefined : finds.fileOf(place.sha256)
      if (found !== undefined) {
        answered(found.size)
        return { status: 200, headers: {}, url: ask.url, body: bytes(found.file), async discard() {} }
      }
      if (!mirror.offline) return mirror.client.ask(ask)
      throw new MirrorError('UNREACHABLE', 'upstreams are not asked: this is offline')
    },
    close: mirror.client.close,
  }
  return { ...mirror, client, offline: false }
}

async function hashAll(
  {
    mirror,
    finds,
    options,
  }: Pick<At, 'mirror' | 'finds'> & { readonly options: Omit<AdoptOptions, 'told' | 'dryRun'> },
  tell: (item: AdoptItem) => void,
): Promise<void> {
  const queue = new PQueue({ concurrency: options.threads * 2 })
  async function one({ file, path }: Offered): Promise<void> {
    const found = await mirror.hashing.file(file, algorithms)
    if (!('digests' in found)) {
      const why = 'broken' in found ? found.broken.message : 'it is not there any more'
      tell({ what: 'unreadable', file, error: new MirrorError('UNREADABLE', `cannot be read: ${why}`, { file }) })
      return
    }
    const { size, digests } = found
    const sha256 = digests.sha256 ?? ''
    if (mirror.catalog.refs.bySha256(sha256).length > 0) {
      tell({ what: 'held', file, bytes: size })
      return
    }
    finds.addBlob(sha256, size, digests, file)
    const repo = options.layout
    if (repo !== undefined && resolve(repo, `/${path}`)?.route.kind === 'artifact')
      finds.addPlace({ ...plain, repo: repo.settings.name, path: `/${path}`, sha256 })
  }
  let failure: unknown
  for await (const offered of options.files) {
    await queue.onSizeLessThan(100)
    if (options.signal.aborted || failure !== undefined) break
    void queue.add(() =>
      one(offered).catch((error: unknown) => {
        failure ??= error
      }),
    )
  }
  await queue.onIdle()
  await turn(options.signal)
  if (failure !== undefined) throw failure
}

async function take(at: At, place: Place): Promise<void> {
  const { mirror, finds, options, tell, told } = at
  const { repo, path, sha256 } = place
  const mounted = mirror.repos.get(repo)
  const resource = mounted === undefined ? undefined : resourceOfRef(mounted, place)
  if (resource === undefined || resource.route.kind !== 'artifact') return
  const { refs } = mirror.catalog
  if (refs.everywhere(repo, path).some(isHeld)) return
  const { file = '', size = 0 } = finds.fileOf(sha256) ?? {}
  const about = { file, bytes: size, repo, path }
  await turn(options.signal)
  try {
    const scope = clientScope()
    const stated = await sayings(mirror, resource, scope, 0)
    // a tree's own word for a path is nothing that vouches for it
    if (stated.proof === undefined) return
    told.add(sha256)
    if (!options.dryRun) {
      finds.addPlace(place)
      const found = await obtainArtifact(mirror, resource, scope, stated)
      if ('arriving' in found) await found.arriving.landed
    }
    tell({ what: 'taken', ...about, proof: stated.proof })
  } catch (thrown) {
    const error = asMirrorError(thrown)
    if (error.code === 'STOPPED' || error.failure.exit === 1) throw error
    // no index of now names it: those of a suite count once a sync has shown them
    if (error.code === 'NOT_FOUND') return
    told.add(sha256)
    tell({ what: 'refused', ...about, error })
  }
}
