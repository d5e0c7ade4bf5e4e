// Load on one address over kept-alive connections: wrk where it is installed, else a generator of our own over plain
// sockets, in a process of its own either way. As a script: `load.ts LOAD`, as JSON.

import { connect } from 'node:net'
import type { Turn } from './figures.ts'
import { found, run } from './process.ts'

export interface Load {
  /** Several are asked for in turns, another one first on each connection. */
  readonly url: string | readonly string[]
  readonly connections: number
  readonly seconds: number
  /** `Name: value` each. */
  readonly headers?: readonly string[]
}

const wrk = found('wrk')
export const generator = wrk === undefined ? 'bench/load.ts' : 'wrk'

/** Requests answered in a second. Statuses of 400 and more, and connections that break, count as errors. */
export async function load(asked: Load): Promise<Turn> {
  const { url, connections, seconds, headers = [] } = asked
  if (wrk === undefined || typeof url !== 'string')
    return JSON.parse((await run([process.execPath, import.meta.filename, JSON.stringify(asked)], 1)).out) as Turn
  const flags = [
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    '--timeout',
    '30s',
    ...headers.flatMap((header) => ['-H', header]),
  ]
  return readWrk((await run([wrk, ...flags, url], 1)).out)
}

/** What wrk prints, as a turn. */
export function readWrk(text: string): Turn {
  const number = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0)
  const broken = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text)?.slice(1) ?? []
  return {
    value: number(/Requests\/sec:\s+([\d.]+)/),
    count: number(/(\d+) requests in/),
    errors: number(/Non-2xx or 3xx responses: (\d+)/) + broken.reduce((sum, one) => sum + Number(one), 0),
  }
}

/** The generator itself: one request after another on each connection. Answers need a Content-Length, or no body. */
export async function generate({ url, connections, seconds, headers = [] }: Load): Promise<Turn> {
  const urls = [url].flat().map((one) => new URL(one))
  const requests = urls.map(({ pathname, host }) =>
    [`GET ${pathname} HTTP/1.1`, `Host: ${host}`, ...headers, '', ''].join('\r\n'),
  )
  const { hostname = '', port } = urls[0] ?? {}
  const started = performance.now()
  const until = started + seconds * 1000
  const results = await Promise.all(
    Array.from({ length: connections }, (_, at) => {
      // the step has no divisor in common with usual counts, so that every one has its turn in no order
      let next = at * 97
      const request = (): string => {
        next += 97
        return requests[next % requests.length] ?? ''
      }
      return ask({ hostname, port: Number(port), request, until })
    }),
  )
  const count = results.reduce((sum, one) => sum + one.count, 0)
  const errors = results.reduce((sum, one) => sum + one.errors, 0)
  return { value: count / ((performance.now() - started) / 1000), count, errors }
}

interface Asking {
  readonly hostname: string
  readonly port: number
  request(): string
  readonly until: number
}

function ask({ hostname, port, request, until }: Asking): Promise<{ count: number; errors: number }> {
  return new Promise((resolve) => {
    const socket = connect(port, hostname)
    let count = 0
    let errors = 0
    let head = ''
    let missing = 0
    const send = (): void => void socket.write(request())
    const answered = (): void => {
      count += 1
      if (performance.now() < until) send()
      else socket.end()
    }
    socket.on('connect', send)
    socket.on('data', (bytes) => {
      if (missing > 0) {
        missing -= bytes.length
        if (missing <= 0) answered()
        return
      }
      head += bytes.toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end === -1) return
      const status = Number(head.slice(9, 12))
      if (status >= 400) errors += 1
      const length = status === 304 ? 0 : Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0)
      missing = length - (head.length - end - 4)
      head = ''
      if (missing <= 0) answered()
    })
    socket.on('error', () => {
      errors += 1
    })
    socket.on('close', () => resolve({ count, errors }))
  })
}

if (process.argv[1] === import.meta.filename) {
  console.log(JSON.stringify(await generate(JSON.parse(process.argv[2] ?? '') as Load)))
}
