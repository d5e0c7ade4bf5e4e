// Bytes that snapshots alone still hold: hashed like the others. What vouched for them was proven when they came; fetching them
// again is not for a repair, since upstream has something else there by now.

import type { PastBlob } from '../catalog/sweeps.ts'
import { MirrorError } from '../errors.ts'
import { pages } from './turns.ts'
import type { Verified, Verifying } from './verify.ts'
import { damageOf } from './verify-damage.ts'

export async function verifyPast(at: Verifying): Promise<void> {
  const { mirror, options } = at
  for await (const page of pages<PastBlob>(options.signal, (after) =>
    mirror.catalog.sweeps.heldInPast(after?.sha256 ?? '', options.repo),
  )) {
    const chosen = page.filter(() => options.sample === 1 || options.random() < options.sample)
    await Promise.all(chosen.map((blob) => verifyOne(at, blob)))
  }
}

async function verifyOne(at: Verifying, { sha256, repo, path, size, proof, proven }: PastBlob): Promise<void> {
  const started = performance.now()
  const { catalog } = at.mirror
  const row = catalog.blobs.get(sha256)
  const found = await at.hashing.hash(sha256, ['sha256', ...Object.keys(row?.digests ?? {})])
  if ('broken' in found && found.broken.code === 'TOO_MANY_FILES') throw found.broken
  const damage = damageOf(sha256, row, found)
  const item: Verified = { repo, path, bytes: size, proof, proven, unnamed: false }
  if (damage === undefined) return at.tell(item, performance.now() - started)
  // released while it was hashed
  if (!catalog.snapshots.hold(repo, sha256)) return undefined
  const error = new MirrorError('DAMAGED', `${path}, as snapshots alone hold it, is damaged: ${damage}`, {
    path,
    hint: 'Upstream has other bytes there by now; remove the snapshots that have it, or restore the blob from a backup.',
  })
  return at.tell({ ...item, error }, performance.now() - started)
}
