// The listening sockets: opened together, closed without cutting off answers under way.

import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { MirrorError } from '../errors.ts'
import type { App } from './front.ts'
import { createServer } from './node-http.ts'
import { createLines, inTurn, type Line } from './pipeline.ts'
import { answerQuickly } from './quick.ts'

export interface Listening {
  /** `http://HOST:PORT`, one for each socket. */
  readonly addresses: readonly string[]
  readonly ports: readonly number[]
  /** Stops taking requests; answers under way get `grace` milliseconds. */
  close(grace: number): Promise<void>
}

/** How long an idle connection is kept, milliseconds: longer than the minute for which proxies in front keep theirs. */
const KEEP_ALIVE = 65_000

/** `at`: HOST:PORT each; port 0 picks a free one. */
export async function listen(app: App, at: readonly string[]): Promise<Listening> {
  const servers: Server[] = []
  const addresses: string[] = []
  const ports: number[] = []
  const lines = createLines()
  const sockets = new Set<Socket>()
  let closing = false
  const handle = inTurn((request, response) => {
    if (closing) response.shouldKeepAlive = false
    app.handle(request, response)
  }, lines)
  try {
    for (const place of at) {
      const server = createServer(
        { keepAliveTimeout: KEEP_ALIVE, headersTimeout: 60_000, requestTimeout: 300_000, maxHeaderSize: 16 * 1024 },
        handle,
      )
      server.on('connection', (socket: Socket) => {
        sockets.add(socket)
        socket.once('close', () => sockets.delete(socket))
      })
      // once it closes, every answer is Node's, which ends its connection
      if (app.answer !== undefined)
        answerQuickly(server, (asked) => (closing ? undefined : app.answer?.(asked)), lines, KEEP_ALIVE)
      server.on('clientError', (error, socket) => refuse(error, socket, lines.of(socket as Socket)))
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
      closing = true
      const timer = setTimeout(() => {
        for (const socket of sockets) socket.destroy()
      }, grace)
      // what was answered at once belongs to no request that Node's server knows of: it would count as idle
      await Promise.all([...sockets].filter((socket) => socket.writableLength > 0).map(written))
      const idle = setInterval(() => {
        for (const socket of sockets) if (lines.of(socket).under === 0 && socket.writableLength === 0) socket.destroy()
      }, 50)
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
      clearInterval(idle)
      clearTimeout(timer)
    },
  }
}

const refusals: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

/** What is no request. While an answer is under way, anything written would be taken for a part of it. */
function refuse({ code = '' }: NodeJS.ErrnoException, socket: Duplex, line: Line): void {
  if (!socket.writable || line.under > 0) socket.destroy()
  else socket.end(`HTTP/1.1 ${refusals[code] ?? '400 Bad Request'}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
}

/** Resolves when what was given to a socket has left it, or never will. */
const written = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.once('close', resolve)
    socket.write('', () => resolve())
  })

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
