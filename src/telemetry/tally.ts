// Where the work on one repository stands: pure counting over engine events, for whoever shows progress.

import type { EngineEvent } from '../engine/events.ts'

export interface Tally {
  /** Items known so far, and how many of them are finished. */
  readonly items: number
  readonly finished: number
  readonly failed: number
  /** Bytes expected, where that was stated, and bytes that arrived. */
  readonly expected: number
  readonly bytes: number
  /** Bytes a second over the last seconds. */
  readonly rate: number
  /** Milliseconds; undefined while nothing can be said. */
  readonly left: number | undefined
}

export interface Tallying {
  count(event: EngineEvent): void
  /** `now` in milliseconds, from a clock that never goes back. */
  read(now: number): Tally
}

/** The rate follows changes within about so many milliseconds. */
const window = 5000

export function createTally(start: number): Tallying {
  const counted = { items: 0, finished: 0, failed: 0, expected: 0, bytes: 0 }
  /** Bytes that arrived for paths which are not finished yet. */
  const arriving = new Map<string, number>()
  let last = { at: start, bytes: 0 }
  let rate = 0

  function settle(path: string, bytes: number): void {
    // A transfer that tells its bytes only in the end is counted then, one that told them before is not counted twice.
    counted.bytes += Math.max(0, bytes - (arriving.get(path) ?? 0))
    arriving.delete(path)
  }

  return {
    count(event) {
      if (event.type === 'planned') {
        counted.items += event.items
        counted.expected += event.bytes
      }
      if (event.type === 'progress') {
        counted.bytes += event.bytes
        arriving.set(event.path, (arriving.get(event.path) ?? 0) + event.bytes)
      }
      if (event.type === 'finished') {
        counted.finished += 1
        if (event.outcome === 'failed') counted.failed += 1
        settle(event.path, event.outcome === 'fetched' ? event.bytes : 0)
      }
    },
    read(now) {
      const passed = now - last.at
      if (passed > 0) {
        const current = ((counted.bytes - last.bytes) / passed) * 1000
        // The first sample stands for itself; later ones count by how long they took.
        rate = rate === 0 ? current : rate + (current - rate) * (1 - Math.exp(-passed / window))
        last = { at: now, bytes: counted.bytes }
      }
      const items = Math.max(counted.items, counted.finished)
      return { ...counted, items, rate, left: timeLeft({ ...counted, items }, rate, now - start) }
    },
  }
}

/** By bytes where they were stated, else by items. */
function timeLeft(
  { items, finished, expected, bytes }: Omit<Tally, 'rate' | 'left'>,
  rate: number,
  passed: number,
): number | undefined {
  if (finished >= items) return 0
  if (expected > bytes && rate > 0) return ((expected - bytes) / rate) * 1000
  return finished > 0 ? (passed / finished) * (items - finished) : undefined
}
