// A download whose bytes are counted and let go, for files that are larger than one wants to keep in memory.

import { get } from 'node:http'

export interface Drained {
  readonly bytes: number
  /** From the request to the last byte. */
  readonly milliseconds: number
}

/** Throws unless the status is 200. */
export function drain(url: string): Promise<Drained> {
  return new Promise((resolve, reject) => {
    const started = performance.now()
    get(url, { agent: false }, (response) => {
      let bytes = 0
      if (response.statusCode !== 200) {
        response.destroy()
        reject(new Error(`${url} answered ${response.statusCode}`))
        return
      }
      response.on('data', (piece: Buffer) => {
        bytes += piece.length
      })
      response.on('error', reject)
      response.on('end', () => resolve({ bytes, milliseconds: performance.now() - started }))
    }).on('error', reject)
  })
}
