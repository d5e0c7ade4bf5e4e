// The client for upstreams, over undici: asks wait for a slot, then pass retry, redirect, challenge and the host rules.

import type { LookupFunction } from 'node:net'
import type { Repository } from '../config/types.ts'
import { asMirrorError, MirrorError } from '../errors.ts'
import { createAgents } from './agents.ts'
import { discard, isBodiless, receivedOf } from './body.ts'
import { answering } from './challenge.ts'
import type { Ask, Client, ClientEvents } from './client.ts'
import { secretsOf } from './credentials.ts'
import { stopped } from './failures.ts'
import { addressOf, hostRules } from './hosts.ts'
import { createQueues } from './queues.ts'
import { redirecting } from './redirect.ts'
import { retrying, type Wait, waitForTime } from './retry.ts'
import { type Site, transport } from './transport.ts'

/** What the client needs to know of a repository. */
export type Reachable = Pick<Repository, 'name' | 'upstreams' | 'credentials' | 'network' | 'allowHosts' | 'hosts'>

export interface ClientOptions {
  /** Our version, for User-Agent. */
  readonly version: string
  /** May upstreams be asked at all, now? Yes when left out. */
  readonly online?: () => boolean
  readonly events?: ClientEvents
  /** In place of the system's name resolution, and of waiting between attempts. */
  readonly lookup?: LookupFunction
  readonly wait?: Wait
}

/** Throws CONFIG when credentials of a repository have a scope that is no address. */
export function createClient(repositories: readonly Reachable[], options: ClientOptions): Client {
  const sites = new Map<string, Site>()
  for (const repository of repositories) {
    const { name, network } = repository
    sites.set(name, { network, rules: hostRules(repository), secrets: secretsOf(repository) })
  }
  const { version, events = {}, online = () => true } = options
  const agents = createAgents(options.lookup)
  const queues = createQueues(Math.max(1, ...repositories.map(({ network }) => network.concurrency.total)))
  const closing = new AbortController()
  const wait: Wait = (milliseconds, signal) => {
    const signals = signal === undefined ? [closing.signal] : [closing.signal, signal]
    return (options.wait ?? waitForTime)(milliseconds, AbortSignal.any(signals))
  }

  function siteOf({ ask }: { readonly ask: Ask }): Site {
    const site = sites.get(ask.repo)
    if (site === undefined) throw new MirrorError('FAULT', `no repository is named ${ask.repo}`)
    return site
  }

  const send = retrying(
    redirecting(answering(transport({ version, agents, events, siteOf }), (hop) => siteOf(hop).secrets)),
    (hop) => siteOf(hop).network.retries,
    wait,
  )

  async function ask(ask: Ask) {
    const url = addressOf(ask.url)
    const { network } = siteOf({ ask })
    if (!online()) {
      const hint = 'Leave out `--offline` to ask upstreams.'
      throw new MirrorError('UNREACHABLE', `${url.host} is not asked: we are offline`, { host: url.host, hint })
    }
    const leave = await queues.slot(url.host, network.concurrency.host, ask).catch(() => {
      throw stopped(ask.signal)
    })
    try {
      if (closing.signal.aborted) throw stopped(undefined)
      const reply = await send({ ask, url, guarded: ask.guarded })
      if (isBodiless(ask, reply.status)) await discard(reply)
      if (reply.body.closed) leave()
      else reply.body.once('close', leave)
      return receivedOf(reply, ask)
    } catch (error) {
      leave()
      throw error
    }
  }

  return {
    ask: (asked) =>
      ask(asked).catch((error: unknown) => {
        const failure = asMirrorError(error)
        events.failed?.(asked, failure)
        throw failure
      }),
    async close() {
      closing.abort()
      queues.clear()
      await agents.close()
    },
  }
}
