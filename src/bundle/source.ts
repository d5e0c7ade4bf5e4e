// A bundle as it arrives, from whom nobody knows: nothing in it is named by anything but a digest that was signed, nothing
// that is no plain file is opened, and nothing on the medium is ever written or linked.

import type { BundleHeader } from '../formats/bundle.ts'
import type { Store } from '../store/store.ts'

export type PartName = 'entries.jsonl' | 'changes.txt' | 'changes.html'

export interface BlobName {
  readonly sha256: string
  readonly size: number
}

/** The rest of a bundle, once its header was found to be signed. */
export interface BundleContents {
  /** A file with these bytes. Throws INCOMPLETE where it is missing or short, BUNDLE where it is another. */
  part(name: PartName, stated: BlobName): AsyncIterable<Uint8Array>
  /**
   * Throws INCOMPLETE where it is missing or short, BUNDLE where it is no plain file, or larger, and, unless the caller computes the
   * digest by itself, where it has other bytes.
   */
  blob(blob: BlobName, digest: 'checked' | 'unchecked'): AsyncIterable<Uint8Array>
  /** Why a blob cannot be read; undefined when there is one of its size. */
  lack(blob: BlobName): Promise<string | undefined>
  /** Throws BUNDLE for files among the blobs that `isNamed` does not know, and for names that could hide something. */
  mustHoldNoOther(isNamed: (sha256: string) => boolean): Promise<void>
}

export interface OpenedBundle {
  /** For messages. */
  readonly place: string
  /** All of it is read, and its blobs are put into the store, before anything is looked at. */
  readonly packed: boolean
  readonly header: Uint8Array
  readonly signature: Uint8Array
  /**
   * Makes the rest readable, in `folder` and the store where it has to be unpacked for that; blobs that the store holds already are
   * not written again. Throws BUNDLE, INCOMPLETE.
   */
  contents(header: BundleHeader, unpacking: Unpacking): Promise<BundleContents>
  close(): Promise<void>
}

export interface Unpacking {
  /** A folder of ours, empty. */
  readonly folder: string
  readonly store: Store
  readonly signal: AbortSignal
  /** Told of bytes that are unpacked. */
  readonly read: (bytes: number) => void
}
