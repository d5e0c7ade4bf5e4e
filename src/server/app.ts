// What the engine answers over HTTP: finds the repository that a request is for, opens the path, words every error once.

import type { IncomingMessage } from 'node:http'
import type { Answer } from '../contract.ts'
import { directivesOf } from '../engine/fresh.ts'
import type { Mirror, MountedRepo } from '../engine/mirror.ts'
import { open } from '../engine/open.ts'
import type { Opened } from '../engine/opened.ts'
import { MirrorError } from '../errors.ts'
import { collect } from '../formats/bytes.ts'
import type { Addresses } from './addresses.ts'
import { type App, answerOf, type Behind, createFront, give } from './front.ts'
import type { Hits } from './hits.ts'
import { createLasting, type Standing } from './lasting.ts'
import { overview } from './overview.ts'
import { negotiate, readTarget, type Target } from './request.ts'
import type { Responder } from './respond.ts'
import { type State, type States, snapshotIn } from './states.ts'

/** Bodies of live requests (audits) are small. */
const BODY_LIMIT = 8 * 1024 * 1024

/** A repository, and which of its paths. */
interface Place {
  readonly mounted: MountedRepo
  readonly path: string
  /** Header fields that tell how it was found. */
  readonly headers?: Readonly<Record<string, string>>
}

/** The application around the engine of this process. */
export function createApp(mirror: Mirror, states: States, responder: Responder, addresses: Addresses, hits: Hits): App {
  return createFront({
    behind: behindMirror(mirror, states, addresses),
    lasting: createLasting(() => mirror.catalog.epoch(), mirror.now),
    hits,
    responder,
    respond: (request, response, { served }) => responder.respond(request, response, served),
    answered: mirror.events.emit,
  })
}

/** What the engine answers. `states` may be those of a mirror with more repositories. */
export function behindMirror(mirror: Mirror, states: States, addresses: Addresses): Behind {
  const mounts = [...mirror.repos.values()].sort((a, b) => b.settings.mount.length - a.settings.mount.length)
  const hosts = new Map(mounts.map((mounted) => [mounted, hostsOf(mounted)]))

  /** Which repository, and which of its paths. An absolute target is found by the upstream it names. */
  function locate(target: Target): Place | undefined {
    if (target.absolute !== undefined && !addresses.isOwn(target.absolute.host))
      return byUpstream(target, target.absolute)
    for (const mounted of mounts) {
      const path = below(mounted, target)
      if (path !== undefined) return byNamespace(target, { mounted, path })
    }
    return undefined
  }

  /** What a client says beside the address: which upstream's host it means. Only hosts of our own repositories are known. */
  function byNamespace(target: Target, found: Place): Place {
    const { namespace } = found.mounted.ecosystem
    const host = namespace === undefined ? null : target.query.get(namespace.query)
    if (namespace === undefined || host === null) return found
    const meant = mounts.find(
      (one) => one.ecosystem === found.mounted.ecosystem && hosts.get(one)?.has(host.toLowerCase()) === true,
    )
    if (meant === undefined) {
      throw new MirrorError('DENIED', `no repository mirrors ${host.slice(0, 255)}`, {
        hint: 'Add it under `repositories`: only the hosts of configured upstreams are asked.',
      })
    }
    // its own address may have been asked, or the one that is common to all
    const path = below(meant, target) ?? found.path
    return { mounted: meant, path, headers: { [namespace.header]: host.toLowerCase() } }
  }

  function byUpstream(target: Target, absolute: URL): Place {
    for (const mounted of mounts) {
      for (const upstream of mounted.settings.upstreams) {
        const base = new URL(upstream)
        const prefix = base.pathname.replace(/\/$/, '')
        if (base.host === absolute.host && target.decoded.startsWith(`${prefix}/`))
          return { mounted, path: target.decoded.slice(prefix.length) }
      }
    }
    throw new MirrorError('DENIED', `no repository mirrors ${absolute.host}`, {
      hint: 'As a forward proxy, pkgmirror serves only the upstreams of its own repositories.',
    })
  }

  /** Where a repository is mounted at the top, every path is its own. */
  const within = mounts.some(({ settings }) => settings.mount === '')
    ? () => undefined
    : (target: Target) => (target.absolute === undefined ? snapshotIn(target) : undefined)

  async function openFor(
    request: IncomingMessage,
    target: Target,
    found: Place,
    { mirror: of, prefix }: { readonly mirror: Mirror; readonly prefix: string },
  ): Promise<Opened> {
    const { mounted, path } = found
    const { headers, method = 'GET' } = request
    const body = method === 'POST' ? await collect(request, BODY_LIMIT) : undefined
    return open(
      of,
      mounted,
      {
        method,
        path,
        query: target.query,
        accept: headers.accept,
        base: `${addresses.base(request, target)}${prefix}${mounted.settings.mount}`,
        directives: directivesOf(headers['cache-control'], headers.pragma),
        ...(body === undefined ? {} : { body }),
        fields: headers,
        headers: liveHeaders(request),
      },
      negotiate,
    )
  }

  /** In the words of the repository that the request was for, if it was for one. */
  function worded(error: MirrorError, request: IncomingMessage): Answer | undefined {
    try {
      const target = readTarget(request)
      const place = locate(within(target)?.target ?? target)
      return place?.mounted.ecosystem.refuse?.(error, place.path)
    } catch {
      return undefined
    }
  }

  return {
    async open(request, response) {
      const asked = readTarget(request)
      if (isHealth(asked)) return { sent: give(response, request, healthy) }
      const named = within(asked)
      const state = named === undefined ? states.shown() : states.named(named.name)
      try {
        const target = named?.target ?? asked
        const prefix = named?.prefix ?? ''
        const of = mirror.repos === state.mirror.repos ? state.mirror : { ...state.mirror, repos: mirror.repos }
        const found = locate(target)
        if (found !== undefined) {
          const opened = await openFor(request, target, found, { mirror: of, prefix })
          return { ...standingOf(dated(opened, state), found), ...(named === undefined ? {} : { uncounted: true }) }
        }
        if (target.decoded !== '/')
          throw new MirrorError('NO_ROUTE', `nothing is mounted at ${asked.decoded}`, { path: asked.decoded })
        return { sent: give(response, request, overview(of, `${addresses.base(request, target)}${prefix}`)) }
      } finally {
        state.release()
      }
    },
    word: (error, request) => answerOf(error, worded(error, request)),
  }
}

