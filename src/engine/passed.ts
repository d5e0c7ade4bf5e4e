// An answer that upstream does not let be kept: passed on while it arrives, to the one who asked, and written nowhere.

import type { Repo } from '../contract.ts'
import { MirrorError } from '../errors.ts'
import { parseHttpDate } from '../formats/http-date.ts'
import type { Received } from '../upstream/client.ts'
import { addressOf } from './address.ts'
import type { Mirror } from './mirror.ts'
import { withService } from './read.ts'
import type { Resource } from './resolve.ts'
import { CLIENT_PRIORITY } from './scope.ts'
import type { Growing, Served } from './served.ts'
import { sourcesFor } from './sources.ts'

/** Upstream's header fields that are passed on: what speaks of the body, and how long its client may keep it. */
const PASSED = [
  ...['age', 'cache-control', 'content-disposition', 'content-encoding', 'content-language', 'date', 'expires'],
  ...['link', 'vary'],
]

/** `received` is an answer that has come already; upstream is asked when there is none. */
export async function passOn(mirror: Mirror, resource: Resource, received: Received | undefined): Promise<Served> {
  const answer = received ?? (await ask(mirror, resource))
  const { headers } = answer
  const modified = parseHttpDate(headers['last-modified'] ?? '')
  return {
    type: headers['content-type'] ?? 'application/octet-stream',
    ...(headers.etag === undefined ? {} : { etag: headers.etag }),
    ...(modified === undefined ? {} : { modified }),
    headers: {
      'cache-control': 'no-store',
      ...Object.fromEntries(Object.entries(headers).filter(([name]) => PASSED.includes(name))),
      'x-cache': 'BYPASS',
      'cache-status': 'pkgmirror; fwd=bypass',
    },
    body: passing(answer),
    whole: true,
  }
}

/** Asks as a fetch does: one source after the other, of each its equal mirrors. */
async function ask(mirror: Mirror, resource: Resource): Promise<Received> {
  const { mounted, path } = resource
  const repo = await withService(mirror, resource)
  const sources = sourcesFor(mirror, resource, {}) ?? [mounted.repo]
  let failure = new MirrorError('UNREACHABLE', `no address for ${path}`, { path, repo: repo.name })
  for (const { upstreams } of sources) {
    const answer = await askOne(mirror, resource, { ...repo, upstreams })
    if (!(answer instanceof MirrorError)) return answer
    failure = answer
    if (failure.code !== 'NOT_FOUND') break
  }
  throw failure
}

async function askOne(mirror: Mirror, resource: Resource, repo: Repo): Promise<Received | MirrorError> {
  const { route, path, sent } = resource
  const { urls, guarded } = await addressOf(resource, {}, repo)
  let failure = new MirrorError('UNREACHABLE', `no address for ${path}`, { path, repo: repo.name })
  for (const url of urls) {
    const headers = { accept: route.accept ?? '*/*', ...sent }
    const received = await mirror.client.ask({ url, repo: repo.name, guarded, priority: CLIENT_PRIORITY, headers })
    if (received.status === 200) return received
    await received.discard()
    const { status } = received
    const code = (route.absent ?? [404, 410]).includes(status) ? 'NOT_FOUND' : 'UPSTREAM_STATUS'
    failure = new MirrorError(code, `upstream answered ${status} for ${path}`, { path, repo: repo.name, status })
  }
  return failure
}

/** A body that one client reads from its beginning to its end, at its own pace. */
function passing(received: Received): Growing {
  const pieces = received.body[Symbol.asyncIterator]()
  const length = Number(received.headers['content-length'] ?? Number.NaN)
  let waiting: Uint8Array = new Uint8Array()
  let position = 0
  let done = false
  let left = false
  return {
    size: Number.isNaN(length) ? undefined : length,
    get released() {
      return position + waiting.length
    },
    get done() {
      return done
    },
    async read(buffer, from) {
      if (from !== position) throw new MirrorError('FAULT', 'an answer that is passed on was read out of order')
      const count = Math.min(buffer.length, waiting.length)
      buffer.set(waiting.subarray(0, count))
      waiting = waiting.subarray(count)
      position += count
      return count
    },
    async more(from) {
      while (!done && waiting.length === 0 && from >= position) {
        const next = await pieces.next()
        if (next.done === true) done = true
        else waiting = next.value
      }
    },
    leave() {
      if (left) return
      left = true
      if (!done) received.discard().catch(() => undefined)
    },
  }
}
