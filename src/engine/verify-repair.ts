// Repairing what verification found damaged: the paths and their bytes are dropped, then obtained as any client would,
// documents first, because they vouch for the rest.

import PQueue from 'p-queue'
import { type HeldRef, isHeld } from '../catalog/rows.ts'
import { asMirrorError, type Code, MirrorError } from '../errors.ts'
import { hashers } from '../formats/digest.ts'
import type { Mirror } from './mirror.ts'
import { besideDocs, obtainArtifact, obtainDocument } from './obtain.ts'
import { readDocument } from './read.ts'
import { type Resource, readingScope, resourceOfRef } from './resolve.ts'
import { clientScope } from './scope.ts'
import { turn } from './turns.ts'
import type { Verified, Verifying } from './verify.ts'

export interface Damaged {
  readonly ref: HeldRef
  /** Its very bytes are damaged, and so whatever else names them. */
  readonly blob: boolean
  /** Only a snapshot names it: it is not fetched, because upstream has moved on. */
  readonly past?: true
  readonly failed: Verified & { readonly error: MirrorError }
}

/** What fetching again can mend; a wrong signature over the right bytes it cannot. */
const mendable: ReadonlySet<Code> = new Set<Code>(['DAMAGED', 'WRONG_DIGEST', 'WRONG_LENGTH'])

/** Paths fetched again at once. */
const AT_ONCE = 8

export async function repair(at: Verifying): Promise<void> {
  const hopeless = at.damaged.filter(({ failed }) => !mendable.has(failed.error.code))
  for (const { failed } of hopeless) at.tell(failed, 0)
  const broken = withSharers(
    at.mirror,
    at.damaged.filter(({ failed }) => mendable.has(failed.error.code)),
  )
  const left = await takeElsewhere(at, broken)
  const all = left.filter(({ past }) => past === undefined)
  for (const { failed } of left.filter(({ past }) => past !== undefined)) at.tell(failed, 0)
  // asked before, because a root that is fetched again begins a new generation
  const served = new Set(all.filter(({ ref }) => isServed(at.mirror, ref)))
  const bad = new Set(all.filter(({ blob }) => blob).map(({ ref }) => ref.sha256))
  // before the catalog lets go of them: damaged bytes that no path names any more would be taken for good ones
  for (const sha256 of bad) await at.mirror.store.delete(sha256)
  for (const one of all) {
    await turn(at.options.signal)
    drop(at.mirror, one)
  }
  for (const sha256 of bad) at.mirror.catalog.blobs.drop(sha256)
  for (const one of all) if (one.ref.kind === 'index') await again(at, one, served.has(one))
  const queue = new PQueue({ concurrency: AT_ONCE })
  for (const one of all) if (one.ref.kind !== 'index') void queue.add(() => again(at, one, served.has(one)))
  await queue.onIdle()
  await at.mirror.holder.settle()
}

/** Puts the very bytes in place that lie elsewhere, and returns what is left to be fetched. */
async function takeElsewhere(at: Verifying, damaged: readonly Damaged[]): Promise<readonly Damaged[]> {
  const { elsewhere, signal } = at.options
  if (elsewhere === undefined) return damaged
  const mended = new Set<string>()
  for (const { ref, blob } of damaged) {
    await turn(signal)
    if (!blob || mended.has(ref.sha256)) continue
    for (const bytes of elsewhere(ref)) {
      if (!(await putIfEqual(at.mirror, ref, bytes()))) continue
      mended.add(ref.sha256)
      break
    }
  }
  const isMended = ({ ref, blob }: Damaged): boolean => blob && mended.has(ref.sha256)
  for (const { failed } of damaged.filter(isMended)) at.tell({ ...failed, repaired: true }, 0)
  return damaged.filter((one) => !isMended(one))
}