/** The path of a target below a mount; undefined for one that lies elsewhere. */
function below({ settings: { mount } }: MountedRepo, { decoded }: Target): string | undefined {
  if (decoded === mount || decoded === `${mount}/`) return '/'
  return decoded.startsWith(`${mount}/`) ? decoded.slice(mount.length) : undefined
}

/** The hosts of its upstreams, and those by which clients also call them. */
function hostsOf({ settings, ecosystem }: MountedRepo): ReadonlySet<string> {
  const also = ecosystem.repos.find((one) => one.name === settings.name)?.also ?? []
  return new Set([...settings.upstreams, ...also].flatMap((one) => URL.parse(one)?.host ?? []))
}

/**
 * What changes carries no date from before the state was changed that it belongs to: a client that asks by date alone would take
 * the other state's bytes for right.
 */
function dated(opened: Opened, { turned }: State): Opened {
  const { modified, resource } = opened
  const stays = resource.route.kind === 'artifact' && resource.route.unvouched !== 'changes'
  if (modified === undefined || stays || modified >= turned) return opened
  return { ...opened, modified: Math.ceil(turned / 1000) * 1000 }
}

function standingOf(opened: Opened, { headers }: Place): Standing {
  const { cache, resource, until } = opened
  return {
    served: headers === undefined ? opened : { ...opened, headers: { ...opened.headers, ...headers } },
    cache,
    repo: resource.mounted.settings.name,
    path: resource.path,
    until,
  }
}
const healthy: Answer = { status: 200, headers: { 'content-type': 'text/plain' }, body: 'ok\n' }
const isHealth = (target: Target): boolean => ['/health', '/livez', '/readyz'].includes(target.decoded)

/** What a live request may carry upstream. */
function liveHeaders(request: IncomingMessage): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const name of ['accept', 'content-type', 'content-encoding']) {
    const value = request.headers[name]
    if (typeof value === 'string') kept[name] = value
  }
  return kept
}
