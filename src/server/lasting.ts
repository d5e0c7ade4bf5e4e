// Answers that only the catalog can change, remembered for a moment: asking the engine again costs more than the rest.

import type { Served } from '../engine/served.ts'

/** They are remembered this long at most, milliseconds. */
const LASTING = 5_000
const MOST = 4096

/** An answer, and what it counts for. */
export interface Standing {
  readonly served: Served
  readonly cache: string
  /** For the counts of hits. */
  readonly repo: string
  readonly path: string
  /** Until then nothing but the catalog can change it; milliseconds since 1970, 0 when it must be asked for each time. */
  readonly until: number
  /** Of what is past nobody counts the hits. */
  readonly uncounted?: boolean
}

export interface Lasting {
  recall(asked: string): Standing | undefined
  /** `epoch` is of before it was opened: what was written meanwhile may not be in it. */
  remember(asked: string, standing: Standing, epoch: number): void
  epoch(): number
}

/** `epoch` changes whenever anything is written to the catalog. */
export function createLasting(epoch: () => number, now: () => number): Lasting {
  const known = new Map<string, { readonly standing: Standing; readonly epoch: number; readonly until: number }>()
  const turn = oncePerTurn(epoch)
  return {
    epoch: turn,
    recall(asked) {
      const found = known.get(asked)
      if (found === undefined) return undefined
      const left = found.until - now()
      // more is left than there was when the clock went back
      if (found.epoch === turn() && left > 0 && left <= LASTING) return found.standing
      known.delete(asked)
      return undefined
    },
    remember(asked, standing, before) {
      const until = Math.min(standing.until, now() + LASTING)
      if (until <= now()) return
      if (known.size >= MOST) known.clear()
      known.set(asked, { standing, epoch: before, until })
    },
  }
}

/**
 * Asked once in a turn of the event loop: a statement costs more than the rest of a remembered answer, and all that is
 * answered in one turn may as well have been asked for at its beginning.
 */
function oncePerTurn(ask: () => number): () => number {
  let known: number | undefined
  return () => {
    if (known !== undefined) return known
    known = ask()
    setImmediate(() => {
      known = undefined
    })
    return known
  }
}

/** What an answer depends on beside the catalog; undefined for a request that wants to be asked anew. */
export function lastingKey(
  url: string | undefined,
  headers: Readonly<Record<string, string | string[] | undefined>>,
): string | undefined {
  if (headers['cache-control'] !== undefined || headers.pragma !== undefined) return undefined
  return `${headers.host ?? ''} ${url ?? ''} ${headers.accept ?? ''}`
}
