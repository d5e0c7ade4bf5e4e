// Follows redirects by hand, so that each hop is judged like an address out of a document and gets headers of its own.

import { MirrorError } from '../errors.ts'
import { discard } from './body.ts'
import { plain } from './failures.ts'
import type { Send } from './hop.ts'
import { addressOf } from './hosts.ts'

const redirects = new Set([301, 302, 303, 307, 308])
const mostHops = 5

/** Follows at most 5 redirects of GET and HEAD, never from https to http (HOST_REFUSED). Others are answers. */
export function redirecting(next: Send): Send {
  return async (first) => {
    let hop = first
    for (let hops = 0; ; hops++) {
      const reply = await next(hop)
      const { location } = reply.headers
      if (!redirects.has(reply.status) || location === undefined || hop.ask.method === 'POST') return reply
      await discard(reply)
      if (hops === mostHops) {
        const facts = {
          url: plain(hop.url),
          host: hop.url.host,
          hint: 'The upstream redirects in a circle; check its address.',
        }
        throw new MirrorError('UNREACHABLE', `${first.url.host}: more than ${mostHops} redirects`, facts)
      }
      const url = addressOf(location, hop.url)
      if (hop.url.protocol === 'https:' && url.protocol === 'http:') {
        const hint = 'Ask the upstream to redirect to https.'
        throw new MirrorError('HOST_REFUSED', `${hop.url.host} redirects from https to http at ${url.host}`, {
          host: url.host,
          hint,
        })
      }
      hop = { ask: hop.ask, url, guarded: true }
    }
  }
}
