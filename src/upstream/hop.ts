// One request on its way to upstream, and the shape of the steps that it passes: each takes the next step and returns
// its own. (undici's own interceptors for retry and redirect are not used: the one resumes bodies by itself, the other
// drops user names from addresses, reads redirect bodies without bound, and cannot judge a hop before it is made.)

import type { Dispatcher } from 'undici'
import type { Ask } from './client.ts'

/** A request for one address: the one that was asked for, or where a redirect led. */
export interface Hop {
  readonly ask: Ask
  readonly url: URL
  /** Do the host rules apply? */
  readonly guarded: boolean
  /** The Authorization field that a challenge was answered with. */
  readonly authorization?: string
}

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly url: URL
  readonly body: Dispatcher.ResponseData['body']
}

/** Throws a MirrorError when no answer comes. */
export type Send = (hop: Hop) => Promise<Reply>
