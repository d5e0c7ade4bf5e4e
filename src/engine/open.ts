// One path for a client: judged, then taken from what is held or followed while it arrives, and shown.

import { type HeldRef, isHeld } from '../catalog/rows.ts'
import { asMirrorError, MirrorError } from '../errors.ts'
import { parseHttpDate } from '../formats/http-date.ts'
import type { Received } from '../upstream/client.ts'
import { admit, admitBytes, admitKnown } from './admit.ts'
import { cacheHeaders } from './cache-headers.ts'
import type { Arriving } from './fetch.ts'
import { beginFlow, type Flow, flowOf, flows } from './flow.ts'
import { freshUntil } from './fresh.ts'
import { typeShown } from './held-ref.ts'
import { live, notAllowed } from './live.ts'
import type { Mirror, MountedRepo } from './mirror.ts'
import { agedOf, obtainArtifact, obtainDocument, onlyIfCached, sayings, settled } from './obtain.ts'
import type { Obtained } from './obtained.ts'
import type { CacheState, Opened, OpenRequest } from './opened.ts'
import { passOn } from './passed.ts'
import { INLINE_LIMIT } from './read.ts'
import { generationKey, isMade, isRoot, type Resource, resolve } from './resolve.ts'
import type { Said } from './said.ts'
import { clientScope, type Scope } from './scope.ts'
import { isGrowing, type Served } from './served.ts'
import { chosenFor } from './variants.ts'
import { mustBeThere, protocolHeaders, viewOf } from './view.ts'

/** Chooses the media type to show; handed in by the server, which knows how to read Accept. */
export type Negotiate = (accept: string | undefined, types: readonly string[]) => string

export async function open(
  mirror: Mirror,
  mounted: MountedRepo,
  request: OpenRequest,
  negotiate: Negotiate,
): Promise<Opened> {
  const path = mounted.ecosystem.spelling?.(request.path) ?? request.path
  const resolved = resolve(mounted, path, request.query)
  if (resolved === undefined)
    throw new MirrorError('NO_ROUTE', `${mounted.settings.name} has no path like ${request.path}`, {
      path: request.path,
    })
  const resource = chosenFor(mirror, resolved, request.fields ?? {})
  if (resource.route.unvouched !== 'changes')
    return openKept(mirror, resource, request, { ...clientScope(request.directives), unkept: true }, negotiate)
  let passed: Received | undefined
  const scope: Scope = {
    ...clientScope(request.directives),
    pass(received) {
      passed = received
    },
  }
  let taken = false
  try {
    return await openKept(mirror, resource, request, scope, negotiate)
  } catch (error) {
    // an index is only shown as policy shows it
    const filtered = resource.route.kind !== 'artifact' && !mounted.judge.open
    if (asMirrorError(error).code !== 'UNSTORABLE' || filtered || mounted.judge.waits) throw error
    taken = true
    return { ...(await passOn(mirror, resource, passed)), cache: 'BYPASS', own: {}, resource, until: 0 }
  } finally {
    if (!taken) await passed?.discard()
  }
}

async function openKept(
  mirror: Mirror,
  resource: Resource,
  request: OpenRequest,
  scope: Scope,
  negotiate: Negotiate,
): Promise<Opened> {
  await admitKnown(mirror, resource, scope)
  const { kind } = resource.route
  if (kind === 'live') return live(mirror, resource, request)
  if (request.method !== 'GET' && request.method !== 'HEAD') throw notAllowed(request)
  const made = isMade(resource, mirror.offline)
  if (request.directives.onlyIfCached && !made && !holds(mirror, resource)) throw onlyIfCached(resource)
  if (kind === 'artifact') return artifact(mirror, resource, scope)
  if (made) return viewed(mirror, resource, undefined, request, scope, negotiate)
  return document(mirror, resource, request, scope, negotiate)
}

