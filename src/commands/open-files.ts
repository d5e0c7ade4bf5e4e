// How many blobs a server may keep open for its next answers: a quarter of what the system lets a process open, the rest is
// for clients, upstreams and what arrives.

import { readFileSync } from 'node:fs'

const MOST = 256

/** `limits`: where Linux tells a process its limits; elsewhere there is no such file. */
export function descriptorsFor(limits = '/proc/self/limits'): number {
  return Math.min(MOST, Math.floor(softLimit(limits) / 4))
}

function softLimit(file: string): number {
  try {
    const [, soft] = /^Max open files +(\d+) /m.exec(readFileSync(file, 'utf8')) ?? []
    return Number(soft ?? Number.POSITIVE_INFINITY)
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
