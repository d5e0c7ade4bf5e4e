// The listening sockets: opened together, closed without cutting off answers under way.

import { createServer, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { MirrorError } from '../errors.ts'
import type { App } from './app.ts'

export interface Listening {
  /** `http://HOST:PORT`, one for each socket. */
  readonly addresses: readonly string[]
  readonly ports: readonly number[]
  /** Stops taking requests; answers under way get `grace` milliseconds. */
  close(grace: number): Promise<void>
}

/** `at`: HOST:PORT each; port 0 picks a free one. */
export async function listen(app: App, at: readonly string[]): Promise<Listening> {
  const servers: Server[] = []
  const addresses: string[] = []
  const ports: number[] = []
  try {
    for (const place of at) {
      const server = createServer(
        { keepAliveTimeout: 65_000, headersTimeout: 60_000, requestTimeout: 300_000, maxHeaderSize: 16 * 1024 },
        (request, response) => {
          latest.set(request.socket, response)
          app.handle(request, response)
        },
      )
      server.on('clientError', refuse)
      server.maxRequestsPerSocket = 0
      const port = await bind(server, place)
      servers.push(server)
      ports.push(port)
      addresses.push(`http://${place.slice(0, place.lastIndexOf(':'))}:${port}`)
    }
  } catch (error) {
    for (const server of servers) server.close()
    throw error
  }
  return {
    addresses,
    ports,
    async close(grace) {
      const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)))
      for (const server of servers) server.closeIdleConnections()
      const timer = setTimeout(() => {
        for (const server of servers) server.closeAllConnections()
      }, grace)
      await Promise.all(closed)
      clearTimeout(timer)
    },
  }
}

/** The answer that was begun last on a connection. */
const latest = new WeakMap<Duplex, ServerResponse>()

const refusals: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

/** What is no request. While an answer is under way, anything written would be taken for a part of it. */
function refuse({ code = '' }: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || latest.get(socket)?.writableFinished === false) socket.destroy()
  else socket.end(`HTTP/1.1 ${refusals[code] ?? '400 Bad Request'}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
}

async function bind(server: Server, place: string): Promise<number> {
  const at = place.lastIndexOf(':')
  const host = place.slice(0, at).replace(/^\[|\]$/g, '')
  const listening = Promise.withResolvers<void>()
  server.once('error', listening.reject)
  server.listen(Number(place.slice(at + 1)), host, listening.resolve)
  try {
    await listening.promise
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new MirrorError('CONFIG', `cannot listen on ${place}: ${reason}`, {
      hint: 'Choose another address with --listen HOST:PORT; port 0 picks a free one.',
      cause: error,
    })
  }
  const bound = server.address()
  return typeof bound === 'object' && bound !== null ? bound.port : 0
}
