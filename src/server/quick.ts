// Answers to plain requests that are ready in memory, written to the socket at once. Of the time that Node's server takes
// for a small answer, most goes into its request and response objects; here there are none. Everything that is not both
// plain and ready goes to Node's parser as it came, byte for byte.

import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Line, Lines } from './pipeline.ts'
import { type Plain, readPlain } from './plain.ts'

/** An answer whose head lacks only what is of the moment. */
export interface Ready {
  /** Status line and fields, each ended by CR LF. */
  readonly head: Buffer
  readonly body: Uint8Array | undefined
}

export type Answering = (asked: Plain) => Ready | undefined

/** Up to so many bytes head and body are copied into one piece, which costs less than writing two. */
const COPIED = 16 * 1024
/** A longer piece is no head of a plain request. */
const LONGEST = 16 * 1024

/** Has `server` answer by `answering` what it can. `keepAlive`: milliseconds that an idle connection is kept. */
export function answerQuickly(server: Server, answering: Answering, lines: Lines, keepAlive: number): void {
  const closing = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAlive / 1000)}\r\n\r\n`
  const moment = createMoment(closing)
  server.on('connection', (socket: Socket) => {
    const [feed, ...others] = socket.listeners('data')
    // not the server that we know: it answers everything itself
    if (feed === undefined || others.length > 0) return
    const line = lines.of(socket)
    let begun = false
    const toNode = (bytes: Buffer): void => feed.call(socket, bytes)

    function take(bytes: Buffer): void {
      const text = bytes.length <= LONGEST ? bytes.toString('latin1') : ''
      for (let at = 0; at < bytes.length; ) {
        const next = text.indexOf('\r\n\r\n', at) + 4
        const asked = next < 4 ? undefined : readPlain(text.slice(at, next))
        if (asked === undefined) {
          // from here on only Node knows where a request ends
          socket.on('data', toNode)
          socket.removeListener('data', take)
          toNode(bytes.subarray(at))
          return
        }
        // the first is Node's: with it begin the times after which it closes an idle connection
        const ready = begun && mayWrite(socket, line) ? answering(asked) : undefined
        begun = true
        if (ready === undefined) toNode(bytes.subarray(at, next))
        else write(socket, ready, moment())
        at = next
      }
    }
    socket.on('data', take)
    socket.removeListener('data', feed as (bytes: Buffer) => void)
  })
}

/** In order: only when nothing that Node answers is under way; and not to a client that does not take what it is given. */
const mayWrite = (socket: Socket, line: Line): boolean =>
  line.under === 0 && !socket.writableNeedDrain && !socket.destroyed

function write(socket: Socket, { head, body }: Ready, tail: Buffer): void {
  const size = body?.length ?? 0
  const start = head.length + tail.length
  const first = Buffer.allocUnsafe(size <= COPIED ? start + size : start)
  head.copy(first)
  tail.copy(first, head.length)
  if (body === undefined || size === 0) return void socket.write(first)
  if (size <= COPIED) {
    first.set(body, start)
    return void socket.write(first)
  }
  socket.cork()
  socket.write(first)
  socket.write(body)
  socket.uncork()
}

/** The last fields of a head, with a Date that is made once a second. */
function createMoment(closing: string): () => Buffer {
  let second = 0
  let made: Buffer = Buffer.alloc(0)
  return () => {
    const now = Date.now()
    if (now - second >= 1000 || now < second) {
      second = now - (now % 1000)
      made = Buffer.from(`Date: ${new Date(now).toUTCString()}\r\n${closing}`, 'latin1')
    }
    return made
  }
}
