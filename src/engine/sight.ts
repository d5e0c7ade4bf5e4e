// Which entries of a document are shown: policy, cooldown and, offline, what is held. Plain data in, so that it can be
// built again in a worker thread.

import type { Seen } from '../catalog/rows.ts'
import type { Entry } from '../contract.ts'
import type { Judge } from './judge.ts'
import { subjectOf } from './judge.ts'

/** What the catalog knows of the entries of one document. */
export interface Known {
  /** Offline: the held paths among the document's; undefined where being held does not matter. */
  readonly held: ReadonlySet<string> | undefined
  readonly seen: ReadonlyMap<string, Seen>
}

export interface SightData extends Known {
  readonly now: number
}

export interface Sight {
  sees(entry: Entry): boolean
  allows(entry: Entry): boolean
  /** The first moment at which something that was hidden matures; Infinity when nothing will. */
  readonly until: number
  /** A made document looks at others: what is known of their entries counts from then on. */
  learn(known: Known): void
}

export function sight(judge: Judge, data: SightData): Sight {
  let until = Number.POSITIVE_INFINITY
  const held = new Set(data.held)
  const firstSeen = new Map(data.seen)
  const allows = (entry: Entry): boolean => {
    if (judge.open) return true
    const verdict = judge.verdict(subjectOf(entry, firstSeen.get(entry.path)), data.now)
    if (!verdict.allow && verdict.until !== undefined) until = Math.min(until, verdict.until)
    return verdict.allow
  }
  return {
    allows,
    // where nothing is held all is shown: the reader can choose as online, and only a file would be missing
    sees: (entry) => allows(entry) && (held.size === 0 || held.has(entry.path)),
    learn(known) {
      for (const path of known.held ?? []) held.add(path)
      for (const [path, seen] of known.seen) firstSeen.set(path, seen)
    },
    get until() {
      return until
    },
  }
}
