// Which of the ready-made compressed twins a client gets. RFC 9110 §12.5.3. Nothing is compressed here.

import type { Blob } from '../engine/served.ts'
import { readWeighted } from './quality.ts'

/** Among equally welcome twins of one size, the cheaper to unpack first. */
const preference = ['zstd', 'br', 'gzip']

/** RFC 9110 §8.4.1.3: `x-gzip` is another word for gzip. */
const canonical = (coding: string): string => (coding === 'x-gzip' ? 'gzip' : coding)

/**
 * The coding to answer with; undefined means the body as it is. The most welcome wins, then the smallest. A client that
 * welcomes none and refuses `identity` too gets the body as it is, as RFC 9110 lets us: no package client copes with 406.
 */
export function chooseCoding(accept: string | undefined, twins: Readonly<Record<string, Blob>>): string | undefined {
  if (accept === undefined) return undefined
  const asked = new Map<string, number>()
  for (const { name, quality } of readWeighted(accept)) asked.set(canonical(name), quality)
  const rest = asked.get('*') ?? 0

  let chosen: string | undefined
  let most = asked.get('identity') ?? 0
  let smallest = Number.POSITIVE_INFINITY
  for (const coding of codingsOf(twins)) {
    const quality = asked.get(coding) ?? rest
    const size = twins[coding]?.size ?? smallest
    if (quality === 0 || quality < most || (quality === most && size >= smallest)) continue
    chosen = coding
    most = quality
    smallest = size
  }
  return chosen
}

export function codingsOf(twins: Readonly<Record<string, Blob>>): readonly string[] {
  return Object.keys(twins).sort((a, b) => preference.indexOf(a) - preference.indexOf(b))
}

/** The entity tag of one coding: each has other bytes, so each needs a tag of its own, with the suffix inside the quotes. */
export function tagOfCoding(tag: string, coding: string | undefined): string {
  return coding === undefined ? tag : `${tag.slice(0, -1)}-${coding}"`
}
