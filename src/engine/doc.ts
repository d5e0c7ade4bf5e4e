// Docs: held or staged bytes with what is known of them.

import type { Catalog } from '../catalog/catalog.ts'
import type { HeldRef } from '../catalog/rows.ts'
import type { Digests, Doc } from '../contract.ts'
import { MirrorError } from '../errors.ts'
import type { Staged, Store } from '../store/store.ts'

/** Everything of a Doc but its bytes: plain data that may cross to a thread. */
export type DocHead = Omit<Doc, 'beside' | 'bytes' | 'stream'>

/** The largest document that is ever taken into memory whole; larger ones must be streamed. */
const WHOLE_LIMIT = 256 * 1024 * 1024

export function doc(head: DocHead, stream: Doc['stream'], beside: ReadonlyMap<string, Doc> = new Map()): Doc {
  return {
    ...head,
    beside,
    stream,
    async bytes() {
      if (head.size > WHOLE_LIMIT) {
        throw new MirrorError('TOO_LARGE', `${head.path} has ${head.size} bytes, too many for one piece`, {
          path: head.path,
        })
      }
      const whole = new Uint8Array(head.size)
      let at = 0
      for await (const piece of stream()) {
        whole.set(piece, at)
        at += piece.length
      }
      if (at !== head.size)
        throw new MirrorError('DAMAGED', `${head.path} is held with ${at} of ${head.size} bytes`, { path: head.path })
      return whole
    },
  }
}

export const headOf = (ref: HeldRef, digests: Digests = {}): DocHead => ({
  path: ref.path,
  url: ref.url,
  type: ref.type,
  size: ref.size,
  digests: { ...digests, sha256: ref.sha256 },
  headers: ref.headers,
})

/** Where held bytes and what is known of them are. */
interface Shelf {
  readonly store: Store
  readonly catalog: Pick<Catalog, 'blobs'>
}

/** A held document, with all the digests that were computed of it. */
export function heldDoc({ store, catalog }: Shelf, ref: HeldRef, beside?: ReadonlyMap<string, Doc>): Doc {
  const head = headOf(ref, catalog.blobs.get(ref.sha256)?.digests)
  return doc(head, (from, to) => store.stream(ref.sha256, from, to), beside)
}

/** A document that has arrived but is not held yet. */
export function stagedDoc(head: DocHead, staged: Staged, beside?: ReadonlyMap<string, Doc>): Doc {
  return doc(head, (from, to) => stagedStream(staged, from, to), beside)
}

async function* stagedStream(staged: Staged, from = 0, to = staged.size): AsyncGenerator<Uint8Array> {
  let at = from
  while (at < to) {
    const buffer = new Uint8Array(Math.min(256 * 1024, to - at))
    const read = await staged.read(buffer, at)
    if (read === 0) return
    yield read === buffer.length ? buffer : buffer.subarray(0, read)
    at += read
  }
}
