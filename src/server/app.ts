// The HTTP application: finds the repository a request is for, opens the path, answers; words every error once.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Answer } from '../contract.ts'
import { directivesOf } from '../engine/fresh.ts'
import type { Mirror, MountedRepo } from '../engine/mirror.ts'
import { type Opened, open } from '../engine/open.ts'
import { asMirrorError, MirrorError } from '../errors.ts'
import { collect } from '../formats/bytes.ts'
import type { Addresses } from './addresses.ts'
import type { Hits } from './hits.ts'
import { overview } from './overview.ts'
import { isPlain, negotiate, readTarget, type Target } from './request.ts'
import type { Responder } from './respond.ts'

/** Bodies of live requests (audits) are small. */
const BODY_LIMIT = 8 * 1024 * 1024
/** Answers that only the catalog can change are remembered this long at most, milliseconds. */
const LASTING = 5_000
const LASTING_MOST = 4096

export interface App {
  handle(request: IncomingMessage, response: ServerResponse): void
}

/** A repository, and which of its paths. */
interface Place {
  readonly mounted: MountedRepo
  readonly path: string
  /** Header fields that tell how it was found. */
  readonly headers?: Readonly<Record<string, string>>
}

interface Remembered {
  readonly opened: Opened
  readonly epoch: number
  readonly until: number
}

export function createApp(mirror: Mirror, responder: Responder, addresses: Addresses, hits: Hits): App {
  const mounts = [...mirror.repos.values()].sort((a, b) => b.settings.mount.length - a.settings.mount.length)
  const hosts = new Map(mounts.map((mounted) => [mounted, hostsOf(mounted)]))
  const lasting = new Map<string, Remembered>()
  const epoch = oncePerTurn(() => mirror.catalog.epoch())

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const started = performance.now()
    let cache = 'NONE'
    let error: MirrorError | undefined
    let sent = { status: 0, bytes: 0 }
    let found: Place | undefined
    try {
      const asked = lastingKey(request)
      const known = asked === undefined ? undefined : recall(asked)
      if (known !== undefined) {
        cache = known.cache
        hits.count(known.resource)
        sent = await responder.respond(request, response, known)
        return
      }
      const target = readTarget(request)
      if (isHealth(target)) {
        sent = refuse(response, request, { status: 200, headers: { 'content-type': 'text/plain' }, body: 'ok\n' })
        return
      }
      found = locate(target)
      if (found === undefined) {
        if (target.decoded !== '/')
          throw new MirrorError('NO_ROUTE', `nothing is mounted at ${target.decoded}`, { path: target.decoded })
        sent = refuse(response, request, overview(mirror, addresses.base(request, target)))
        return
      }
      const before = epoch()
      const opened = withHeaders(await openFor(request, target, found), found)
      cache = opened.cache
      if (asked !== undefined) remember(asked, opened, before)
      hits.count(opened.resource)
      sent = await responder.respond(request, response, opened)
    } catch (thrown) {
      error = asMirrorError(thrown)
      cache = error.failure.exit === 5 ? 'DENIED' : cache
      if (!response.headersSent && !response.destroyed) sent = refuse(response, request, answerOf(error, found))
      else response.destroy()
    } finally {
      mirror.events.emit({
        type: 'answered',
        method: request.method ?? '',
        path: request.url ?? '',
        status: sent.status,
        bytes: sent.bytes,
        milliseconds: performance.now() - started,
        cache,
        ...(error === undefined ? {} : { error }),
      })
    }
  }

  function recall(asked: string): Opened | undefined {
    const known = lasting.get(asked)
    if (known === undefined) return undefined
    const left = known.until - mirror.now()
    // more is left than there was when the clock went back
    if (known.epoch === epoch() && left > 0 && left <= LASTING) return known.opened
    lasting.delete(asked)
    return undefined
  }

  /** `epoch` is of before it was opened: what was written meanwhile may not be in it. */
  function remember(asked: string, opened: Opened, epoch: number): void {
    const until = Math.min(opened.until, mirror.now() + LASTING)
    if (until <= mirror.now()) return
    if (lasting.size >= LASTING_MOST) lasting.clear()
    lasting.set(asked, { opened, epoch, until })
  }

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

  async function openFor(request: IncomingMessage, target: Target, found: Place): Promise<Opened> {
    const { mounted, path } = found
    const { headers, method = 'GET' } = request
    const body = method === 'POST' ? await collect(request, BODY_LIMIT) : undefined
    return open(
      mirror,
      mounted,
      {
        method,
        path,
        query: target.query,
        accept: headers.accept,
        base: `${addresses.base(request, target)}${mounted.settings.mount}`,
        directives: directivesOf(headers['cache-control'], headers.pragma),
        ...(body === undefined ? {} : { body }),
        fields: headers,
        headers: liveHeaders(request),
      },
      negotiate,
    )
  }

  return { handle: (request, response) => void answer(request, response) }
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

const withHeaders = (opened: Opened, { headers }: Place): Opened =>
  headers === undefined ? opened : { ...opened, headers: { ...opened.headers, ...headers } }

/**
 * Asked once in a turn of the event loop: a statement costs more than the rest of a remembered answer, and all that is
 * answered in one turn may as well have been asked for at its beginning.
 */
function oncePerTurn(ask: () => number): () => number {
  let known: number | undefined
  return () => {
    if (known !== undefined) return known
    known = ask()
    setImmediate(() => {
      known = undefined
    })
    return known
  }
}

/** What an answer depends on beside the catalog; undefined for a request that wants, or has, to be looked at anew. */
function lastingKey(request: IncomingMessage): string | undefined {
  const { method, url, headers } = request
  if (method !== 'GET' && method !== 'HEAD') return undefined
  if (headers['cache-control'] !== undefined || headers.pragma !== undefined || !isPlain(request)) return undefined
  return `${headers.host ?? ''} ${url ?? ''} ${headers.accept ?? ''}`
}

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

/** An error as its protocol words it, else as plain text with the fix. */
function answerOf(error: MirrorError, place: Place | undefined): Answer {
  const { failure, message, hint, facts } = error
  const worded = place?.mounted.ecosystem.refuse?.(error, place.path)
  const headers: Record<string, string> = {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-pkgmirror-error': error.code,
    ...(failure.exit === 5 ? { 'x-cache': 'DENIED' } : {}),
    ...(error.code === 'METHOD' ? { allow: 'GET, HEAD' } : {}),
    ...(error.code === 'BAD_REQUEST' ? { connection: 'close' } : {}),
    ...retryAfter(facts.until),
  }
  if (worded !== undefined) return { ...worded, headers: { ...headers, ...worded.headers } }
  return {
    status: failure.status,
    headers: { ...headers, 'content-type': 'text/plain; charset=utf-8' },
    body: `pkgmirror: ${message}\n${hint}\n`,
  }
}

function retryAfter(until: number | undefined): Record<string, string> {
  if (until === undefined || until > 8.64e15) return {}
  return { 'retry-after': new Date(until).toUTCString() }
}

function refuse(
  response: ServerResponse,
  request: IncomingMessage,
  { status, headers, body }: Answer,
): { status: number; bytes: number } {
  const bytes = Buffer.from(body)
  response.writeHead(status, { ...headers, 'content-length': bytes.length })
  response.end(request.method === 'HEAD' ? undefined : bytes)
  return { status, bytes: bytes.length }
}
