// The scope of a piece of work: how fresh its documents must be, and which generations it works in. A client's request
// has a scope of its own; a sync has one for the whole run, so that it sees one state of every index.

import type { HeldRef } from '../catalog/rows.ts'
import type { Received } from '../upstream/client.ts'
import type { Arrival } from './flow.ts'
import type { Directives } from './fresh.ts'

export interface Scope {
  /** A sync's start: indexes validated before it count as stale. */
  readonly since?: number
  readonly directives?: Directives
  /** Queue order upstream; a waiting client goes before a sync. */
  readonly priority: number
  /** Calls off what this scope asks for. */
  readonly signal?: AbortSignal
  /** Generations under construction in this scope, by `repo key`. */
  readonly staged: Map<string, number>
  /** Roots validated in this scope, by `repo key`. */
  readonly roots: Map<string, Promise<number | undefined>>
  /** Takes over what upstream answered to this scope and does not let be kept. */
  readonly pass?: (received: Received) => void
  /** A file for which the disk has no room may be passed on to whoever asked, without being kept. */
  readonly unkept?: true
  /**
   * Told of a document that has arrived and was checked, before what it says is taken in: what needs its bytes alone is done
   * first. It is held, or refused, only later. Never rejects.
   */
  readonly ahead?: (ref: HeldRef) => Promise<void>
  /** Told of a document that arrives, when upstream has answered with it. Nothing of it is verified yet. */
  readonly arrives?: (repo: string, path: string, arrival: Arrival) => void
  /** Told of every document that was looked at. */
  readonly looked?: (repo: string, path: string) => void
}

export const CLIENT_PRIORITY = 10
export const SYNC_PRIORITY = 0

export const clientScope = (directives?: Directives): Scope => ({
  priority: CLIENT_PRIORITY,
  staged: new Map(),
  roots: new Map(),
  ...(directives === undefined ? {} : { directives }),
})

export const scopeKey = (repo: string, key: string): string => `${repo} ${key}`
