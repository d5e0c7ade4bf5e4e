// Sends a body piece by piece out of two buffers: one is filled while the other is being written. The client's pace sets
// ours, nothing is queued beyond the two, and a body that breaks off breaks the connection off.

import type { ServerResponse } from 'node:http'
import { MirrorError } from '../errors.ts'
import type { Opened } from '../store/store.ts'
import type { Buffers } from './buffers.ts'
import type { Departure } from './departure.ts'

/** Where a body is read from. A read waits until there are bytes; 0 means that there are no more. */
export type Source = Pick<Opened, 'read'>

export interface Sending {
  readonly response: ServerResponse
  readonly departure: Departure
  readonly buffers: Buffers
  /** Writes the head; called when the first bytes are there, so that what fails before still gets a proper status. */
  readonly head: () => void
}

/**
 * Sends the bytes from `from` up to, not including, `to`; to the end of the source when `to` is undefined. Resolves with
 * the number of bytes sent, fewer when the client went away. Throws a MirrorError TRUNCATED when the source ends early, or
 * whatever reading throws; the connection is destroyed by then if the head had been written.
 */
export async function sendBody(
  { response, departure, buffers, head }: Sending,
  source: Source,
  from: number,
  to: number | undefined,
): Promise<number> {
  const end = to ?? Number.POSITIVE_INFINITY
  const expected = to === undefined ? 0 : to - from
  const lent: Buffer[] = [buffers.lend(expected)]
  let turn = 0
  let position = from
  let reading = read()
  let clean = false

  function read(): Promise<Buffer> {
    const buffer = lent[turn] ?? buffers.lend(expected)
    lent[turn] = buffer
    const room = buffer.subarray(0, Math.min(buffer.length, end - position))
    const started = source.read(room, position).then((count) => room.subarray(0, count))
    // Awaited later; a failure while the other buffer is still being written must not count as unhandled.
    started.catch(() => undefined)
    return started
  }

  try {
    while (true) {
      const piece = await reading
      if (departure.gone) return position - from
      if (piece.length === 0 && to !== undefined)
        throw new MirrorError('TRUNCATED', `The body ended at byte ${position} of ${to}.`)
      if (!response.headersSent) head()
      if (piece.length === 0) break

      const written = write(response, piece)
      position += piece.length
      turn = 1 - turn
      if (position < end) reading = read()
      else response.end()
      await departure.unlessGone(written)
      if (departure.gone) return position - from
      if (position >= end) break
    }
    if (to === undefined) response.end()
    clean = true
    return position - from
  } catch (error) {
    if (response.headersSent) breakOff(response)
    throw error
  } finally {
    await reading.catch(() => undefined)
    for (const buffer of lent) {
      if (clean) buffers.giveBack(buffer)
      else buffers.writeOff(buffer)
    }
  }
}

/** Resolves when the bytes have left, or can no longer leave: then the client has gone, and its departure says so. */
function write(response: ServerResponse, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    response.write(bytes, () => resolve())
  })
}

/**
 * A body without stated length on HTTP/1.0 ends with the connection, so only a reset tells the client that it is not
 * whole; elsewhere the missing bytes or the missing last chunk do.
 */
function breakOff(response: ServerResponse): void {
  if (response.req.httpVersion === '1.0') response.socket?.resetAndDestroy()
  response.destroy()
}

/** A client that takes nothing for so long (milliseconds) is sent away; waiting for upstream does not count. */
export function limitStall(response: ServerResponse, milliseconds: number): void {
  response.setTimeout(milliseconds, () => {
    if (response.writableLength > 0) response.destroy()
  })
  // Before Node's own listener, which sets the timeout for an idle connection.
  response.prependOnceListener('finish', () => response.setTimeout(0))
}
