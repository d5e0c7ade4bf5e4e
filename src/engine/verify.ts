// Proves again, without asking upstream, what is held: every blob is hashed once, and each path that names it is held
// against what vouches for it. What is damaged can be fetched again.

import PQueue from 'p-queue'
import { type BlobRow, type HeldRef, isHeld, type Proof } from '../catalog/rows.ts'
import type { Digests } from '../contract.ts'
import { asMirrorError, MirrorError } from '../errors.ts'
import { strength } from '../formats/digest.ts'
import { createHashing, type Found, type Hashing } from './hashing.ts'
import type { Mirror } from './mirror.ts'
import { resourceOfRef } from './resolve.ts'
import { type Said, said } from './said.ts'
import { clientScope } from './scope.ts'
import { pages } from './turns.ts'
import { damageOf } from './verify-damage.ts'
import { type Memories, prove, type Stated } from './verify-ref.ts'
import { type Damaged, repair } from './verify-repair.ts'
import { verifyViews } from './verify-views.ts'

export interface VerifyOptions {
  /** Only this repository. */
  readonly repo?: string
  /** How much of it, at random: above 0, up to 1. */
  readonly sample: number
  /** Fetch again what is damaged; the caller holds the directory's lock. */
  readonly repair: boolean
  /** Bytes that lie elsewhere and may be those of a damaged path: looked at before upstream is asked. */
  readonly elsewhere?: (ref: HeldRef) => Iterable<() => AsyncIterable<Uint8Array>>
  readonly signal: AbortSignal
  /** Hashing threads. */
  readonly threads: number
  /** 0 to 1, like Math.random. */
  random(): number
  /** Told of every path that was looked at. */
  item(item: Verified): void
}

export interface Verified {
  readonly repo: string
  readonly path: string
  readonly bytes: number
  readonly proof: Proof
  /** The proof in words. */
  readonly proven: string
  /** No document that is held names it any more. */
  readonly unnamed: boolean
  /** What is, or was, wrong with it. */
  readonly error?: MirrorError
  /** Was wrong, and was fetched again. */
  readonly repaired?: boolean
}

/** What one verification works with. */
export interface Verifying {
  readonly mirror: Mirror
  readonly options: VerifyOptions
  readonly hashing: Hashing
  readonly memories: Memories
  /** What is to be repaired. */
  readonly damaged: Damaged[]
  tell(item: Verified, milliseconds: number): void
}

/** Throws STOPPED when the signal is raised; what is wrong is told by `item`. */
export async function verify(mirror: Mirror, options: VerifyOptions): Promise<void> {
  const hashing = createHashing(mirror.store, options.threads)
  const at: Verifying = {
    mirror,
    options,
    hashing,
    memories: new Map(),
    damaged: [],
    tell(item, milliseconds) {
      options.item(item)
      const { repo, path, proof, error, repaired } = item
      const outcome = repaired === true ? 'fetched' : error === undefined ? 'held' : 'failed'
      const failure = error === undefined || repaired === true ? {} : { error }
      mirror.events.emit({ type: 'finished', repo, path, outcome, bytes: 0, milliseconds, proof, ...failure })
    },
  }
  announce(at)
  try {
    await verifyBlobs(at)
    await verifyViews(at)
    if (options.repair) await repair(at)
  } finally {
    await hashing.close()
  }
}

/** For progress: what is to be looked at, as far as that is known before. */
function announce({ mirror, options }: Verifying): void {
  for (const { repo, refs, bytes } of mirror.catalog.refs.totals()) {
    if (options.repo !== undefined && repo !== options.repo) continue
    const share = (of: number): number => Math.round(of * options.sample)
    mirror.events.emit({ type: 'planned', repo, items: share(refs), bytes: share(bytes) })
  }
}

async function verifyBlobs(at: Verifying): Promise<void> {
  const { mirror, options } = at
  const queue = new PQueue({ concurrency: options.threads * 4 })
  let failure: unknown
  async function one(sha256: string): Promise<void> {
    try {
      await verifyBlob(at, sha256)
    } catch (error) {
      failure ??= error
      queue.clear()
    }
  }
  try {
    for await (const page of pages<string>(options.signal, (after) =>
      mirror.catalog.sweeps.held(after ?? '', options.repo),
    )) {
      for (const sha256 of page) {
        if (options.sample < 1 && options.random() >= options.sample) continue
        if (failure !== undefined) throw failure
        await queue.onSizeLessThan(100)
        void queue.add(() => one(sha256))
      }
    }
  } catch (error) {
    failure ??= error
    queue.clear()
  }
  await queue.onIdle()
  if (failure !== undefined) throw failure
}

const refsOf = ({ mirror, options }: Verifying, sha256: string): readonly HeldRef[] =>
  mirror.catalog.refs
    .bySha256(sha256)
    .filter((ref): ref is HeldRef => isHeld(ref) && (options.repo === undefined || ref.repo === options.repo))

