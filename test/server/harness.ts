// A real server on loopback around one responder, a store in memory that counts, and a growing body played by a script.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { request as ask, createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { Blob, Growing, Served } from '../../src/engine/served.ts'
import { asMirrorError } from '../../src/errors.ts'
import { createResponder, type Limits, type Responder, type Sent } from '../../src/server/respond.ts'
import type { Opened } from '../../src/store/store.ts'

export interface FakeStore {
  readonly opens: number
  readonly closes: number
  readonly reads: number
  open(sha256: string): Promise<Opened | undefined>
  add(bytes: Uint8Array): Blob
  remove(blob: Blob): void
  /** From now on reads end there, as on a truncated disk file. */
  truncate(blob: Blob, size: number): void
}

export function fakeStore(): FakeStore {
  const blobs = new Map<string, Uint8Array>()
  const counts = { opens: 0, closes: 0, reads: 0 }
  const limits = new Map<string, number>()
  return {
    get opens() {
      return counts.opens
    },
    get closes() {
      return counts.closes
    },
    get reads() {
      return counts.reads
    },
    add(bytes) {
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      blobs.set(sha256, bytes)
      return { sha256, size: bytes.length }
    },
    remove: ({ sha256 }) => blobs.delete(sha256),
    truncate: ({ sha256 }, size) => limits.set(sha256, size),
    async open(sha256) {
      const bytes = blobs.get(sha256)
      if (bytes === undefined) return undefined
      counts.opens += 1
      return {
        size: bytes.length,
        async read(buffer, position) {
          counts.reads += 1
          const end = Math.min(bytes.length, limits.get(sha256) ?? bytes.length)
          const piece = bytes.subarray(position, Math.min(end, position + buffer.length))
          buffer.set(piece)
          return piece.length
        },
        async close() {
          counts.closes += 1
        },
      }
    },
  }
}

export interface ScriptedGrowing extends Growing {
  readonly left: number
  arrive(bytes: Uint8Array): void
  finish(): void
  fail(error: Error): void
}

export function growingBody(size?: number): ScriptedGrowing {
  let bytes = Buffer.alloc(0)
  let failure: Error | undefined
  let waiting: (() => void)[] = []
  const state = { done: false, left: 0 }
  const wake = (): void => {
    const woken = waiting
    waiting = []
    for (const each of woken) each()
  }
  return {
    size,
    get released() {
      return bytes.length
    },
    get done() {
      return state.done
    },
    get left() {
      return state.left
    },
    async read(buffer, position) {
      const piece = bytes.subarray(position, position + buffer.length)
      buffer.set(piece)
      return piece.length
    },
    async more(position) {
      while (failure === undefined && !state.done && bytes.length <= position)
        await new Promise<void>((resolve) => waiting.push(resolve))
      if (failure !== undefined) throw failure
    },
    leave() {
      state.left += 1
    },
    arrive(piece) {
      bytes = Buffer.concat([bytes, piece])
      wake()
    },
    finish() {
      state.done = true
      wake()
    },
    fail(error) {
      failure = error
      wake()
    },
  }
}

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface Bench {
  readonly server: Server
  readonly responder: Responder
  readonly port: number
  /** What `respond` resolved with, in order. */
  readonly sent: Sent[]
  /** The codes of what it threw, in order. */
  readonly errors: string[]
  get(headers?: Readonly<Record<string, string>>, options?: { path?: string; method?: string }): Promise<Reply>
  /** The raw answer to raw bytes, up to the end of the connection or `until` bytes. */
  raw(text: string): Promise<string>
  close(): Promise<void>
}

/** Serves `pick(path)` at every path; errors before the head become their status with the code as body. */
export async function bench(
  store: Pick<FakeStore, 'open'>,
  pick: (path: string) => Served,
  limits?: Limits,
): Promise<Bench> {
  const responder = createResponder(store, limits)
  const sent: Sent[] = []
  const errors: string[] = []
  const server = createServer(async (request, response) => {
    try {
      sent.push(await responder.respond(request, response, pick(request.url ?? '')))
    } catch (error) {
      const { code, failure } = asMirrorError(error)
      errors.push(code)
      if (!response.headersSent) response.writeHead(failure.status).end(code)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  return {
    server,
    responder,
    port,
    sent,
    errors,
    get(headers = {}, { path = '/', method = 'GET' } = {}) {
      return new Promise((resolve, reject) => {
        const asked = ask({ host: '127.0.0.1', port, path, method, headers, agent: false }, (reply) => {
          const pieces: Buffer[] = []
          reply.on('data', (piece: Buffer) => pieces.push(piece))
          reply.on('error', reject)
          reply.on('end', () =>
            resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body: Buffer.concat(pieces) }),
          )
        })
        asked.on('error', reject)
        asked.end()
      })
    },
    raw(text) {
      return new Promise((resolve, reject) => {
        const pieces: Buffer[] = []
        const socket = connect(port, '127.0.0.1', () => socket.write(text))
        socket.on('data', (piece: Buffer) => pieces.push(piece))
        socket.on('error', reject)
        socket.on('close', () => resolve(Buffer.concat(pieces).toString('latin1')))
      })
    },
    async close() {
      responder.close()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export const bytesOf = (size: number, seed = 1): Buffer =>
  Buffer.from(Uint8Array.from({ length: size }, (_, index) => (index * 31 + (index >> 8) * 7 + seed) & 255))

/** Waits until something holds, for at most two seconds. */
export async function eventually(holds: () => boolean): Promise<void> {
  for (let round = 0; round < 400 && !holds(); round += 1) await new Promise((resolve) => setTimeout(resolve, 5))
}
