// A bundle as it is handed to what writes it: signed already, and named file by file.

import type { Store } from '../store/store.ts'

export interface BundlePart {
  /** Its name in the bundle. */
  readonly name: string
  /** Where its bytes lie now. */
  readonly file: string
  readonly sha256: string
  readonly size: number
}

export interface BundleParts {
  readonly header: Uint8Array
  readonly signature: Uint8Array
  /** What people read, then the list of entries. */
  readonly parts: readonly BundlePart[]
  readonly blobs: () => Iterable<{ readonly sha256: string; readonly size: number }>
  readonly store: Pick<Store, 'open' | 'file' | 'stream'>
  /** The date of its files, milliseconds since 1970. */
  readonly made: number
  readonly signal: AbortSignal
  /** Told of bytes that are written. */
  readonly wrote: (bytes: number) => void
}
