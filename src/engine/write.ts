// Bytes that are made here, on their way into the store.

import type { Bytes, Digests } from '../contract.ts'
import { hashers } from '../formats/digest.ts'
import type { Staged } from '../store/store.ts'

export interface Made {
  readonly sha256: string
  readonly size: number
  /** sha256, and those that were asked for. */
  readonly digests: Digests
}

/** Stages a body, with `hashes` computed beside its sha256. Committing it is the caller's. */
export async function write(staged: Staged, body: Bytes, hashes: readonly string[] = []): Promise<Made> {
  const hash = hashers(['sha256', ...hashes])
  for await (const piece of body instanceof Uint8Array ? [body] : body) {
    hash.update(piece)
    await staged.write([piece])
  }
  const digests = hash.digests()
  return { sha256: digests.sha256 ?? '', size: staged.size, digests }
}
