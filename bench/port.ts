// Ports of loopback that nobody listens on.

import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below 32,768: apt-cacher-ng takes no higher one, and the system gives those to connections. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    const server = createServer().listen(port, '127.0.0.1')
    const free = await Promise.race([
      once(server, 'listening').then(() => true),
      once(server, 'error').then(() => false),
    ])
    server.close()
    if (free) return port
  }
}
