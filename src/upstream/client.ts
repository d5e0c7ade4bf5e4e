// What the engine asks of the network. Redirects, retries before the body, credentials, host rules and queues are in here.

import type { MirrorError } from '../errors.ts'

export interface Ask {
  /** Absolute http or https address. */
  readonly url: string
  readonly method?: 'GET' | 'HEAD' | 'POST'
  /** Extra header fields, names in lower case. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** Name of the repository on whose behalf this is asked: its credentials, network settings and host rules apply. */
  readonly repo: string
  /** The path of the repository that it is asked for, where it is one that may be kept. */
  readonly place?: { readonly path: string; readonly variant: string }
  /** Came the address out of a document? Then the private-address and host rules apply to the first hop too. */
  readonly guarded: boolean
  /** Queue order: a waiting client goes before a sync. */
  readonly priority?: number
  readonly signal?: AbortSignal
}

export interface Received {
  readonly status: number
  /** Names in lower case; repeated fields joined by ', '. */
  readonly headers: Readonly<Record<string, string>>
  /** The address after redirects. */
  readonly url: string
  /** Raw bytes as sent; throws a MirrorError TRUNCATED, TIMEOUT or UNREACHABLE when they break off. */
  readonly body: AsyncIterable<Uint8Array>
  /** Lets go of the connection without reading the rest. */
  discard(): Promise<void>
}

export interface Client {
  /** Any status is an answer; only no answer is an error: UNREACHABLE, TIMEOUT, HOST_REFUSED. */
  ask(ask: Ask): Promise<Received>
  close(): Promise<void>
}

/** Told about each hop, for progress and metrics. */
export interface ClientEvents {
  asked?(ask: Ask, url: string): void
  answered?(ask: Ask, status: number, milliseconds: number): void
  failed?(ask: Ask, error: MirrorError): void
}
