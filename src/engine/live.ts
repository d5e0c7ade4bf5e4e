// Live routes: what is passed on and never kept.

import { MirrorError } from '../errors.ts'
import { collect } from '../formats/bytes.ts'
import { addressOf } from './address.ts'
import type { Mirror } from './mirror.ts'
import { notHeld } from './not-held.ts'
import type { Opened, OpenRequest } from './opened.ts'
import type { Resource } from './resolve.ts'
import { CLIENT_PRIORITY } from './scope.ts'

/** Live answers are small; more than this is refused. */
const LIVE_LIMIT = 32 * 1024 * 1024

/** Passed on and never kept: searches, audits. */
export async function live(mirror: Mirror, resource: Resource, request: OpenRequest): Promise<Opened> {
  const { settings } = resource.mounted
  const methods = resource.route.methods ?? ['GET', 'HEAD']
  const { method } = request
  if (!methods.includes(method) || (method !== 'GET' && method !== 'HEAD' && method !== 'POST'))
    throw notAllowed(request)
  if (mirror.offline) throw notHeld(resource, false)
  const { urls, guarded } = await addressOf(resource, {}, resource.mounted.repo)
  const received = await mirror.client.ask({
    url: urls[0] ?? '',
    repo: settings.name,
    guarded,
    priority: CLIENT_PRIORITY,
    method,
    headers: request.headers ?? {},
    ...(request.body === undefined ? {} : { body: request.body }),
  })
  if (received.status >= 500 || received.status === 401 || received.status === 403) {
    await received.discard()
    const code = received.status >= 500 ? 'UPSTREAM_STATUS' : 'UPSTREAM_AUTH'
    throw new MirrorError(code, `upstream answered ${received.status} for ${request.path}`, {
      path: request.path,
      status: received.status,
    })
  }
  if (received.status >= 400) {
    await received.discard()
    throw new MirrorError('NOT_FOUND', `upstream answered ${received.status} for ${request.path}`, {
      path: request.path,
      status: received.status,
    })
  }
  return {
    type: received.headers['content-type'] ?? 'application/octet-stream',
    headers: { 'cache-control': 'no-store', 'x-cache': 'BYPASS', 'cache-status': 'pkgmirror; fwd=bypass' },
    own: {},
    body: await collect(received.body, LIVE_LIMIT),
    cache: 'BYPASS',
    resource,
    until: 0,
  }
}

export const notAllowed = (request: OpenRequest): MirrorError =>
  new MirrorError('METHOD', `${request.method} is not possible here: nothing can be written through the mirror`, {
    path: request.path,
  })
