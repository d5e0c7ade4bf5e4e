// Answers a request with what the engine serves: conditions, codings and ranges first, then the bytes, from memory when
// they are few and hot, from shared descriptors when they are many, from the growing file while they still arrive.
// RFC 9110 §8, §12 to §15. Whatever fails before the head is written is thrown, for the caller to give it a status.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Blob, type Growing, isBlob, isGrowing, type Served } from '../engine/served.ts'
import { MirrorError } from '../errors.ts'
import type { Store } from '../store/store.ts'
import type { Accel } from './accel.ts'
import { createBuffers } from './buffers.ts'
import { chosenFrom } from './choice.ts'
import { judgeConditions, rangeHolds } from './conditions.ts'
import { type Departure, watchDeparture } from './departure.ts'
import { createDescriptors } from './descriptors.ts'
import { partFields, refusedFields, unchangedFields, wholeFields } from './fields.ts'
import { follow, sizeFor, sizeOf } from './growing.ts'
import { createMemory } from './memory.ts'
import { turnOf } from './pipeline.ts'
import type { Plain } from './plain.ts'
import { type AskedRange, readRange, resolveRange } from './ranges.ts'
import { createReady, type ReadyAnswer } from './ready.ts'
import { limitStall, type Source, sendBody } from './send.ts'

export interface Limits {
  /** Bytes of small bodies kept in memory; 32 MiB when left out. */
  readonly memory?: number
  /** The largest body that is kept in memory, in bytes; 512 KiB when left out. */
  readonly small?: number
  /** Blobs kept open; 256 when left out. */
  readonly descriptors?: number
  /** A client that takes nothing for so many milliseconds is sent away; two minutes when left out. */
  readonly stall?: number
  /** Has the web server in front send what it can. */
  readonly accel?: Accel | undefined
  /** Milliseconds since 1970; the machine's clock when left out. */
  readonly clock?: () => number
}

/** What was sent: the status, and the bytes of the body, fewer than stated when the client went away. */
export interface Sent {
  readonly status: number
  readonly bytes: number
}

export interface Responder {
  /**
   * Throws a MirrorError: DAMAGED when the store does not have the blob, TRUNCATED or the download's own when a body
   * breaks off, FAULT when a header field cannot be written. When `response.headersSent`, the connection has been
   * destroyed; else nothing has been written and the answer is still the caller's to give. A client that goes away is no
   * error.
   */
  respond(request: IncomingMessage, response: ServerResponse, served: Served): Promise<Sent>
  /** The answer to a plain request for what is in memory; undefined when it has to be responded to. */
  ready(served: Served, asked: Plain): ReadyAnswer | undefined
  close(): void
}

