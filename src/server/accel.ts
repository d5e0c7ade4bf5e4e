// Large bodies that the web server in front sends itself: nginx's X-Accel-Redirect. Node copies each piece through its own
// memory; nginx lets the kernel send the file. Only for requests in which a trusted proxy says that it understands it.

import type { IncomingMessage } from 'node:http'
import type { Blob } from '../engine/served.ts'

/** Smaller ones are quicker sent than passed on. */
const LEAST = 256 * 1024

/** What the proxy says it by; a client's own would be overwritten by it. */
export const ACCEL_FIELD = 'x-pkgmirror-accel'

/** Its internal location, below which the blobs lie as they do in the store. docs/operations.md has it. */
const LOCATION = '/pkgmirror-blobs'

/** What nginx states of the file itself. */
const stated: ReadonlySet<string> = new Set(['accept-ranges', 'content-length', 'date'])
/** Fields that reach the client: nginx keeps the first ones by itself, the others as its location adds them. */
const passed: ReadonlySet<string> = new Set([
  ...['cache-control', 'content-disposition', 'content-type', 'expires'],
  ...['age', 'cache-status', 'content-encoding', 'content-security-policy', 'docker-content-digest'],
  ...['docker-distribution-api-version', 'etag', 'last-modified', 'vary', 'warning', 'x-cache'],
  'x-content-type-options',
])

const loopback = ['127.0.0.1', '::1']

/** The fields of an answer without its body, for the web server in front to send it; undefined when it is ours to send. */
export type Accel = (request: IncomingMessage, fields: readonly string[], blob: Blob) => string[] | undefined

/** `from`: addresses of proxies that are trusted beside loopback. */
export function createAccel(from: readonly string[]): Accel {
  const trusted = new Set([...loopback, ...from])
  return (request, fields, { sha256, size }) => {
    const { headers, socket } = request
    // a part is ours: nginx would compare validators of its own
    if (size < LEAST || headers[ACCEL_FIELD] !== 'nginx' || headers.range !== undefined) return undefined
    if (!trusted.has((socket.remoteAddress ?? '').replace(/^::ffff:/, ''))) return undefined
    const kept: string[] = []
    for (let at = 0; at < fields.length; at += 2) {
      const [name = '', value = ''] = [fields[at], fields[at + 1]]
      const key = name.toLowerCase()
      if (key === 'accept-ranges' && value !== 'bytes') return undefined
      if (stated.has(key)) continue
      if (!passed.has(key)) return undefined
      kept.push(name, value)
    }
    return [...kept, 'X-Accel-Redirect', `${LOCATION}/${sha256.slice(0, 2)}/${sha256}`, 'Content-Length', '0']
  }
}
