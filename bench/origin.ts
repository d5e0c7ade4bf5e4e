// The upstream of a benchmark: documents and files on loopback, with validators, counting what it is asked. It answers in a
// thread of its own, so that it does not wait for the client that measures.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'

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

type Order =
  | { readonly kind: 'put'; readonly path: string; readonly type: string; readonly bytes: Uint8Array }
  | { readonly kind: 'asked' }

export async function startOrigin(): Promise<Origin> {
  const worker = new Worker(new URL(import.meta.url))
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

async function answerAll(): Promise<void> {
  const held = new Map<string, Held>()
  let all = 0
  let unchanged = 0
  const server = createServer((request, response) => {
    all += 1
    const found = held.get(request.url ?? '')
    if (found === undefined) {
      response.writeHead(404, { 'content-length': 0 }).end()
      return
    }
    const { type, bytes, etag } = found
    if (request.headers['if-none-match'] === etag) {
      unchanged += 1
      response.writeHead(304, { etag }).end()
      return
    }
    response.writeHead(200, { 'content-type': type, 'content-length': bytes.length, etag }).end(bytes)
  })
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1')
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

if (!isMainThread) await answerAll()
