// Pipelined requests: Node hands over every request that a connection has sent, at once, and writes their answers in
// order. So the files of a client such as apt, which asks for ten ahead, are fetched side by side. Here is the bound: what
// comes beyond it waits, and the connection is not read any further.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { App } from './front.ts'

/** Requests of one connection under way at once. apt's Acquire::http::Pipeline-Depth is 10. */
const AHEAD = 12

/** The requests of one connection. */
export interface Line {
  /** How many are under way. */
  under: number
  readonly waiting: (() => void)[]
}

export interface Lines {
  of(socket: Socket): Line
}

export function createLines(): Lines {
  const lines = new WeakMap<Socket, Line>()
  return {
    of(socket) {
      const known = lines.get(socket)
      if (known !== undefined) return known
      const line: Line = { under: 0, waiting: [] }
      lines.set(socket, line)
      return line
    },
  }
}

/** The application with at most `ahead` requests of a connection under way. */
export function inTurn(handle: App['handle'], lines: Lines, ahead = AHEAD): App['handle'] {
  function begin(line: Line, socket: Socket, request: IncomingMessage, response: ServerResponse): void {
    line.under += 1
    response.once('close', () => {
      line.under -= 1
      const next = line.waiting.shift()
      // nothing is begun for a client that has gone
      if (next === undefined || socket.destroyed) return
      if (line.waiting.length === 0) socket.resume()
      next()
    })
    handle(request, response)
  }

  return (request, response) => {
    const { socket } = request
    const line = lines.of(socket)
    if (line.under < ahead) return begin(line, socket, request, response)
    line.waiting.push(() => begin(line, socket, request, response))
    socket.pause()
  }
}

/** Resolves when it is this answer's turn to be written, so that one that waits behind others holds no bytes of its body. */
export function turnOf(response: ServerResponse): Promise<void> | undefined {
  if (response.socket !== null) return undefined
  return new Promise((resolve) => response.once('socket', () => resolve()))
}
