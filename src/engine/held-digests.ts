// Whether held bytes have digests that somebody states now: by those that were computed when they came, else by computing
// them of the bytes.

import type { HeldRef } from '../catalog/rows.ts'
import type { Digests } from '../contract.ts'
import { compareDigests, strength } from '../formats/digest.ts'
import { digestsFound } from './hashing.ts'
import type { Mirror } from './mirror.ts'

/** Do the bytes have all of these? What is computed is kept with them. */
export async function hasDigests(mirror: Mirror, ref: HeldRef, stated: Digests): Promise<boolean> {
  const { blobs } = mirror.catalog
  const known: Digests = { ...blobs.get(ref.sha256)?.digests, sha256: ref.sha256 }
  if (compareDigests(stated, known) === 'different') return false
  const unknown = Object.keys(stated).filter((algorithm) => known[algorithm] === undefined && strength(algorithm) > 0)
  if (unknown.length === 0) return true
  const found = digestsFound(await mirror.hashing.hash(ref.sha256, unknown), ref.sha256)
  const digests = { ...known, ...found }
  blobs.put(ref.sha256, ref.size, digests, mirror.now())
  return compareDigests(stated, digests) === 'equal'
}
