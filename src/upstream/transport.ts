// The last step of a request: judged, given its header fields, and sent through the right pool of connections.

import type { Dispatcher } from 'undici'
import type { Network } from '../config/types.ts'
import { MirrorError } from '../errors.ts'
import { type Agents, inUndiciTerms, undici } from './agents.ts'
import type { ClientEvents } from './client.ts'
import type { Secrets } from './credentials.ts'
import { plain, unanswered } from './failures.ts'
import type { Hop, Reply, Send } from './hop.ts'
import type { HostRules } from './hosts.ts'

/** What one repository's requests are made with. */
export interface Site {
  readonly network: Network
  readonly rules: HostRules
  readonly secrets: Secrets
}

interface Wire {
  readonly version: string
  readonly agents: Agents
  readonly events: ClientEvents
  siteOf(hop: Hop): Site
}

// Fields that may follow to another origin; any other may be a secret.
const portable = new Set([
  ...['accept', 'accept-encoding', 'accept-language', 'cache-control', 'if-match', 'if-modified-since'],
  ...['if-none-match', 'if-range', 'if-unmodified-since', 'range'],
])

/** Throws HOST_REFUSED, UNREACHABLE, TIMEOUT or STOPPED. */
export function transport({ version, agents, events, siteOf }: Wire): Send {
  return async (hop) => {
    const { ask, url } = hop
    const site = siteOf(hop)
    const { timeouts } = site.network
    const reach = hop.guarded ? site.rules.reach(url) : 'anywhere'
    const since = performance.now()
    events.asked?.(ask, plain(url))
    try {
      const dispatcher = await agents.agentFor(site.network, reach)
      const { request } = await undici()
      const answer = await request(url, {
        dispatcher,
        method: ask.method ?? 'GET',
        headers: { ...fieldsOf(hop, site.secrets), 'user-agent': `pkgmirror/${version}`, via: '1.1 pkgmirror' },
        headersTimeout: inUndiciTerms(timeouts.headers),
        bodyTimeout: inUndiciTerms(timeouts.idle),
        ...(ask.body === undefined ? {} : { body: ask.body }),
        ...(ask.signal === undefined ? {} : { signal: ask.signal }),
      })
      events.answered?.(ask, answer.statusCode, performance.now() - since)
      return replyOf(answer, url)
    } catch (error) {
      if (error instanceof MirrorError && error.code === 'HOST_REFUSED') throw site.rules.notPublic(url)
      throw unanswered(error, url, ask.signal)
    }
  }
}

function fieldsOf({ ask, url, authorization }: Hop, secrets: Secrets): Record<string, string> {
  const own = new URL(ask.url).origin === url.origin
  const asked = Object.entries(ask.headers ?? {}).filter(([name]) => own || portable.has(name))
  return {
    'accept-encoding': 'identity',
    ...secrets.headersFor(url),
    ...Object.fromEntries(asked),
    ...(authorization === undefined ? {} : { authorization }),
  }
}

function replyOf({ statusCode, headers, body }: Dispatcher.ResponseData, url: URL): Reply {
  // Whoever reads the body gets its error; whoever lets go of it must not end the process with it.
  body.on('error', () => {})
  const fields: Record<string, string> = Object.create(null)
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) fields[name] = Array.isArray(value) ? value.join(', ') : value
  }
  const coding = fields['transfer-encoding']
  if (coding !== undefined && coding.trim().toLowerCase() !== 'chunked') {
    body.destroy()
    throw new MirrorError('UNREADABLE', `${url.host} sent a transfer coding that was not asked for`, {
      url: plain(url),
    })
  }
  return { status: statusCode, headers: fields, url, body }
}
