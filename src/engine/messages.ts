// What the main thread and a worker thread say to each other. Everything is plain data.

import type { Seen } from '../catalog/rows.ts'
import type { Policy } from '../config/types.ts'
import type { Digests, Entry, Params } from '../contract.ts'
import type { Code, Facts } from '../errors.ts'
import type { DocHead } from './doc.ts'
import type { Known } from './sight.ts'

/** A document by where its bytes lie. */
export interface DocSource {
  readonly head: DocHead
  readonly file?: string
  readonly bytes?: Uint8Array
  readonly beside: readonly DocSource[]
}

export interface JobBase {
  readonly ecosystem: string
  readonly route: number
  readonly p: Params
  readonly repo: {
    readonly name: string
    readonly upstreams: readonly string[]
    readonly options: unknown
    readonly service?: DocSource
  }
}
export interface ReadJob extends JobBase {
  readonly kind: 'read'
  readonly doc: DocSource
}
export interface ViewJob extends JobBase {
  readonly kind: 'view'
  readonly doc: DocSource | undefined
  readonly base: string
  readonly query: Params
  readonly type: string
  readonly policy: Policy
  readonly now: number
  readonly held: ReadonlySet<string> | undefined
  readonly seen: ReadonlyMap<string, Seen>
  /** Make a gzip twin along with it. */
  readonly twin: boolean
}
export type Job = ReadJob | ViewJob

export interface PlainError {
  readonly code: Code
  readonly message: string
  readonly facts: Facts
}

export type ToThread =
  /** A group of entries, or a piece, was taken: the next may come. */
  | { readonly type: 'taken' }
  | { readonly type: 'job'; readonly id: number; readonly job: Job }
  | {
      readonly type: 'reply'
      readonly id: number
      readonly call: number
      readonly value?: KnownSource | ShownSource | readonly Entry[] | undefined
      readonly error?: PlainError
    }

/** A document that a view asked for, with what is known of its entries. */
export interface KnownSource extends Known {
  readonly source: DocSource
}

export interface ShownSource {
  readonly size: number
  readonly digests: Readonly<Record<string, string>>
  readonly bytes: Uint8Array
}

/** What is held is handed over in pages of this many entries; a shorter page is the last. */
export const HOLDINGS_PAGE = 500

export type Call =
  | { readonly method: 'document'; readonly path: string }
  | { readonly method: 'render'; readonly path: string; readonly type?: string }
  /** The next page of a question that was asked before under the same number, or its first. */
  | { readonly method: 'holdings'; readonly asked: number; readonly name?: string }

export type FromThread =
  | { readonly type: 'entries'; readonly id: number; readonly entries: readonly Entry[] }
  | { readonly type: 'dropped'; readonly id: number; readonly path: string }
  | { readonly type: 'piece'; readonly id: number; readonly coding: 'identity' | 'gzip'; readonly piece: Uint8Array }
  | { readonly type: 'done'; readonly id: number; readonly rendered: Rendered }
  | { readonly type: 'failed'; readonly id: number; readonly error: PlainError }
  | { readonly type: 'call'; readonly id: number; readonly call: number; readonly what: Call }

export interface Rendered {
  /** False: the view says that it is not there. */
  readonly there: boolean
  readonly until: number
  /** Header fields that the view stated. */
  readonly headers?: Readonly<Record<string, string>>
  readonly sha256: string
  readonly size: number
  /** Of the body: sha256, and those that its route asks for. */
  readonly digests: Digests
  readonly twin?: { readonly sha256: string; readonly size: number }
}
