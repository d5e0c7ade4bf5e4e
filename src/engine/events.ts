// What the engine tells about its work. Progress bars, logs, `--json` lines and metrics subscribe; the engine knows none of them.

import type { MirrorError } from '../errors.ts'

export type Outcome = 'fetched' | 'unchanged' | 'held' | 'failed' | 'refused' | 'missing'

export type EngineEvent =
  /** More work is known: items and bytes are added to what was expected before (bytes 0 when not stated). */
  | { readonly type: 'planned'; readonly repo: string; readonly items: number; readonly bytes: number }
  | {
      readonly type: 'started'
      readonly repo: string
      readonly path: string
      readonly url: string
      readonly size?: number
    }
  /** Bytes that arrived since the last such event of this path. */
  | { readonly type: 'progress'; readonly repo: string; readonly path: string; readonly bytes: number }
  | {
      readonly type: 'finished'
      readonly repo: string
      readonly path: string
      readonly url?: string
      readonly outcome: Outcome
      readonly bytes: number
      readonly milliseconds: number
      readonly proof?: string
      readonly error?: MirrorError
    }
  | {
      readonly type: 'flipped'
      readonly repo: string
      readonly generation: string
      readonly was?: number
      readonly is: number
    }
  | { readonly type: 'warning'; readonly repo?: string; readonly path?: string; readonly error: MirrorError }
  | {
      readonly type: 'asked'
      readonly repo: string
      readonly url: string
      readonly status: number
      readonly milliseconds: number
    }
  | {
      readonly type: 'answered'
      readonly method: string
      readonly path: string
      readonly status: number
      readonly bytes: number
      readonly milliseconds: number
      readonly cache: string
      readonly error?: MirrorError
    }

export type Listener = (event: EngineEvent) => void

export interface Events {
  emit(event: EngineEvent): void
  /** Returns a function that ends the subscription. */
  subscribe(listener: Listener): () => void
}

export function createEvents(): Events {
  const listeners = new Set<Listener>()
  return {
    emit(event) {
      for (const listener of listeners) listener(event)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
