// What meets clients, in the one process or in each of several: remembered answers, the record of each request, hits, and
// errors as answers. Where an answer comes from lies behind it: the engine, or the process that has one.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Answer } from '../contract.ts'
import type { EngineEvent } from '../engine/events.ts'
import { asMirrorError, type MirrorError } from '../errors.ts'
import type { Hits } from './hits.ts'
import { type Lasting, lastingKey, type Standing } from './lasting.ts'
import type { Plain } from './plain.ts'
import type { Ready } from './quick.ts'
import { isPlain } from './request.ts'
import type { Responder, Sent } from './respond.ts'

export interface App {
  handle(request: IncomingMessage, response: ServerResponse): void
  /** The answer to a plain request, when it is known and in memory; it counts as given. */
  answer?(asked: Plain): Ready | undefined
}

/** Has been answered already; `told` when the record of it was written elsewhere. */
export interface Given {
  readonly sent: Sent
  readonly told?: true
}

export interface Behind {
  /** Throws a MirrorError when nothing has been written yet. */
  open(request: IncomingMessage, response: ServerResponse): Promise<Standing | Given>
  /** An error as its protocol words it. */
  word(error: MirrorError, request: IncomingMessage): Answer
}

export interface FrontOptions {
  readonly behind: Behind
  readonly lasting: Lasting
  readonly hits: Pick<Hits, 'count'>
  readonly responder: Pick<Responder, 'ready'>
  /** Answers with what stands; undefined when the record of it is written elsewhere. */
  respond(request: IncomingMessage, response: ServerResponse, standing: Standing): Promise<Sent | undefined>
  answered(event: Extract<EngineEvent, { type: 'answered' }>): void
}

const nothing: Sent = { status: 0, bytes: 0 }

export function createFront({ behind, lasting, hits, responder, respond, answered }: FrontOptions): App {
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const started = performance.now()
    let cache = 'NONE'
    let error: MirrorError | undefined
    let sent: Sent | undefined = nothing
    const opened = (found: Standing): void => {
      cache = found.cache
    }
    try {
      sent = await giveOnceMore(request, response, opened)
    } catch (thrown) {
      error = asMirrorError(thrown)
      cache = error.failure.exit === 5 ? 'DENIED' : cache
      if (!response.headersSent && !response.destroyed) sent = give(response, request, behind.word(error, request))
      else response.destroy()
    } finally {
      if (sent !== undefined)
        answered({
          type: 'answered',
          method: request.method ?? '',
          path: request.url ?? '',
          status: sent.status,
          bytes: sent.bytes,
          milliseconds: performance.now() - started,
          cache,
          ...(error === undefined ? {} : { error }),
        })
    }
  }

  /** A collection may let go of bytes after they were looked up and before they are read: then all is looked up once more. */
  async function giveOnceMore(
    request: IncomingMessage,
    response: ServerResponse,
    opened: (found: Standing) => void,
  ): Promise<Sent | undefined> {
    try {
      return await giveFound(request, response, opened)
    } catch (thrown) {
      const isGone = asMirrorError(thrown).code === 'DAMAGED' && !response.headersSent && !response.destroyed
      if (!isGone || !isRepeated(request)) throw thrown
      return giveFound(request, response, opened)
    }
  }

  /** Undefined for what is told of elsewhere. */
  async function giveFound(
    request: IncomingMessage,
    response: ServerResponse,
    opened: (found: Standing) => void,
  ): Promise<Sent | undefined> {
    const asked = isRepeated(request) ? lastingKey(request.url, request.headers) : undefined
    const known = asked === undefined ? undefined : lasting.recall(asked)
    const before = lasting.epoch()
    const found = known ?? (await behind.open(request, response))
    if ('sent' in found) return found.told ? undefined : found.sent
    opened(found)
    if (asked !== undefined && known === undefined) lasting.remember(asked, found, before)
    const sent = await respond(request, response, found)
    if (sent !== undefined && !found.uncounted) hits.count(found)
    return sent
  }

  function answerAtOnce(asked: Plain): Ready | undefined {
    const started = performance.now()
    const key = asked.special ? undefined : lastingKey(asked.url, { host: asked.host, accept: asked.accept })
    const known = key === undefined ? undefined : lasting.recall(key)
    const ready = known && responder.ready(known.served, asked)
    if (known === undefined || ready === undefined) return undefined
    if (!known.uncounted) hits.count(known)
    const { status, body } = ready
    answered({
      type: 'answered',
      method: 'GET',
      path: asked.url,
      status,
      bytes: body?.length ?? 0,
      milliseconds: performance.now() - started,
      cache: known.cache,
    })
    return ready
  }

  return { handle: (request, response) => void answer(request, response), answer: answerAtOnce }
}

/** May it be answered as an equal one was? Not what would have been refused. */
const isRepeated = (request: IncomingMessage): boolean =>
  (request.method === 'GET' || request.method === 'HEAD') && isPlain(request)

/** An error in the words of a protocol where it has some, else as plain text with the fix. */
export function answerOf(error: MirrorError, worded?: Answer): Answer {
  const { failure, message, hint, facts } = error
  const headers: Record<string, string> = {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-pkgmirror-error': error.code,
    ...(failure.exit === 5 ? { 'x-cache': 'DENIED' } : {}),
    ...(error.code === 'METHOD' ? { allow: 'GET, HEAD' } : {}),
    ...(error.code === 'BAD_REQUEST' ? { connection: 'close' } : {}),
    ...retryAfter(facts.until),
  }
  if (worded !== undefined) return { ...worded, headers: { ...headers, ...worded.headers } }
  return {
    status: failure.status,
    headers: { ...headers, 'content-type': 'text/plain; charset=utf-8' },
    body: `pkgmirror: ${message}\n${hint}\n`,
  }
}

function retryAfter(until: number | undefined): Record<string, string> {
  if (until === undefined || until > 8.64e15) return {}
  return { 'retry-after': new Date(until).toUTCString() }
}

/** Gives an answer that is made of text. */
export function give(response: ServerResponse, request: IncomingMessage, { status, headers, body }: Answer): Sent {
  const bytes = Buffer.from(body)
  response.writeHead(status, { ...headers, 'content-length': bytes.length })
  response.end(request.method === 'HEAD' ? undefined : bytes)
  return { status, bytes: bytes.length }
}
