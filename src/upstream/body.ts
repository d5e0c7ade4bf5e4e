// The body of an answer: read with its errors named, or let go of.

import type { Ask, Received } from './client.ts'
import { broken } from './failures.ts'
import type { Reply } from './hop.ts'

// Reading so much of a rest is cheaper than a new connection, and so long than a new handshake.
const restBytes = 64 * 1024
const restMilliseconds = 1000

/** Reads a short rest, so that the connection can be used again, or closes the connection. Never throws. */
export async function discard({ body }: Reply): Promise<void> {
  await body.dump({ limit: restBytes, signal: AbortSignal.timeout(restMilliseconds) }).catch(() => {})
}

/** Answers without a body (RFC 9110 §6.4.1), whatever their header says. */
export const isBodiless = (ask: Ask, status: number): boolean =>
  ask.method === 'HEAD' || status === 204 || status === 304

/** The answer as the engine gets it. */
export function receivedOf(reply: Reply, ask: Ask): Received {
  const { status, headers, url, body } = reply
  let reading = false

  async function* read(): AsyncGenerator<Uint8Array> {
    reading = true
    let size = 0
    try {
      for await (const piece of body as AsyncIterable<Uint8Array>) {
        size += piece.length
        yield piece
      }
    } catch (error) {
      throw broken(error, url, size, ask.signal)
    }
  }
  async function* nothing(): AsyncGenerator<Uint8Array> {}

  return {
    status,
    headers,
    url: url.href,
    body: isBodiless(ask, status) ? nothing() : read(),
    async discard() {
      if (reading) body.destroy()
      else await discard(reply)
    },
  }
}
