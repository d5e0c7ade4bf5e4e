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
      response.once('close', () => {
        log({ method, url, status: response.statusCode, headers: blanked(response.getHeaders()) }, 'answer head')
      })
      app.handle(request, response)
    },
  }
}

const blanked = (headers: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, SECRET.test(name) ? '***' : value]))