/** Hashed while they are copied; other bytes than those that are wanted are nothing to anybody. */
async function putIfEqual(
  { catalog, store, now }: Mirror,
  { sha256 }: HeldRef,
  bytes: AsyncIterable<Uint8Array>,
): Promise<boolean> {
  try {
    const staged = await store.stage()
    try {
      const hash = hashers(['sha256'])
      for await (const piece of bytes) {
        hash.update(piece)
        await staged.write([piece])
      }
      if (hash.digests().sha256 !== sha256) return false
      await staged.commit(sha256)
      await store.flush([sha256])
      if (catalog.blobs.get(sha256) === undefined) catalog.blobs.put(sha256, staged.size, {}, now())
      catalog.touch()
      return true
    } finally {
      await staged.release()
    }
  } catch (error) {
    // what cannot be read there is not there
    if (asMirrorError(error).code === 'DISK_FULL') throw error
    return false
  }
}

/** Damaged bytes are damaged for whoever else names them, in repositories that were not looked at too. */
function withSharers({ catalog }: Mirror, damaged: readonly Damaged[]): readonly Damaged[] {
  const all = new Map(damaged.map((one) => [keyOf(one.ref), one]))
  for (const { ref, blob, failed } of damaged) {
    if (!blob) continue
    for (const other of catalog.refs.bySha256(ref.sha256)) {
      if (!isHeld(other) || all.has(keyOf(other))) continue
      const { repo, path, size, proof, proven } = other
      all.set(keyOf(other), { ref: other, blob, failed: { ...failed, repo, path, bytes: size, proof, proven } })
    }
  }
  return [...all.values()]
}

const keyOf = ({ repo, path, variant, generation }: HeldRef): string =>
  JSON.stringify([repo, path, variant, generation])

function resourceOf({ repos }: Mirror, ref: HeldRef): Resource | undefined {
  const mounted = repos.get(ref.repo)
  return mounted === undefined ? undefined : resourceOfRef(mounted, ref)
}

function drop(mirror: Mirror, { ref }: Damaged): void {
  const { refs, facts, generations } = mirror.catalog
  const resource = resourceOf(mirror, ref)
  const reading = resource === undefined ? undefined : facts.reading(ref.repo, readingScope(resource), ref.sha256)
  mirror.catalog.atomically(() => {
    // one that waits is made anew as a whole when upstream is asked next
    if (generations.byId(ref.generation)?.state === 'waiting') generations.drop(ref.generation)
    refs.drop(ref)
    if (reading !== undefined) facts.drop(reading)
  })
  mirror.catalog.touch()
}

async function again(at: Verifying, { ref, failed }: Damaged, served: boolean): Promise<void> {
  const started = performance.now()
  const { mirror } = at
  try {
    const resource = resourceOf(mirror, ref)
    if (resource === undefined) throw new MirrorError('CONFIG', `the repository ${ref.repo} is not configured`)
    if (served) await obtain(mirror, resource)
    mirror.catalog.refs.used([{ repo: ref.repo, path: ref.path, hits: ref.hits, used: ref.used }])
    at.tell({ ...failed, repaired: true }, performance.now() - started)
  } catch (cause) {
    const message = `${failed.error.message}; fetching it again failed: ${asMirrorError(cause).message}`
    const hint = 'It is not held any more; sync again when the upstream can be reached.'
    const error = new MirrorError('DAMAGED', message, { path: ref.path, cause, hint })
    at.tell({ ...failed, error }, performance.now() - started)
  }
}

/** What a former generation held is only dropped: upstream has moved on. */
function isServed({ catalog }: Mirror, { generation }: HeldRef): boolean {
  return generation === 0 || catalog.generations.byId(generation)?.state === 'current'
}

async function obtain(mirror: Mirror, resource: Resource): Promise<void> {
  const scope = clientScope()
  if (resource.route.kind === 'artifact') {
    const found = await obtainArtifact(mirror, resource, scope)
    if ('arriving' in found) await found.arriving.landed
    return
  }
  const obtained = await obtainDocument(mirror, resource, scope)
  if (obtained === undefined) throw new MirrorError('NOT_FOUND', `upstream has no ${resource.path} any more`)
  await readDocument(mirror, resource, obtained.ref, (other, type) => besideDocs(mirror, other, type, scope))
}