/** An index, shown as soon as it can be. */
async function document(
  mirror: Mirror,
  resource: Resource,
  request: OpenRequest,
  scope: Scope,
  negotiate: Negotiate,
): Promise<Opened> {
  const joined = await flowUnderWay(mirror, resource, request, scope, negotiate)
  if (joined !== undefined) return joined
  const early = earlyFor(mirror, resource, request, scope, negotiate)
  const obtaining = obtainDocument(mirror, resource, early.scope)
  early.behind(obtaining)
  const obtained = await Promise.race([obtaining, early.opened])
  if (obtained !== undefined && 'body' in obtained) {
    // that it could not be kept is told where it is fetched
    obtaining.catch(() => undefined)
    return obtained
  }
  early.leave()
  if (obtained === undefined) throw absent(resource)
  admitBytes(mirror, resource, obtained.ref.sha256)
  if (resource.route.view === undefined) return bytesOf(mirror, resource, obtained)
  return viewed(mirror, resource, obtained, request, scope, negotiate)
}

/** How a client has a document before all of it is taken in. */
interface Early {
  /** In which the document is obtained. */
  readonly scope: Scope
  readonly opened: Promise<Opened>
  /** What is shown early comes out as obtaining does. */
  behind(obtaining: Promise<Obtained | undefined>): void
  /** What is opened is not taken. */
  leave(): void
}

/**
 * Where nothing can be hidden, a large document is shown while it arrives, or as soon as it is checked and rendered: what it says
 * of other paths is taken in behind that, and whoever asks for one of them waits for it.
 */
function earlyFor(mirror: Mirror, resource: Resource, request: OpenRequest, scope: Scope, negotiate: Negotiate): Early {
  const { promise: opened, resolve: show } = Promise.withResolvers<Opened>()
  const never: Early = { scope, opened, behind() {}, leave() {} }
  const { route, path, mounted } = resource
  if (route.view === undefined || route.headers !== undefined || !mounted.judge.open) return never
  if (generationKey(resource) !== undefined) return never
  let flow: Flow | undefined
  const isIt = (repo: string, other: string): boolean => repo === mounted.settings.name && other === path
  return {
    scope: {
      ...scope,
      arrives(repo, other, arrival) {
        if (!isIt(repo, other) || flow !== undefined || !mayFlow(mirror, resource, request)) return
        flow = beginFlow(mirror, resource, viewingFor(resource, request, scope, negotiate), arrival)
        flow?.begun.then(
          () => {
            const shown = flow && flowing(mirror, resource, flow)
            if (shown !== undefined) show(shown)
          },
          () => undefined,
        )
      },
      async ahead(ref) {
        if (!isIt(ref.repo, ref.path) || ref.size <= INLINE_LIMIT) return
        try {
          if ((await flow?.finish(ref)) === true) return
          show(await viewed(mirror, resource, { ref, state: 'miss' }, request, scope, negotiate))
        } catch {
          // why there is none is told when it is held and the view is asked for again
        }
      },
    },
    opened,
    behind(obtaining) {
      obtaining.then(
        (obtained) => {
          if (obtained === undefined) flow?.fail(absent(resource))
          else void flow?.finish(obtained.ref)
        },
        (error: unknown) => flow?.fail(asMirrorError(error)),
      )
    },
    leave() {
      opened.then(({ body }) => void (isGrowing(body) && body.leave()))
    },
  }
}

function viewingFor(resource: Resource, request: OpenRequest, scope: Scope, negotiate: Negotiate, ref?: HeldRef) {
  return { base: request.base, type: negotiate(request.accept, typesOf(resource, ref)), scope }
}

/** What flows has no entity tag and no length yet: who asks for these, or has a copy to compare, waits for them. */
const mayFlow = (mirror: Mirror, resource: Resource, { method, fields = {} }: OpenRequest): boolean =>
  method === 'GET' &&
  fields['if-none-match'] === undefined &&
  fields['if-modified-since'] === undefined &&
  flows(mirror, resource)

/** The document is just being shown to somebody else in the same form. */
async function flowUnderWay(
  mirror: Mirror,
  resource: Resource,
  request: OpenRequest,
  scope: Scope,
  negotiate: Negotiate,
): Promise<Opened | undefined> {
  if (request.directives.onlyIfCached || !mayFlow(mirror, resource, request)) return undefined
  const flow = flowOf(mirror, resource, viewingFor(resource, request, scope, negotiate))
  if (flow === undefined) return undefined
  const shown = await flow.begun.then(
    () => true,
    () => false,
  )
  return shown ? flowing(mirror, resource, flow) : undefined
}

