// What an ecosystem hands to the suite, from `test/ecosystems/ID/fixtures.ts`: a small upstream, what a client asks of it,
// and examples of its texts. Nothing here is behaviour: all of that is in the declaration.

import type { Arbitrary } from 'fast-check'
import type { Selector } from '../../../src/contract.ts'

/** One file of the upstream. */
export interface Source {
  readonly body: string | Uint8Array
  /** Content-Type. */
  readonly type?: string
  /** Where upstream keeps it, when elsewhere: a path of the same server. */
  readonly at?: string
}

export interface Asking {
  readonly path: string
  readonly accept?: string
}

export interface Archive {
  /** By the path under which the mirror serves it; a document comes before the files that it vouches for. */
  readonly files: Readonly<Record<string, Source>>
  /** What a client asks to have everything, and every view there is. */
  readonly requests: readonly Asking[]
  /** Of every path above, and of others: the kind and the pattern of its route, such as `index /:name+`. */
  readonly routes: Readonly<Record<string, string>>
  /** Package lines that together hold every file. */
  readonly wants: readonly string[]
  /** A keyring file with its name, for the repository and for its options. */
  readonly keyring?: { readonly name: string; readonly bytes: Uint8Array }
  options?(keyring: string): unknown
}

export interface Fixtures {
  /** Where an archive's contents are proven and not its bytes: does damage leave it with the same contents? */
  same?(path: string, good: Uint8Array, bad: Uint8Array): boolean
  /**
   * The upstream at an address without a trailing slash. Versions, file names and digests in it are unmistakable: no
   * version is a part of any other text that a view keeps.
   */
  archive(upstream: string): Promise<Archive>
  /** Lines of package lists as the ecosystem's page documents them, with what each must mean. */
  readonly lines: Readonly<Record<string, { readonly [K in keyof Selector]?: Selector[K] | undefined }>>
  /** Lines that mean nothing. */
  readonly garbage: readonly string[]
  /** From oldest to newest. */
  readonly versions: readonly string[]
  readonly version: Arbitrary<string>
}