export function createResponder(store: Pick<Store, 'open'>, limits: Limits = {}): Responder {
  const { clock = Date.now, small = 512 * 1024, stall = 120_000 } = limits
  const memory = createMemory(limits.memory ?? 32 * 1024 * 1024)
  const descriptors = createDescriptors(store, limits.descriptors ?? 256, clock)
  const buffers = createBuffers()
  const ready = createReady(memory)

  async function respond(request: IncomingMessage, response: ServerResponse, served: Served): Promise<Sent> {
    const { coding, body, validators } = chosenFrom(served, request.headers['accept-encoding'])
    const isHead = request.method === 'HEAD'

    if (isHead || request.method === 'GET') {
      const condition = judgeConditions(request.headers, validators)
      if (!condition.holds)
        return condition.status === 304
          ? sendHead(response, 304, unchangedFields(served, condition.tag))
          : sendHead(response, 412, refusedFields(served, coding))
    }
    if (isHead) return sendHead(response, 200, wholeFields(served, coding, sizeOf(body)))

    const ranged = request.method === 'GET' && served.whole !== true && rangeHolds(request.headers, validators, clock())
    const range = ranged ? readRange(request.headers.range) : undefined
    if (isGrowing(body)) return sendGrowing(request, response, served, body, range)

    const size = sizeOf(body)
    const plan = planFor(served, coding, range, size, size)
    if (plan.status === 416) return sendHead(response, plan.status, plan.fields)
    if (!isBlob(body)) return sendSmall(response, plan, body)
    const instead = plan.status === 200 ? limits.accel?.(request, plan.fields, body) : undefined
    if (instead !== undefined) return sendElsewhere(response, instead, body)
    if (body.size > small) return sendLarge(request, response, plan, body)
    return sendSmall(response, plan, memory.get(body.sha256) ?? (await load(body)))
  }

  async function sendGrowing(
    request: IncomingMessage,
    response: ServerResponse,
    served: Served,
    growing: Growing,
    range: AskedRange | undefined,
  ): Promise<Sent> {
    const departure = watchDeparture(request.socket)
    try {
      const size = await sizeFor(range, growing, departure)
      if (departure.gone) return departed
      const plan = planFor(served, undefined, range, size, size ?? growing.released)
      if (plan.status === 416) return sendHead(response, plan.status, plan.fields)
      return await sendPieces(response, plan, follow(growing, departure), departure)
    } finally {
      departure.end()
    }
  }

  async function sendLarge(request: IncomingMessage, response: ServerResponse, plan: Plan, blob: Blob): Promise<Sent> {
    const held = await descriptors.hold(blob.sha256)
    if (held === undefined) throw missing(blob)
    const departure = watchDeparture(request.socket)
    try {
      if (held.opened.size !== blob.size) throw wrongSize(blob, held.opened.size)
      return await sendPieces(response, plan, held.opened, departure)
    } finally {
      departure.end()
      held.release()
    }
  }

  /** The head alone: the bytes come from whom it names. */
  async function sendElsewhere(response: ServerResponse, fields: string[], blob: Blob): Promise<Sent> {
    const held = await descriptors.hold(blob.sha256)
    if (held === undefined) throw missing(blob)
    held.release()
    if (held.opened.size !== blob.size) throw wrongSize(blob, held.opened.size)
    sendHead(response, 200, fields)
    return { status: 200, bytes: blob.size }
  }

  async function sendPieces(
    response: ServerResponse,
    { status, fields, from, to }: Plan,
    source: Source,
    departure: Departure,
  ): Promise<Sent> {
    if (from === to) return sendHead(response, status, fields)
    const turn = turnOf(response)
    if (turn !== undefined) await departure.unlessGone(turn)
    if (departure.gone) return departed
    limitStall(response, stall)
    const head = (): void => writeHead(response, status, fields)
    return { status, bytes: await sendBody({ response, departure, buffers, head }, source, from, to) }
  }

  function sendSmall(response: ServerResponse, plan: Plan, body: Uint8Array): Sent {
    const { status, fields, from, to = body.length } = plan
    writeHead(response, status, fields)
    if (to - from > small) limitStall(response, stall)
    response.end(to - from === body.length ? body : body.subarray(from, to))
    return { status, bytes: to - from }
  }

  function load(blob: Blob): Promise<Uint8Array> {
    return memory.load(blob.sha256, async () => {
      const opened = await store.open(blob.sha256)
      if (opened === undefined) throw missing(blob)
      try {
        if (opened.size !== blob.size) throw wrongSize(blob, opened.size)
        const bytes = Buffer.allocUnsafeSlow(blob.size)
        for (let filled = 0; filled < bytes.length; ) {
          const count = await opened.read(bytes.subarray(filled), filled)
          if (count === 0) throw wrongSize(blob, filled)
          filled += count
        }
        return bytes
      } finally {
        await opened.close()
      }
    })
  }

  return {
    async respond(request, response, served) {
      try {
        return await respond(request, response, served)
      } finally {
        if (isGrowing(served.body)) served.body.leave()
      }
    },
    ready,
    close() {
      descriptors.close()
      memory.clear()
    },
  }
}

/** A decided answer: its head, and the bytes from `from` up to, not including, `to`; to the end when that is undefined. */
interface Plan {
  readonly status: 200 | 206 | 416
  readonly fields: string[]
  readonly from: number
  readonly to: number | undefined
}

/** `size` is of the whole body, when known; `there` is how much of it can be counted on. */
function planFor(
  served: Served,
  coding: string | undefined,
  range: AskedRange | undefined,
  size: number | undefined,
  there: number | undefined,
): Plan {
  if (range === undefined) return { status: 200, fields: wholeFields(served, coding, size), from: 0, to: size }
  const part = resolveRange(range, there ?? 0)
  if (part === undefined) return { status: 416, fields: refusedFields(served, coding, there), from: 0, to: 0 }
  return { status: 206, fields: partFields(served, coding, part, size), ...part }
}

/** The client closed the connection before there was an answer: the status that access logs use for it. */
const departed: Sent = { status: 499, bytes: 0 }

function sendHead(response: ServerResponse, status: number, fields: string[]): Sent {
  writeHead(response, status, fields)
  response.end()
  return { status, bytes: 0 }
}

function writeHead(response: ServerResponse, status: number, fields: string[]): void {
  try {
    response.writeHead(status, fields)
  } catch (error) {
    // Fields taken over before the bad one must not stay for the error's own answer.
    for (const name of response.getHeaderNames()) response.removeHeader(name)
    throw new MirrorError('FAULT', 'A header field of the answer holds what HTTP cannot carry.', { cause: error })
  }
}

const missing = (blob: Blob): MirrorError =>
  new MirrorError('DAMAGED', `The store does not have the blob ${blob.sha256}.`, { sha256: blob.sha256 })

const wrongSize = (blob: Blob, found: number): MirrorError =>
  new MirrorError('DAMAGED', `The blob ${blob.sha256} has ${found} bytes instead of ${blob.size}.`, {
    sha256: blob.sha256,
    expected: blob.size,
    found,
  })
