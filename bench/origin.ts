// The upstream of a benchmark: documents and files on loopback, with validators, counting what it is asked. It answers in a
// thread of its own, so that it does not wait for the client that measures.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { freePort } from './port.ts'

export interface Origin {
  /** Address without a trailing slash. */
  readonly url: string
  put(path: string, type: string, bytes: Uint8Array): Promise<void>
  /** Requests since the start or the last call, and how many of them were answered with 304. */
  asked(): Promise<Asked>
  close(): Promise<void>
}

export interface Asked {
  readonly all: number
  readonly unchanged: number
}

/** How an upstream that is far away answers. */
export interface Distance {
  /** Bytes a second, for each answer. */
  readonly pace?: number
  /** Milliseconds before the first byte of each answer; the answers on one connection wait for each other. */
  readonly delay?: number
}

type Order =
  | { readonly kind: 'put'; readonly path: string; readonly type: string; readonly bytes: Uint8Array }
  | { readonly kind: 'asked' }

export async function startOrigin(distance: Distance = {}): Promise<Origin> {
  const worker = new Worker(new URL(import.meta.url), { workerData: distance })
  const [port] = (await once(worker, 'message')) as [number]
  let last: Promise<unknown> = Promise.resolve()
  // one order after the other, so that each answer belongs to the order before it
  const order = (what: Order): Promise<Asked> => {
    const done = last.then(async () => {
      const answer = once(worker, 'message')
      worker.postMessage(what)
      return ((await answer) as [Asked])[0]
    })
    last = done
    return done
  }
  return {
    url: `http://127.0.0.1:${port}`,
    async put(path, type, bytes) {
      await order({ kind: 'put', path, type, bytes })
    },
    asked: () => order({ kind: 'asked' }),
    async close() {
      await worker.terminate()
    },
  }
}

interface Held {
  readonly type: string
  readonly bytes: Uint8Array
  readonly etag: string
}

const modified = 'Wed, 03 Jan 2024 00:00:00 GMT'

async function answerAll({ pace, delay = 0 }: Distance): Promise<void> {
  const held = new Map<string, Held>()
  const waiting = new WeakMap<Socket, Promise<void>>()
  let all = 0
  let unchanged = 0
  const answer = (url: string, tag: string | undefined, response: ServerResponse): void | Promise<void> => {
    // debmirror asks for `//dists`
    const found = held.get(url.replace(/^\/+/, '/'))
    if (found === undefined) {
      response.writeHead(404, { 'content-length': 0 }).end()
      return
    }
    const { type, bytes, etag } = found
    if (tag === etag) {
      unchanged += 1
      response.writeHead(304, { etag }).end()
      return
    }
    response.writeHead(200, {
      ...{ 'content-type': type, 'content-length': bytes.length, etag },
      ...{ 'last-modified': modified },
    })
    if (pace === undefined) response.end(bytes)
    else return drip(response, bytes, pace)
  }
  const server = createServer(({ url = '', headers, socket }, response) => {
    all += 1
    const tag = headers['if-none-match']
    if (delay === 0) {
      void answer(url, tag, response)
      return
    }
    const turn = (waiting.get(socket) ?? Promise.resolve()).then(async () => {
      await sleep(delay)
      await answer(url, tag, response)
    })
    waiting.set(socket, turn)
  })
  server.keepAliveTimeout = 60_000
  server.listen(await freePort(), '127.0.0.1')
  await once(server, 'listening')
  parentPort?.on('message', (order: Order) => {
    const counted: Asked = { all, unchanged }
    if (order.kind === 'put') {
      const { path, type, bytes } = order
      held.set(path, { type, bytes, etag: `"${createHash('sha1').update(bytes).digest('hex')}"` })
    } else {
      all = 0
      unchanged = 0
    }
    parentPort?.postMessage(counted)
  })
  parentPort?.postMessage((server.address() as AddressInfo).port)
}

/** As many bytes as the time since the beginning allows. */
async function drip(response: ServerResponse, bytes: Uint8Array, pace: number): Promise<void> {
  const started = performance.now()
  let sent = 0
  while (sent < bytes.length && !response.destroyed) {
    const allowed = Math.min(bytes.length, Math.ceil(((performance.now() - started) / 1000) * pace))
    if (allowed > sent) response.write(bytes.subarray(sent, allowed))
    sent = Math.max(sent, allowed)
    await sleep(2)
  }
  response.end()
}

if (!isMainThread) await answerAll(workerData as Distance)
