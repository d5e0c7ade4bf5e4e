// Under which address a client knows us: the configured one, else its Host when that is loopback, one of our own
// addresses or listed, else the address of the socket. Never what a stranger wrote into a header (threats.md §3).

import type { IncomingMessage } from 'node:http'
import { networkInterfaces } from 'node:os'
import type { Target } from './request.ts'

export interface Addresses {
  /** Scheme and authority, without a trailing slash. */
  base(request: IncomingMessage, target: Target): string
  /** Is this `HOST[:PORT]` ours? */
  isOwn(host: string): boolean
}

export function createAddresses(
  baseUrl: string | undefined,
  hosts: readonly string[],
  ports: () => readonly number[],
): Addresses {
  const fixed = baseUrl?.replace(/\/+$/, '')
  const own = new Set(['localhost', '127.0.0.1', '[::1]'])
  for (const list of Object.values(networkInterfaces())) {
    for (const { address, family } of list ?? []) own.add(family === 'IPv6' ? `[${address}]` : address)
  }
  const listed = new Set(hosts.map((host) => host.toLowerCase()))
  const isOwn = (host: string): boolean => {
    const name = host.toLowerCase().replace(/:\d+$/, '')
    if (listed.has(host.toLowerCase()) || listed.has(name)) return true
    const port = /:(\d+)$/.exec(host)?.[1]
    return own.has(name) && (port === undefined ? ports().includes(80) : ports().includes(Number(port)))
  }
  return {
    isOwn,
    base(request, target) {
      if (fixed !== undefined) return fixed
      if (target.host !== undefined && target.absolute === undefined && isOwn(target.host))
        return `http://${target.host}`
      const { localAddress = '127.0.0.1', localPort = 80, localFamily } = request.socket
      const host =
        localFamily === 'IPv6' && !localAddress.startsWith('::ffff:')
          ? `[${localAddress}]`
          : localAddress.replace(/^::ffff:/, '')
      return `http://${host}:${localPort}`
    },
  }
}
