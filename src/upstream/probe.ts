// Single requests to a web server that is looked at: what it sends is told as it is, nothing is followed, decoded or
// tried again.

import { MirrorError } from '../errors.ts'
import { undici } from './agents.ts'

export interface Probed {
  readonly status: number
  /** Names in lower case; repeated fields joined by ', '. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: AsyncIterable<Uint8Array>
  /** Lets go of the connection without reading the rest. */
  discard(): void
}

export interface Prober {
  /** The address is sent as it is written. Throws UNREACHABLE; what breaks off throws it from the body. */
  ask(method: 'GET' | 'HEAD', url: string, headers: Readonly<Record<string, string>>): Promise<Probed>
  close(): Promise<void>
}

/** Milliseconds of silence. */
const PATIENCE = 30_000

export async function createProber(connections: number, signal: AbortSignal): Promise<Prober> {
  const { Agent, request } = await undici()
  const agent = new Agent({ connections, headersTimeout: PATIENCE, bodyTimeout: PATIENCE, connectTimeout: PATIENCE })
  const failed = (url: string, cause: unknown): MirrorError =>
    signal.aborted
      ? new MirrorError('STOPPED', 'the check was stopped')
      : new MirrorError('UNREACHABLE', `${url} does not answer: ${cause instanceof Error ? cause.message : ''}`, {
          cause,
          hint: 'Is the web server running, and the address right?',
        })
  return {
    async ask(method, url, headers) {
      try {
        const answer = await request(url, { method, headers: { ...headers }, dispatcher: agent, signal })
        // a body that nobody reads ends with an error that nobody is there for
        answer.body.on('error', () => undefined)
        return {
          status: answer.statusCode,
          headers: Object.fromEntries(
            Object.entries(answer.headers).map(([name, value]) => [
              name.toLowerCase(),
              [value ?? ''].flat().join(', '),
            ]),
          ),
          body: whole(answer.body, url),
          discard: () => void answer.body.destroy(),
        }
      } catch (error) {
        throw failed(url, error)
      }
    },
    close: () => agent.destroy(),
  }

  async function* whole(body: AsyncIterable<Uint8Array>, url: string): AsyncGenerator<Uint8Array> {
    try {
      yield* body
    } catch (error) {
      throw failed(url, error)
    }
  }
}
