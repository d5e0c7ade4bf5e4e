// Sends a request again when its failure is likely to pass. Only before a body is handed out: a transfer that broke off
// is the engine's to resume, which knows the validators.

import { setTimeout as sleep } from 'node:timers/promises'
import { MirrorError } from '../errors.ts'
import { parseHttpDate } from '../formats/http-date.ts'
import { discard } from './body.ts'
import { stopped } from './failures.ts'
import type { Hop, Reply, Send } from './hop.ts'

/** Waits; rejects only when the signal aborts. */
export type Wait = (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>

export const waitForTime: Wait = async (milliseconds, signal) => {
  await sleep(milliseconds, undefined, signal === undefined ? {} : { signal })
}

// RFC 9110 §15 and RFC 6585: too slow, too many requests, and faults of a server or of a gateway before it.
const passingStatuses = new Set([408, 429, 500, 502, 503, 504])
const longestWait = 30_000
const firstPause = 500
const longestPause = 10_000

/** `retriesOf` says how often at most. A POST is never sent twice. */
export function retrying(next: Send, retriesOf: (hop: Hop) => number, wait: Wait): Send {
  return async (hop) => {
    const most = hop.ask.method === 'POST' ? 0 : retriesOf(hop)
    for (let attempt = 0; attempt < most; attempt++) {
      const pause = await attemptOnce(hop, attempt)
      if (typeof pause !== 'number') return pause
      await wait(pause, hop.ask.signal).catch(() => {
        throw stopped(hop.ask.signal)
      })
    }
    return next(hop)
  }

  /** The answer, or how long to wait before the next attempt, in milliseconds. */
  async function attemptOnce(hop: Hop, attempt: number): Promise<Reply | number> {
    try {
      const reply = await next(hop)
      if (!passingStatuses.has(reply.status)) return reply
      await discard(reply)
      return retryAfter(reply.headers['retry-after'], Date.now()) ?? backoff(attempt)
    } catch (error) {
      if (error instanceof MirrorError && error.facts.passing === true) return backoff(attempt)
      throw error
    }
  }
}

/** Retry-After (RFC 9110 §10.2.3), seconds or a date, in milliseconds from `now`, at most 30 s. */
export function retryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  const milliseconds = /^\d+$/.test(value) ? Number(value) * 1000 : (parseHttpDate(value) ?? Number.NaN) - now
  return Number.isNaN(milliseconds) ? undefined : Math.min(Math.max(milliseconds, 0), longestWait)
}

// Half of the pause is chance, so that many clients do not come back all at once.
const backoff = (attempt: number): number =>
  Math.min(firstPause * 2 ** attempt, longestPause) * (0.5 + Math.random() / 2)
