// The local socket at which the process with the engine answers its workers.

import type { Mirror } from '../engine/mirror.ts'
import type { Addresses } from './addresses.ts'
import { behindMirror } from './app.ts'
import { type App, createFront } from './front.ts'
import type { Hits } from './hits.ts'
import { createLasting } from './lasting.ts'
import { createServer } from './node-http.ts'
import { describe, listenerOf, toldAddresses } from './relay.ts'
import type { Responder } from './respond.ts'
import type { States } from './states.ts'

export interface Inner {
  close(): Promise<void>
}

/** `apps` by the name of the listener; `at`: the path of the socket, where nobody else can reach it. */
export async function listenInside(apps: ReadonlyMap<string, App>, at: string): Promise<Inner> {
  const server = createServer({ keepAliveTimeout: 0, maxHeaderSize: 32 * 1024 }, (request, response) => {
    const app = apps.get(listenerOf(request))
    if (app === undefined) response.writeHead(404).end()
    else app.handle(request, response)
  })
  const listening = Promise.withResolvers<void>()
  server.once('error', listening.reject)
  server.listen(at, listening.resolve)
  await listening.promise
  return {
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

/** The application for requests that workers pass on: what is held is described to them. */
export function createInnerApp(
  mirror: Mirror,
  states: States,
  responder: Responder,
  addresses: Addresses,
  hits: Hits,
): App {
  return createFront({
    behind: behindMirror(mirror, states, toldAddresses(addresses)),
    lasting: createLasting(() => mirror.catalog.epoch(), mirror.now),
    hits,
    responder,
    async respond(request, response, standing) {
      return describe(response, standing) ? undefined : responder.respond(request, response, standing.served)
    },
    answered: mirror.events.emit,
  })
}