async function verifyBlob(at: Verifying, sha256: string): Promise<void> {
  const started = performance.now()
  const { mirror, options } = at
  const row = mirror.catalog.blobs.get(sha256)
  const all = refsOf(at, sha256).map((ref) => stated(at, ref))
  const [first] = all
  if (first === undefined) return verifyPast(at, sha256)
  const found = await at.hashing.hash(sha256, algorithmsOf(row, all))
  // that no more files can be opened says nothing of this one
  if ('broken' in found && found.broken.code === 'TOO_MANY_FILES') throw found.broken
  const size = 'size' in found ? found.size : 0
  mirror.events.emit({ type: 'progress', repo: first.ref.repo, path: first.ref.path, bytes: size })
  const damage = damageOf(sha256, row, found)
  // dropped while it was hashed, by a gc or a sync beside this
  const there = damage === undefined ? undefined : new Set(refsOf(at, sha256).map(keyOf))
  for (const one of all) {
    if (there !== undefined && !there.has(keyOf(one.ref))) continue
    const item = await verified(at, one, found, damage)
    const later = item.error !== undefined && options.repair
    if (!later) at.tell(item, performance.now() - started)
  }
}

/** Bytes that only snapshots name: they have to be as they came; who vouched for them then may be gone. */
async function verifyPast(at: Verifying, sha256: string): Promise<void> {
  const started = performance.now()
  const { mirror, options } = at
  const ref = mirror.catalog.refs
    .past(sha256)
    .filter(isHeld)
    .find(({ repo }) => options.repo === undefined || repo === options.repo)
  if (ref === undefined) return
  const row = mirror.catalog.blobs.get(sha256)
  const found = await at.hashing.hash(sha256, algorithmsOf(row, []))
  if ('broken' in found && found.broken.code === 'TOO_MANY_FILES') throw found.broken
  const damage = damageOf(sha256, row, found)
  // the snapshot was dropped meanwhile, and gc came by
  if (damage !== undefined && mirror.catalog.refs.past(sha256).length === 0) return
  const { repo, path, size, proof } = ref
  const item: Verified = { repo, path, bytes: size, proof, proven: `${ref.proven}, for a snapshot`, unnamed: false }
  mirror.events.emit({ type: 'progress', repo, path, bytes: size })
  if (damage === undefined) return at.tell(item, performance.now() - started)
  const message = `${path}, as a snapshot has it, is damaged: ${damage}`
  const hint =
    'Upstream may have other bytes by now: `pkgmirror verify --repair --from DIRECTORY` takes it from a copy.'
  const failed = { ...item, error: new MirrorError('DAMAGED', message, { path, hint }) }
  if (options.repair) at.damaged.push({ ref, blob: true, past: true, failed })
  else at.tell(failed, performance.now() - started)
}

const keyOf = ({ repo, path, variant, generation }: HeldRef): string =>
  JSON.stringify([repo, path, variant, generation])

type Known = { readonly ref: HeldRef } & (Stated | { readonly failure: MirrorError | undefined })

/** What is said of a ref; a failure when that cannot be said, none when its repository is not configured. */
function stated({ mirror }: Verifying, ref: HeldRef): Known {
  const mounted = mirror.repos.get(ref.repo)
  const resource = mounted === undefined ? undefined : resourceOfRef(mounted, ref)
  if (resource === undefined) return { ref, failure: undefined }
  try {
    return { ref, resource, said: said(mirror, resource, clientScope(), ref.generation) }
  } catch (error) {
    return { ref, failure: asMirrorError(error) }
  }
}

/** Every digest that anybody stated of the bytes, as far as it is computed here. */
function algorithmsOf(row: BlobRow | undefined, all: readonly Known[]): readonly string[] {
  const digests = all.flatMap((one) => ('said' in one ? Object.keys(digestsOf(one.said)) : []))
  return [...new Set(['sha256', ...Object.keys(row?.digests ?? {}), ...digests])].filter((name) => strength(name) > 0)
}

const digestsOf = (said: Said): Digests => said.entry.digests ?? {}

async function verified(at: Verifying, one: Known, found: Found, damage: string | undefined): Promise<Verified> {
  const { repo, path, size, proof, proven } = one.ref
  const plain = { repo, path, bytes: size, proof, proven, unnamed: false }
  try {
    if (damage !== undefined) throw new MirrorError('DAMAGED', `${path} is damaged: ${damage}`, { path })
    if ('failure' in one && one.failure !== undefined) throw one.failure
    if (!('said' in one) || !('size' in found)) return plain
    const now = await prove(at.mirror, one, found, at.memories)
    return { ...plain, proof: now.proof, proven: now.words, unnamed: now.unnamed }
  } catch (thrown) {
    const error = asMirrorError(thrown)
    if (error.code === 'STOPPED' || error.code === 'DISK_FULL') throw error
    const failed = { ...plain, error }
    if (at.options.repair) at.damaged.push({ ref: one.ref, blob: damage !== undefined, failed })
    return failed
  }
}
