// Bodies that are still arriving: how large they are going to be, which part of them is meant, and reading behind the
// download.

import { type Growing, isBlob, isGrowing, type Served } from '../engine/served.ts'
import type { Departure } from './departure.ts'
import type { AskedRange } from './ranges.ts'
import type { Source } from './send.ts'

/** A source whose reads wait for bytes to arrive, and give up when the client goes. */
export function follow(growing: Growing, departure: Departure): Source {
  return {
    async read(buffer, position) {
      if (!growing.done && growing.released <= position) await departure.unlessGone(growing.more(position))
      return departure.gone ? 0 : growing.read(buffer, position)
    },
  }
}

/** Bytes of a body, when they can be told. */
export function sizeOf(body: Served['body']): number | undefined {
  if (isBlob(body)) return body.size
  if (isGrowing(body)) return body.size ?? (body.done ? body.released : undefined)
  return body.length
}

/**
 * The size of a growing body, if it can be told by the time the answer can begin: a short one is complete by then. A
 * range that counts from an end which nobody knows waits for it.
 */
export async function sizeFor(
  range: AskedRange | undefined,
  growing: Growing,
  departure: Departure,
): Promise<number | undefined> {
  const known = sizeOf(growing)
  // An empty body has no piece that could wait for its verification: wait here.
  if (known !== undefined && (known > 0 || growing.done)) return known
  const last = range === undefined ? 0 : 'last' in range ? range.last : undefined
  await departure.unlessGone(growing.more(last ?? Number.MAX_SAFE_INTEGER))
  return sizeOf(growing)
}
