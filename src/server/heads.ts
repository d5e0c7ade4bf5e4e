// `--debug`: the heads of requests and answers, with secrets blanked by the log.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { App } from './front.ts'

const SECRET = /authorization|cookie|token|password|secret/i

/** The application, with the heads of everything it answers handed to `log`. */
export function withHeads(app: App, log: (record: Readonly<Record<string, unknown>>, text: string) => void): App {
  return {
    handle(request: IncomingMessage, response: ServerResponse) {
      const { method, url, headers } = request
      log({ method, url, headers: blanked(headers) }, 'request head')
      const fields = written(response)
      response.once('close', () => {
        log({ method, url, status: response.statusCode, headers: blanked(fields()) }, 'answer head')
      })
      app.handle(request, response)
    },
  }
}

/** The fields of an answer: a head that is given whole is not to be had from it afterwards. */
function written(response: ServerResponse): () => object {
  let given: unknown
  const { writeHead } = response
  response.writeHead = ((...words: Parameters<typeof writeHead>) => {
    given = words.at(-1)
    return writeHead.apply(response, words)
  }) as typeof writeHead
  return () => {
    if (!Array.isArray(given)) return { ...response.getHeaders(), ...(typeof given === 'object' ? given : {}) }
    const names = given.filter((_, at) => at % 2 === 0) as string[]
    return Object.fromEntries(names.map((name, at) => [name.toLowerCase(), (given as unknown[])[2 * at + 1]]))
  }
}

const blanked = (headers: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, SECRET.test(name) ? '***' : value]))
