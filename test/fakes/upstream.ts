// A scripted upstream on loopback for tests: each path has a script (body, validators, delays, truncation, redirects …)
// and every request is written down. Scripts are plain data, so that a test shows at a glance what upstream does.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Asked {
  readonly method: string
  /** Raw request target: path and query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Uint8Array
}

/** What one answer is like; everything left out is ordinary: 200, a Content-Length, at once. */
export interface Step {
  readonly status?: number
  /** Extra header fields; they win over those that the script makes. */
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: string | Uint8Array | ((asked: Asked) => string | Uint8Array)
  /** Content-Type. */
  readonly type?: string
  /** A validator as it is sent, or true for one made of the content. If-None-Match is honoured. */
  readonly etag?: string | true
  /** Last-Modified. If-Modified-Since is honoured. */
  readonly modified?: Date
  /** Milliseconds before the header, and between header and body. */
  readonly delay?: number
  readonly firstByteDelay?: number
  readonly bytesPerSecond?: number
  /** Sends the header for the whole body, then that many bytes, then destroys the connection. */
  readonly truncateAt?: number
  /** Sends no Content-Length. */
  readonly chunked?: boolean
  /** Sends this Content-Length whatever the body is, and closes the connection after the body. */
  readonly wrongLength?: number
  /** Honours Range and If-Range; true when left out. */
  readonly ranges?: boolean
  /** The Location of a redirect; the status is 302 when left out. */
  readonly redirect?: string
  /** Used that many times (1 when left out), after which `next` answers. Without `next` it is used for ever. */
  readonly times?: number
  readonly next?: Script
}

/** A step, steps that are used one after another (the last one stays), or a step made for the request. */
export type Script = Step | readonly Step[] | ((asked: Asked) => Step)

export interface Upstream {
  /** Address without a trailing slash. */
  readonly url: string
  /** Everything that was asked since the start or the last reset, in order. */
  readonly requests: readonly Asked[]
  /** How many connections were opened since the start. */
  readonly connections: number
  /** `path` with a query matches that alone; without one, any query that has no script of its own. */
  set(path: string, script: Script): void
  remove(path: string): void
  /** Answers paths that have no script; 404 when it was never set. */
  otherwise(script: (asked: Asked) => Step): void
  /** How often the path (with its query, or with any when it has none) was asked; all requests when left out. */
  count(path?: string): number
  /** Forgets the requests; the scripts stay as far as they have come. */
  reset(): void
  close(): Promise<void>
}

export const json = (document: unknown, more: Step = {}): Step => ({
  type: 'application/json',
  body: JSON.stringify(document),
  ...more,
})
export const text = (body: string, more: Step = {}): Step => ({ type: 'text/plain', body, ...more })
export const file = (body: Uint8Array, more: Step = {}): Step => ({ type: 'application/octet-stream', body, ...more })
export const status = (code: number, more: Step = {}): Step => ({ status: code, body: '', ...more })

/** Pseudo-random bytes, the same for the same seed. */
export function bytesOf(size: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(size)
  let state = seed >>> 0 || 1
  for (let index = 0; index < size; index++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[index] = state & 0xff
  }
  return bytes
}

