// Which entries of a document are shown: policy, cooldown and, offline, what is held. Plain data in, so that it can be
// built again in a worker thread.

import type { Seen } from '../catalog/rows.ts'
import type { Entry } from '../contract.ts'
import type { Judge } from './judge.ts'
import { subjectOf } from './judge.ts'

export interface SightData {
  readonly now: number
  /** Offline: the held paths among the document's; undefined where being held does not matter. */
  readonly held: ReadonlySet<string> | undefined
  readonly seen: ReadonlyMap<string, Seen>
}

export interface Sight {
  sees(entry: Entry): boolean
  allows(entry: Entry): boolean
  /** The first moment at which something that was hidden matures; Infinity when nothing will. */
  readonly until: number
}

export function sight(judge: Judge, data: SightData): Sight {
  let until = Number.POSITIVE_INFINITY
  // a document of which nothing is held is shown whole: its reader can choose as online, and only a file would be missing
  const held = data.held === undefined || data.held.size === 0 ? undefined : data.held
  const allows = (entry: Entry): boolean => {
    if (judge.open) return true
    const verdict = judge.verdict(subjectOf(entry, data.seen.get(entry.path)), data.now)
    if (!verdict.allow && verdict.until !== undefined) until = Math.min(until, verdict.until)
    return verdict.allow
  }
  return {
    allows,
    sees: (entry) => allows(entry) && (held === undefined || held.has(entry.path)),
    get until() {
      return until
    },
  }
}
