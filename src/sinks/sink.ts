// Where a tree of files goes: a directory, a tar archive. A sink knows names, digests and dates; what the files mean and
// whether they may be shown was settled before.

import type { MirrorError } from '../errors.ts'
import type { Store } from '../store/store.ts'

export interface TreeFile {
  /** Below the root of the tree: `npm/left-pad/index.json`. */
  readonly path: string
  readonly sha256: string
  /** Bytes. */
  readonly size: number
  /** Milliseconds since 1970; trees keep whole seconds. */
  readonly modified: number
  /** An artifact never changes, so that it may be the very file that the store keeps. */
  readonly kind: 'artifact' | 'document'
  /** Files of a lower rank are there before those of a higher one, which speak of them. */
  readonly rank: number
}

/** What a tree is to hold, whole and without collisions. */
export interface Tree {
  readonly files: number
  /** Of all its files together. */
  readonly bytes: number
  get(path: string): TreeFile | undefined
  /** Is it out of the tree because it must not be shown? It goes at once. */
  isWithdrawn(path: string): boolean
  /** By rank, then by path. */
  list(): Iterable<TreeFile>
}

export type Change =
  | { readonly what: 'added' | 'replaced' | 'leaving' | 'deleted'; readonly path: string; readonly bytes: number }
  | { readonly what: 'failed'; readonly path: string; readonly error: MirrorError }

export interface Publishing {
  /** Nothing is written; `changed` tells what would be. */
  readonly dryRun: boolean
  /** Lets pass what a sink would otherwise refuse: deleting most of a tree, replacing files that are not its own. */
  readonly force: boolean
  /** Milliseconds for which a file stays that has gone out of the tree: for those who read what named it. */
  readonly grace: number
  /** Milliseconds since 1970. */
  readonly now: number
  readonly signal: AbortSignal
  /** Is a path of an earlier tree this tree's business? One that is not stays as it is. */
  covers(path: string): boolean
  changed(change: Change): void
}

export interface Published {
  /** Files that are the store's own, by hard link. */
  readonly linked: number
  readonly copied: number
  readonly unchanged: number
  readonly deleted: number
  /** Out of the tree, and to be deleted by a later export when their grace has passed. */
  readonly leaving: number
  /** Of the files linked and copied. */
  readonly bytes: number
  readonly failed: number
}

export interface Sink {
  /**
   * Brings it to what the tree holds. A file whose bytes cannot be had is told as failed, the rest goes on, and then
   * nothing is deleted. Throws STOPPED after the signal; what is there then is whole, old or new, file by file.
   */
  publish(tree: Tree, publishing: Publishing): Promise<Published>
  /** A file of the tree that is there already; undefined where there is none. */
  earlier?(path: string): AsyncIterable<Uint8Array> | undefined
}

/** What a sink takes bytes from. */
export type Bytes = Pick<Store, 'open' | 'file' | 'stream'>

/** As file systems, archives and HTTP have in common. */
export const wholeSeconds = (milliseconds: number): number => Math.floor(milliseconds / 1000)
