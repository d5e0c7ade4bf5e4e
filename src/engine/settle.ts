// Bytes that have arrived whole: checked, kept, read, recorded. What fails any of it is not kept.

import type { HeldRef, Proof } from '../catalog/rows.ts'
import { MirrorError } from '../errors.ts'
import type { Staged } from '../store/store.ts'
import { type Checked, checked } from './checked.ts'
import { type DocHead, heldDoc, stagedDoc } from './doc.ts'
import type { Arrived } from './download.ts'
import { demand, kept, refOf, typeOf } from './held-ref.ts'
import { updated } from './http-cache.ts'
import type { Mirror } from './mirror.ts'
import type { Fetched, Settling } from './obtained.ts'
import { forgetReading, readDocument, readForHolding } from './read.ts'
import type { Resource } from './resolve.ts'
import type { Said } from './said.ts'
import { trimVariants } from './variants.ts'

export async function settle(
  mirror: Mirror,
  settling: Settling,
  arrived: Arrived,
  release: () => void,
): Promise<Fetched> {
  const { resource, space, before, beside } = settling
  if (arrived.body === undefined) {
    if (before === undefined)
      throw new MirrorError('UPSTREAM_STATUS', `upstream answered 304 for ${resource.path}, of which nothing is held`)
    return unchanged(mirror, settling, before, updated(before.headers, kept(arrived.headers)))
  }
  const { staged, size, digests } = arrived.body
  if (before?.sha256 === digests.sha256) return unchanged(mirror, settling, before, kept(arrived.headers))
  const head: DocHead = {
    path: resource.path,
    url: arrived.url,
    type: typeOf(arrived.headers),
    size,
    digests,
    headers: arrived.headers,
  }
  const own = await ownDigests(resource, head, staged, settling.stated)
  const along = await beside(head.type)
  const doc = stagedDoc({ ...head, digests: { ...digests, ...own } }, staged, along)
  const trust = await checked(mirror, settling, doc)
  mayReplace(settling, trust)
  const ref = refOf(mirror, settling, head, trust, arrived.url)
  demand(resource, ref)
  if (settling.unkept) {
    release()
    return { ref, state: 'miss', outcome: 'fetched' }
  }
  const readFirst = resource.route.kind === 'index' && resource.route.read !== undefined
  if (!readFirst) release()
  if (settling.behind) await mirror.holder.gather()
  await staged.commit(digests.sha256)
  if (readFirst) {
    // who shows it while it arrives has what is checked; nobody else follows it
    release()
    await settling.ahead?.(ref)
  }
  const also = readFirst ? await readForHolding(mirror, resource, ref, async () => along) : undefined
  await mirror.holder.hold({
    blobs: [{ sha256: digests.sha256, size, digests: { ...digests, ...own } }],
    refs: [ref],
    ...(also === undefined ? {} : { also }),
  })
  if (!readFirst) await readDocument(mirror, resource, ref, async () => along)
  if (ref.variant !== resource.asked) trimVariants(mirror, ref.repo, ref.path, resource.asked)
  if (before !== undefined && space.generation === 0) forgetReading(mirror, resource, before.sha256)
  return { ref, state: 'miss', outcome: 'fetched' }
}

/** Bytes that a rule pins, or that were vouched for, are not replaced by ones that nobody vouches for. */
function mayReplace({ resource, stated, before }: Settling, { proven }: Checked): void {
  const { path, mounted } = resource
  if (before === undefined || stated.proof !== undefined) return
  const facts = { path, repo: mounted.settings.name, held: before.sha256 }
  if (mounted.rules.mode(path) === 'pinned')
    throw new MirrorError('REPLACED', `upstream has other bytes at ${path}, which is pinned as first seen`, facts)
  const unproven = proven === undefined && resource.route.unvouched === 'changes'
  if (unproven && vouched.has(before.proof) && mounted.rules.mode(path) !== 'revalidate')
    throw new MirrorError(
      'REPLACED',
      `${path} was proven by ${before.proof}, and nobody vouches for what upstream has now`,
      facts,
    )
}

const vouched: ReadonlySet<Proof> = new Set(['signature', 'digest', 'lockfile'])

/** The bytes are those we hold: they are checked again, for time passes, and the validation time and upstream's validators are renewed. */
async function unchanged(
  mirror: Mirror,
  settling: Settling,
  before: HeldRef,
  headers: Readonly<Record<string, string>>,
): Promise<Fetched> {
  const { asked } = settling
  await checked(mirror, settling, heldDoc(mirror, before, await settling.beside(before.type)), false)
  if (before.generation === settling.space.generation) mirror.catalog.refs.checked(before, asked, headers)
  return { ref: { ...before, checked: asked, headers }, state: 'revalidated', outcome: 'unchanged' }
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
