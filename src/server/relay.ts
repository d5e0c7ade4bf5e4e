// Workers and the process behind them. Workers meet the clients; the process with the engine alone fetches, judges and
// writes. A worker passes a request on over a local socket, and gets either a description of what is held, which it then
// serves itself, or the whole answer, which it passes through. So one flight a file and one writer stay as they are.

import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { isBlob, type Served } from '../engine/served.ts'
import { MirrorError } from '../errors.ts'
import { collect } from '../formats/bytes.ts'
import type { Addresses } from './addresses.ts'
import { answerOf, type Behind, type Given } from './front.ts'
import type { Standing } from './lasting.ts'
import { Agent, request as ask } from './node-http.ts'
import { readTarget } from './request.ts'

/** Fields between a worker and the process behind it. A client cannot set them: workers drop what they get. */
const LISTENER = 'x-pkgmirror-listener'
const BASE = 'x-pkgmirror-base'
const STANDS = 'x-pkgmirror-stands'

/** A description: header fields and digests. */
const LONGEST = 256 * 1024

/** Fields of one connection alone, RFC 9110 §7.6.1; framing is each connection's own. */
const ofConnection: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  ...['expect', 'http2-settings', LISTENER, BASE, STANDS],
])

/** What a worker asks, at the local socket `path`, for its listener of this name. */
export function behindRelay(path: string, listener: string, addresses: Addresses): Behind {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 32 })

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<Standing | Given> {
    const target = readTarget(request)
    const { method = 'GET', url = '/' } = request
    const headers = [
      ...endToEnd(request.rawHeaders),
      ...[LISTENER, listener, BASE, addresses.base(request, target)],
      ...(method === 'POST' && request.headers['content-length'] === undefined ? ['Transfer-Encoding', 'chunked'] : []),
    ]
    const asking = ask({ socketPath: path, agent, method, path: url, headers })
    const leave = (): void => void asking.destroy()
    response.once('close', leave)
    request.socket.once('close', leave)
    try {
      const replied = once(asking, 'response')
      if (method === 'POST') request.pipe(asking)
      else asking.end()
      const [reply] = (await replied.catch((error: unknown) => {
        throw new MirrorError('UNREACHABLE', 'the process behind this worker does not answer', {
          hint: 'It is stopping, or being started again; see its log.',
          cause: error,
        })
      })) as [IncomingMessage]
      if (reply.headers[STANDS] === undefined) return await through(reply, response)
      return JSON.parse(Buffer.from(await collect(reply, LONGEST)).toString(), revived) as Standing
    } finally {
      response.off('close', leave)
      request.socket.off('close', leave)
    }
  }

  return { open: pass, word: (error) => answerOf(error) }
}

/** The answer as it is. What breaks off behind breaks off here. */
async function through(reply: IncomingMessage, response: ServerResponse): Promise<Given> {
  const closes = reply.statusCode === 400 ? ['Connection', 'close'] : []
  response.writeHead(reply.statusCode ?? 502, [...endToEnd(reply.rawHeaders), ...closes])
  try {
    await pipeline(reply, response)
  } catch {
    // to HTTP/1.0 the end of the connection would be the end of the body
    if (response.req.httpVersion === '1.0') response.socket?.resetAndDestroy()
    response.destroy()
  }
  return { sent: { status: response.statusCode, bytes: 0 }, told: true }
}

function endToEnd(raw: readonly string[]): string[] {
  const kept: string[] = []
  for (let at = 0; at < raw.length; at += 2) {
    const [name = '', value = ''] = [raw[at], raw[at + 1]]
    if (!ofConnection.has(name.toLowerCase())) kept.push(name, value)
  }
  return kept
}

/** Describes what stands to the worker that asked; false for what has to be answered here. */
export function describe(response: ServerResponse, standing: Standing): boolean {
  const { served, cache, repo, path, until, uncounted } = standing
  const { type, etag, twinTags, modified, headers, body, whole, twins } = served
  if (!isBlob(body)) return false
  const plain: Served = {
    ...{ type, headers, body: { sha256: body.sha256, size: body.size } },
    ...(etag === undefined ? {} : { etag }),
    ...(twinTags === undefined ? {} : { twinTags }),
    ...(modified === undefined ? {} : { modified }),
    ...(whole === undefined ? {} : { whole }),
    ...(twins === undefined ? {} : { twins }),
  }
  const told = Number.isFinite(until) ? until : ENDLESS
  const text = JSON.stringify({ served: plain, cache, repo, path, until: told, uncounted })
  const bytes = Buffer.from(text)
  response.writeHead(200, { [STANDS]: '1', 'content-length': bytes.length }).end(bytes)
  return true
}

/** JSON has no word for a time that never comes. */
const ENDLESS = 'endless'
const revived = (key: string, value: unknown): unknown =>
  key === 'until' && value === ENDLESS ? Number.POSITIVE_INFINITY : value

/** The name of the listener that a worker's client came to, and the address by which that client knows us. */
export const listenerOf = ({ headers }: IncomingMessage): string => String(headers[LISTENER] ?? '')
export const toldAddresses = (own: Addresses): Addresses => ({
  isOwn: own.isOwn,
  base: ({ headers }) => String(headers[BASE] ?? ''),
})
