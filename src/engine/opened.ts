// What is asked of the engine by whoever serves clients, and what it hands out.

import type { Directives } from './fresh.ts'
import type { Resource } from './resolve.ts'
import type { Served } from './served.ts'

export interface OpenRequest {
  readonly method: string
  /** Canonical path in the repo. */
  readonly path: string
  readonly query: URLSearchParams
  readonly accept: string | undefined
  /** Address of the repo's mount without a trailing slash. */
  readonly base: string
  readonly directives: Directives
  /** The request's own header fields, of which upstream is sent what a route passes. */
  readonly fields?: Readonly<Record<string, string | readonly string[] | undefined>>
  /** Live routes only. */
  readonly body?: Uint8Array
  readonly headers?: Readonly<Record<string, string>>
}

export type CacheState = 'HIT' | 'MISS' | 'STALE' | 'REVALIDATED' | 'BYPASS'

export interface Opened extends Served {
  readonly cache: CacheState
  /** Those of the header fields that belong to the protocol, whoever serves this. */
  readonly own: Readonly<Record<string, string>>
  /** For the counts of hits. */
  readonly resource: Resource
  /** Until then nothing but the catalog can change this answer; milliseconds since 1970, 0 when it must be asked for each time. */
  readonly until: number
}