function flowing(mirror: Mirror, resource: Resource, flow: Flow): Opened | undefined {
  const body = flow.follow()
  if (body === undefined) return undefined
  const { headers } = flow.arrival
  const types = typesOf(resource, undefined)
  return {
    type: flow.type,
    headers: {
      ...cacheHeaders(resource, 'MISS', { headers, checked: mirror.now() }, mirror),
      ...(types.length > 1 ? { vary: 'Accept' } : {}),
    },
    own: {},
    body,
    cache: 'MISS',
    resource,
    until: 0,
    ...modifiedAt(mirror, resource, flow.arrival),
  }
}

const typesOf = ({ route }: Resource, ref: HeldRef | undefined): readonly string[] =>
  route.types ?? [ref?.type ?? 'application/octet-stream']

async function artifact(mirror: Mirror, resource: Resource, scope: Scope): Promise<Opened> {
  const { judge } = resource.mounted
  const ref = heldOf(mirror, resource)
  const known = ref === undefined ? undefined : settled(mirror, resource, ref, scope, true)
  if (known !== undefined) return bytesOf(mirror, resource, known)
  const isKept = judge.open && resource.route.unvouched !== 'changes' && ref !== undefined
  const stated = isKept ? undefined : await statedOf(mirror, resource, scope)
  if (stated !== undefined) await admit(mirror, resource, scope, stated)
  const found = await obtainArtifact(mirror, resource, scope, stated)
  if ('held' in found) return bytesOf(mirror, resource, found.held)
  await found.arriving.begun
  const growing = found.arriving.follow()
  if (growing === undefined) return bytesOf(mirror, resource, await found.arriving.landed)
  if (found.instead !== undefined) {
    try {
      await growing.more(0)
    } catch (error) {
      growing.leave()
      return bytesOf(mirror, resource, found.instead(asMirrorError(error)))
    }
  }
  const cache = found.arriving.unkept ? 'BYPASS' : 'MISS'
  const own =
    resource.route.headers?.({ digests: found.arriving.said.entry.digests ?? {} }, undefined, resource.p) ?? {}
  return {
    type: typeShown(resource, found.arriving.type, found.arriving.headers),
    headers: {
      ...cacheHeaders(resource, cache, { headers: found.arriving.headers, checked: mirror.now() }, mirror),
      ...own,
    },
    own,
    body: growing,
    cache,
    resource,
    until: 0,
    ...etagOf(found.arriving),
    ...modifiedAt(mirror, resource, found.arriving),
  }
}

/** The date that the bytes will have once they are held, where nothing was held before. */
function modifiedAt(mirror: Mirror, resource: Resource, { headers }: Pick<Arriving, 'headers'>): { modified?: number } {
  const modified = parseHttpDate(headers['last-modified'] ?? '')
  if (modified === undefined || modified > mirror.now() || holds(mirror, resource)) return {}
  return { modified }
}

const etagOf = (arriving: Arriving): { etag?: string } => {
  const sha256 = arriving.said.entry.digests?.sha256
  return sha256 === undefined ? {} : { etag: `"${sha256}"` }
}

/** What is said of an artifact. One that is held is judged by what was said then, when its index cannot be had any more. */
async function statedOf(mirror: Mirror, resource: Resource, scope: Scope): Promise<Said> {
  const id = currentId(mirror, resource)
  try {
    return await sayings(mirror, resource, scope, id)
  } catch (error) {
    const { code, failure } = asMirrorError(error)
    const { name } = resource.mounted.settings
    const ref = mirror.catalog.refs.get(name, resource.path, resource.variant, id)
    const gone = code === 'NOT_FOUND' || code === 'NOT_HELD' || failure.exit === 6
    if (!gone || !isHeld(ref)) throw error
    return {
      entry: {
        digests: { sha256: ref.sha256 },
        ...(ref.name === undefined ? {} : { name: ref.name }),
        ...(ref.version === undefined ? {} : { version: ref.version }),
      },
      vouched: false,
      proof: undefined,
      words: '',
      seen: mirror.catalog.facts.seen(name, resource.path) ?? { first: ref.fetched, baseline: false },
    }
  }
}

