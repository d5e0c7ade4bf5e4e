// What obtaining gives, and what the steps of a fetch need of each other.

import type { HeldRef } from '../catalog/rows.ts'
import type { Doc, Repo } from '../contract.ts'
import type { MirrorError } from '../errors.ts'
import type { Gathered } from './along.ts'
import type { Mirror, MountedRepo } from './mirror.ts'
import type { Resource } from './resolve.ts'
import type { Said } from './said.ts'
import type { Scope } from './scope.ts'
import type { Space } from './space.ts'

export interface Obtained {
  readonly ref: HeldRef
  readonly state: 'hit' | 'miss' | 'revalidated' | 'stale'
  /** Why it is stale. */
  readonly error?: MirrorError
}

/** A fetch, and how it came out. */
export interface Fetched extends Obtained {
  readonly outcome: 'fetched' | 'unchanged' | 'held'
}

/** Work of the module that obtains, which a fetch needs for documents other than its own. */
export interface Fetching {
  serviced(mirror: Mirror, mounted: MountedRepo, scope: Scope): Promise<Repo>
  besideDocs(mirror: Mirror, resource: Resource, type: string, scope: Scope): Promise<ReadonlyMap<string, Doc>>
  obtainDocument(mirror: Mirror, resource: Resource, scope: Scope): Promise<Obtained | undefined>
}

/** Everything that bytes of a resource are judged by once they are there. */
export interface Settling {
  readonly resource: Resource
  readonly space: Space
  readonly stated: Said
  readonly before: HeldRef | undefined
  /** What is read along with bytes of a media type. */
  readonly beside: (type: string) => Promise<ReadonlyMap<string, Doc>>
  /** When upstream was asked, milliseconds since 1970: what it answered is no newer than that. */
  readonly asked: number
  /** Another document of the same repo, and of the same generation where there is one. */
  readonly sibling: (path: string) => Promise<Doc | undefined>
  /** Collects documents that only a check proves. */
  readonly gather: () => Gathered
  readonly ahead: Scope['ahead']
  /** Whoever asked has it when it is released, and waits for nothing behind that. */
  readonly behind: boolean
  /** It is passed on to those who follow it, and not kept. */
  readonly unkept: boolean
}
