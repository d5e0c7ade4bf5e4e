// A download whose bytes are looked at and let go, for files that are larger than one wants to keep in memory.

import { type Agent, get } from 'node:http'

export interface Drained {
  readonly bytes: number
  /** Milliseconds from the request to the first byte, and to the last one. */
  readonly first: number
  readonly milliseconds: number
}

export interface Drain {
  /** Fails when other bytes come, or fewer or more. */
  readonly expected?: Buffer
  /** A connection of its own when left out. */
  readonly agent?: Agent
  readonly headers?: Readonly<Record<string, string>>
}

/** Throws unless the status is 200. */
export function drain(url: string, { expected, agent, headers = {} }: Drain = {}): Promise<Drained> {
  return new Promise((resolve, reject) => {
    const started = performance.now()
    const request = get(url, { agent: agent ?? false, headers }, (response) => {
      let bytes = 0
      let first = Number.NaN
      const fail = (what: string): void => {
        response.destroy()
        reject(new Error(`${url} ${what}`))
      }
      if (response.statusCode !== 200) {
        fail(`answered ${response.statusCode}`)
        return
      }
      response.on('data', (piece: Buffer) => {
        if (bytes === 0) first = performance.now() - started
        if (expected !== undefined && !piece.equals(expected.subarray(bytes, bytes + piece.length)))
          fail(`sent other bytes after ${bytes}`)
        bytes += piece.length
      })
      response.on('error', reject)
      response.on('end', () => {
        if (expected !== undefined && bytes !== expected.length) fail(`sent ${bytes} bytes of ${expected.length}`)
        else resolve({ bytes, first, milliseconds: performance.now() - started })
      })
    })
    request.on('error', reject)
  })
}