function currentId(mirror: Mirror, resource: Resource): number {
  const key = generationKey(resource)
  if (key === undefined) return 0
  return mirror.catalog.generations.current(resource.mounted.settings.name, key)?.id ?? 0
}

function heldOf(mirror: Mirror, resource: Resource): HeldRef | undefined {
  const { mounted, path, variant } = resource
  const ref = mirror.catalog.refs.get(mounted.settings.name, path, variant, currentId(mirror, resource))
  return isHeld(ref) ? ref : undefined
}

const holds = (mirror: Mirror, resource: Resource): boolean => heldOf(mirror, resource) !== undefined

/**
 * A held file, the only thing that is kept for its path, as `open` would show it; undefined where `open` has to be asked, which
 * looks more up. For those who show many. `spoken`: some document that was read speaks of it.
 */
export function openHeld(mirror: Mirror, resource: Resource, ref: HeldRef, spoken: boolean): Opened | undefined {
  if (resource.route.kind !== 'artifact' || ref.generation !== 0) return undefined
  const obtained = settled(mirror, resource, ref, clientScope(), spoken)
  return obtained === undefined ? undefined : bytesOf(mirror, resource, obtained)
}

const absent = (resource: Resource): MirrorError =>
  new MirrorError('NOT_FOUND', `${resource.mounted.settings.name} has no ${resource.path}`, { path: resource.path })

function bytesOf(mirror: Mirror, resource: Resource, obtained: Obtained): Opened {
  const { ref } = obtained
  const cache = stateOf(obtained)
  const own = resource.route.view === undefined ? protocolHeaders(mirror, resource, ref, ref) : {}
  return {
    type: typeShown(resource, ref.type, ref.headers),
    ...tagsOf(ref.sha256, own),
    modified: ref.modified,
    headers: { ...cacheHeaders(resource, cache, ref, mirror), ...own },
    own,
    body: { sha256: ref.sha256, size: ref.size },
    cache,
    resource,
    until: untilOf(mirror, resource, obtained),
  }
}

/** The entity tag: ours, or the one that the protocol wants. */
const tagsOf = (sha256: string, { etag }: Readonly<Record<string, string>>): Pick<Served, 'etag' | 'twinTags'> =>
  etag === undefined ? { etag: `"${sha256}"` } : { etag, twinTags: 'weak' }

async function viewed(
  mirror: Mirror,
  resource: Resource,
  obtained: Obtained | undefined,
  request: OpenRequest,
  scope: Scope,
  negotiate: Negotiate,
): Promise<Opened> {
  const types = typesOf(resource, obtained?.ref)
  const viewing = viewingFor(resource, request, scope, negotiate, obtained?.ref)
  const { type } = viewing
  const view = mustBeThere(await viewOf(mirror, resource, obtained?.ref, viewing), resource)
  const cache = obtained === undefined ? 'HIT' : stateOf(obtained)
  return {
    type,
    ...tagsOf(view.sha256, view.headers),
    modified: view.modified,
    headers: {
      ...cacheHeaders(resource, cache, obtained?.ref, mirror),
      ...(types.length > 1 ? { vary: 'Accept' } : {}),
      ...view.headers,
    },
    own: view.headers,
    body: { sha256: view.sha256, size: view.size },
    twins: view.twins,
    cache,
    resource,
    // a view that was made of other documents too stands only as long as they do
    until:
      obtained === undefined || view.inputs.length > 2 ? 0 : Math.min(view.until, untilOf(mirror, resource, obtained)),
  }
}

/** A held answer stands until it has to be validated. What belongs to a generation stands with it, its root apart. */
function untilOf(mirror: Mirror, resource: Resource, { ref, state }: Obtained): number {
  if (state !== 'hit') return 0
  const member = resource.route.generation !== undefined && !isRoot(resource)
  if (mirror.offline || member) return Number.POSITIVE_INFINITY
  // the age of what HTTP caching keeps is told by the second, and other requests may be answered with another variant
  if (resource.route.unvouched === 'changes') return 0
  return freshUntil(agedOf(resource, ref), resource.mounted.rules, mirror.now())
}

const stateOf = ({ state }: Obtained): CacheState => {
  if (state === 'hit') return 'HIT'
  if (state === 'miss') return 'MISS'
  return state === 'stale' ? 'STALE' : 'REVALIDATED'
}