/** Starts an upstream on 127.0.0.1; paths without a script are 404. */
export async function startUpstream(routes: Readonly<Record<string, Script>> = {}): Promise<Upstream> {
  const scripts = new Map<string, () => (asked: Asked) => Step>()
  const requests: Asked[] = []
  const set = (path: string, script: Script): void => void scripts.set(path, player(script))
  for (const [path, script] of Object.entries(routes)) set(path, script)

  let fallback = (_: Asked): Step => text('not found', { status: 404 })
  const server = createServer((request, response) => {
    receive(request)
      .then((asked) => {
        requests.push(asked)
        const next = scripts.get(asked.path) ?? scripts.get(withoutQuery(asked.path))
        return answer(asked, next === undefined ? fallback(asked) : next()(asked), response)
      })
      .catch(() => response.destroy())
  })
  let connections = 0
  server.on('connection', () => connections++)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    get connections() {
      return connections
    },
    set,
    remove: (path) => void scripts.delete(path),
    otherwise(script) {
      fallback = script
    },
    count(path) {
      if (path === undefined) return requests.length
      return requests.filter((asked) => asked.path === path || withoutQuery(asked.path) === path).length
    },
    reset() {
      requests.length = 0
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

// A delay that nobody waits for any more must not keep a test process alive.
const pause = (milliseconds: number): Promise<void> => sleep(milliseconds, undefined, { ref: false })
const withoutQuery = (path: string): string => path.replace(/\?.*$/s, '')

async function receive(request: IncomingMessage): Promise<Asked> {
  const pieces: Uint8Array[] = []
  for await (const piece of request) pieces.push(piece as Uint8Array)
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    headers: request.headers,
    body: Buffer.concat(pieces),
  }
}

/** Plays a script: each call gives the step for the next request. */
function player(script: Script): () => (asked: Asked) => Step {
  if (typeof script === 'function') return () => script
  if (isSteps(script)) {
    let index = 0
    return () => {
      const step = script[Math.min(index++, script.length - 1)] ?? status(404)
      return () => step
    }
  }
  if (script.next === undefined) return () => () => script
  const after = player(script.next)
  let left = script.times ?? 1
  return () => (left-- > 0 ? () => script : after())
}

const isSteps = (script: Step | readonly Step[]): script is readonly Step[] => Array.isArray(script)

async function answer(asked: Asked, step: Step, response: ServerResponse): Promise<void> {
  if (step.delay !== undefined) await pause(step.delay)
  const said = typeof step.body === 'function' ? step.body(asked) : (step.body ?? '')
  const whole = typeof said === 'string' ? Buffer.from(said) : said
  const headers: OutgoingHttpHeaders = {}
  const tag = step.etag === true ? `"${createHash('sha256').update(whole).digest('hex').slice(0, 16)}"` : step.etag
  if (tag !== undefined) headers.etag = tag
  if (step.modified !== undefined) headers['last-modified'] = step.modified.toUTCString()
  if (step.redirect !== undefined) headers.location = step.redirect

  const code = step.status ?? (step.redirect === undefined ? 200 : 302)
  if (code === 200 && unchanged(asked, tag, step.modified)) {
    response.writeHead(304, { ...headers, ...step.headers }).end()
    return
  }
  if (step.type !== undefined) headers['content-type'] = step.type
  const part = code === 200 && step.ranges !== false ? partOf(asked, whole.length, tag, step.modified) : undefined
  if (part === 'beyond') {
    response.writeHead(416, { ...headers, 'content-range': `bytes */${whole.length}`, ...step.headers }).end()
    return
  }
  if (part !== undefined) headers['content-range'] = `bytes ${part.from}-${part.to - 1}/${whole.length}`
  const body = part === undefined ? whole : whole.subarray(part.from, part.to)
  if (step.chunked !== true) headers['content-length'] = String(step.wrongLength ?? body.length)
  response.writeHead(part === undefined ? code : 206, { ...headers, ...step.headers })
  if (asked.method === 'HEAD' || code === 204 || code === 304) {
    response.end()
    return
  }
  await send(response, step, body)
}

async function send(response: ServerResponse, step: Step, body: Uint8Array): Promise<void> {
  const { firstByteDelay, bytesPerSecond, truncateAt } = step
  if (firstByteDelay !== undefined) {
    response.flushHeaders()
    await pause(firstByteDelay)
  }
  const sent = truncateAt === undefined ? body : body.subarray(0, truncateAt)
  const size = bytesPerSecond === undefined ? 64 * 1024 : Math.max(1, Math.floor(bytesPerSecond / 50))
  response.flushHeaders()
  for (let from = 0; from < sent.length; from += size) {
    if (response.destroyed) return
    await written(response, sent.subarray(from, from + size))
    if (bytesPerSecond !== undefined) await pause(20)
  }
  // Whatever was written is given to the system before the connection goes: an orderly end, not a reset.
  if (truncateAt !== undefined || step.wrongLength !== undefined) response.socket?.destroySoon()
  else response.end()
}

const written = (response: ServerResponse, bytes: Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    response.once('close', resolve)
    response.write(bytes, (error) => {
      response.off('close', resolve)
      if (error) reject(error)
      else resolve()
    })
  })

/** RFC 9110 §13.1.2 and §13.1.3: If-None-Match wins over If-Modified-Since. */
function unchanged(asked: Asked, tag: string | undefined, modified: Date | undefined): boolean {
  const none = asked.headers['if-none-match']
  if (none !== undefined) return tag !== undefined && none.split(/\s*,\s*/).some((one) => bare(one) === bare(tag))
  const since = asked.headers['if-modified-since']
  return since !== undefined && modified !== undefined && seconds(modified) <= seconds(new Date(since))
}

const bare = (tag: string): string => tag.replace(/^W\//, '')
const seconds = (date: Date): number => Math.floor(date.getTime() / 1000)

/** RFC 9110 §14: one range; If-Range must be the strong validator or the exact date. */
function partOf(
  asked: Asked,
  size: number,
  tag: string | undefined,
  modified: Date | undefined,
): { readonly from: number; readonly to: number } | 'beyond' | undefined {
  const found = /^bytes=(\d*)-(\d*)$/.exec(asked.headers.range ?? '')
  if (found === null || (asked.method !== 'GET' && asked.method !== 'HEAD')) return undefined
  const condition = asked.headers['if-range']
  if (condition !== undefined && condition !== tag && condition !== modified?.toUTCString()) return undefined
  const [, first = '', last = ''] = found
  if (first === '' && last === '') return undefined
  const from = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const to = first === '' || last === '' ? size : Math.min(size, Number(last) + 1)
  return from >= size || from >= to ? 'beyond' : { from, to }
}
