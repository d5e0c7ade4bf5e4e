// The catalog's rows as the engine sees them. Times are milliseconds since 1970.

import type { Digests, Entry, Kind } from '../contract.ts'

/** How bytes are proven, strongest first. */
export type Proof = 'signature' | 'lockfile' | 'digest' | 'tls' | 'first-seen' | 'made'

export interface Ref {
  readonly repo: string
  readonly path: string
  /** Tells several representations of one path apart: media type, query. */
  readonly variant: string
  /** 0: belongs to none. */
  readonly generation: number
  readonly kind: Kind
  /** Undefined: upstream said that it is not there. */
  readonly sha256: string | undefined
  readonly size: number
  readonly status: number
  readonly type: string
  readonly url: string
  /** Upstream's header fields that are kept. */
  readonly headers: Readonly<Record<string, string>>
  readonly fetched: number
  readonly checked: number
  readonly modified: number
  readonly name: string | undefined
  readonly version: string | undefined
  readonly proof: Proof
  /** The proof in words: `signature by FINGERPRINT, named by /dists/x/InRelease`. */
  readonly proven: string
  readonly hits: number
  readonly used: number
}

/** A ref that holds bytes. */
export interface HeldRef extends Ref {
  readonly sha256: string
}

export interface BlobRow {
  readonly sha256: string
  readonly size: number
  readonly digests: Digests
  readonly added: number
}

export interface Fact {
  readonly reading: number
  /** The path whose reading this is, or `*N`. */
  readonly scope: string
  /** Digest of the document that says so. */
  readonly by: string
  readonly entry: Entry
}

export type GenerationState = 'staging' | 'waiting' | 'current' | 'previous'
export interface Generation {
  readonly id: number
  readonly repo: string
  readonly key: string
  readonly state: GenerationState
  readonly made: number
  readonly flipped: number | undefined
}

export interface Seen {
  readonly first: number
  readonly baseline: boolean
}

export interface ViewRow {
  readonly key: string
  readonly repo: string
  readonly path: string
  readonly type: string
  /** Undefined: the view says that it is not there. */
  readonly sha256: string | undefined
  readonly size: number
  readonly twins: Readonly<Record<string, { readonly sha256: string; readonly size: number }>>
  readonly headers: Readonly<Record<string, string>>
  readonly inputs: readonly (readonly [path: string, sha256: string])[]
  /** The first moment at which something hidden matures; Infinity for never. */
  readonly until: number
  readonly modified: number
  readonly used: number
}

export interface Run {
  readonly id: number
  readonly command: string
  readonly started: number
  readonly ended: number | undefined
  readonly code: number | undefined
  readonly summary: unknown
}

export interface RecordedRepository {
  readonly name: string
  readonly ecosystem: string
  readonly settings: unknown
  readonly recorded: number
}

export const isHeld = (ref: Ref | undefined): ref is HeldRef => ref?.sha256 !== undefined
