// Bytes on a connection, as no honest client would send them, and what comes back.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

export interface Answer {
  readonly status: number
  readonly head: string
  readonly body: Buffer
  /** Shorter than it was stated. */
  readonly broken: boolean
}

export interface Said {
  readonly answers: readonly Answer[]
  /** What is no answer. */
  readonly rest: Buffer
  readonly closed: boolean
}

export async function open(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

/**
 * Sends, and hears until the connection is closed, `expected` answers are there, or all is silent. `hangUp` closes our half,
 * `later` is sent in the middle of the first answer.
 */
export async function converse(
  url: string,
  sent: string | Uint8Array,
  { expected = Number.POSITIVE_INFINITY, hangUp = false, later = '', silence = 1000 } = {},
): Promise<Said> {
  const socket = await open(url)
  const bytes = typeof sent === 'string' ? Buffer.from(sent, 'latin1') : sent
  if (hangUp) socket.end(bytes)
  else socket.write(bytes)
  if (later !== '') {
    await once(socket, 'readable')
    socket.write(later, 'latin1')
    await pause(100)
  }
  const pieces: Buffer[] = []
  let closed = false
  let heard = performance.now()
  socket.on('data', (piece: Buffer) => {
    pieces.push(piece)
    heard = performance.now()
  })
  for (const event of ['end', 'close']) {
    socket.on(event, () => {
      closed = true
    })
  }
  let read = answersIn(Buffer.alloc(0))
  for (let length = 0; !closed && performance.now() - heard < silence; ) {
    await pause(10)
    if (pieces.length === length) continue
    length = pieces.length
    read = answersIn(Buffer.concat(pieces))
    if (read.answers.filter(({ broken }) => !broken).length >= expected) break
  }
  socket.destroy()
  return { ...answersIn(Buffer.concat(pieces)), closed }
}

/** Answers with a stated length, or with the chunks of an empty body, or without any. */
function answersIn(bytes: Buffer): Pick<Said, 'answers' | 'rest'> {
  const answers: Answer[] = []
  let at = 0
  for (;;) {
    const end = bytes.indexOf('\r\n\r\n', at)
    const head = end === -1 ? '' : bytes.toString('latin1', at, end)
    const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(head) ?? []
    if (status === undefined) return { answers, rest: bytes.subarray(at) }
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0)
    const body = bytes.subarray(end + 4, end + 4 + length)
    answers.push({ status: Number(status), head, body, broken: body.length < length })
    at = end + 4 + length
    if (/\r\ntransfer-encoding: chunked/i.test(head) && bytes.indexOf('0\r\n\r\n', at) === at) at += 5
  }
}
