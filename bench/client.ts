// One request at a time, timed: when the first byte of the body is there, and when all of it is.

import { Agent, get } from 'node:http'

const agent = new Agent({ keepAlive: true, maxSockets: 1 })

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly bytes: Buffer
  /** Milliseconds since the request. */
  readonly first: number
  readonly whole: number
}

/** Throws for a connection that breaks; a status is for the caller to judge. */
export function ask(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const started = performance.now()
    const request = get(url, { agent, headers }, (response) => {
      let first = Number.NaN
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => {
        if (pieces.length === 0) first = performance.now() - started
        pieces.push(piece)
      })
      response.on('error', reject)
      response.on('end', () => {
        const whole = performance.now() - started
        const { statusCode: status = 0, headers: fields } = response
        resolve({ status, headers: fields, bytes: Buffer.concat(pieces), first, whole })
      })
    })
    request.on('error', reject)
  })
}

/** The same; throws unless the status is 200. */
export async function mustGet(url: string, headers?: Readonly<Record<string, string>>): Promise<Answer> {
  const answer = await ask(url, headers)
  if (answer.status !== 200) throw new Error(`${url} answered ${answer.status}`)
  return answer
}
