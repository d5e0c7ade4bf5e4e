// The listening sockets: opened together, closed without cutting off answers under way.

import { createServer, type Server } from 'node:http'
import { MirrorError } from '../errors.ts'
import type { App } from './app.ts'
import { inTurn } from './pipeline.ts'

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
        inTurn(app).handle,
      )
      server.on('clientError', (_, socket) => {
        if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n')
      })
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
