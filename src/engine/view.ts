// Views: documents as clients are shown them. Rendered once for each state of what goes into them, kept in the store with
// a compressed twin, an entity tag and a date of their own.

import { createHash } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { HeldRef, ViewRow } from '../catalog/rows.ts'
import type { Digests, Entry, Show } from '../contract.ts'
import { MirrorError } from '../errors.ts'
import type { Staged } from '../store/store.ts'
import { heldDoc } from './doc.ts'
import { holdings } from './holdings.ts'
import { render } from './means.ts'
import { type Call, HOLDINGS_PAGE, type Rendered } from './messages.ts'
import type { Mirror } from './mirror.ts'
import { besideDocs, obtainDocument } from './obtain.ts'
import { INLINE_LIMIT, plainRepo, readDocument, sourceOf, withService } from './read.ts'
import { isMade, mustResolve, type Resource, readingScope } from './resolve.ts'
import type { Scope } from './scope.ts'
import { type Known, type SightData, sight } from './sight.ts'
import { makeTwins } from './twins.ts'
import { type Made, write } from './write.ts'

/** Goes into the rules of every view: raised when the way of rendering changes, so that no old view is shown. */
const VERSION = 2
const RULES = 'rules '
/** Smaller bodies are not worth a compressed twin. */
const TWIN_FROM = 1024

const gzipped = promisify(gzip)

export interface Viewing {
  /** Address of the mount. */
  readonly base: string
  readonly type: string
  readonly scope: Scope
  /** A view inside another one is rendered on the main thread: a thread that waits must not be waited for. */
  readonly nested?: boolean
}

/** The view of a document, or of a made one; `sha256` is undefined in it when the view says that it is not there. */
export async function viewOf(
  mirror: Mirror,
  resource: Resource,
  ref: HeldRef | undefined,
  viewing: Viewing,
): Promise<ViewRow> {
  const data = await sightData(mirror, resource, ref, viewing.scope)
  const key = keyOf(mirror, resource, viewing)
  const rules = rulesOf(mirror, resource, data)
  const known = mirror.catalog.views.get(key)
  if (known !== undefined && (await isCurrent(mirror, resource, ref, known, viewing, rules))) {
    makeTwins(mirror, known)
    return known
  }
  const flight = mirror.flights.share(`view ${key} ${rules} ${ref?.sha256 ?? ''}`, () => ({
    landed: renderAnew(mirror, resource, ref, viewing, data, key, rules),
  }))
  return flight.landed
}

async function sightData(
  mirror: Mirror,
  resource: Resource,
  ref: HeldRef | undefined,
  scope: Scope,
): Promise<SightData> {
  const { judge, settings } = resource.mounted
  const now = mirror.now()
  const plain: SightData = { now, held: undefined, seen: new Map() }
  if (ref === undefined || resource.route.read === undefined || (judge.open && !mirror.offline)) return plain
  await readDocument(mirror, resource, ref, (at, type) => besideDocs(mirror, at, type, scope))
  const { facts } = mirror.catalog
  const reading = facts.reading(settings.name, readingScope(resource), ref.sha256)
  if (reading === undefined) return plain
  return {
    now,
    held: mirror.offline ? new Set(facts.heldOf(settings.name, reading)) : undefined,
    seen: judge.waits ? facts.seenOf(settings.name, reading) : new Map(),
  }
}

/** What was shown of a document of which nothing can be hidden, while it arrived. */
export async function keepFlowed(
  mirror: Mirror,
  resource: Resource,
  ref: HeldRef,
  viewing: Viewing,
  made: Made,
): Promise<ViewRow> {
  const rules = rulesOf(mirror, resource, { now: mirror.now(), held: undefined, seen: new Map() })
  const inputs = [[rules, ''] as const, [resource.path, ref.sha256] as const]
  const rendered = { ...made, there: true, until: Number.POSITIVE_INFINITY }
  return keep(mirror, resource, ref, viewing, keyOf(mirror, resource, viewing), rendered, inputs, rendered.until)
}

/** One view for each address it is shown at, and for each snapshot: when the rules change it is made anew, and its date goes on from there. */
export function keyOf({ catalog: { snapshot } }: Mirror, resource: Resource, viewing: Viewing): string {
  const { mounted, path, variant, query } = resource
  const state = snapshot === 0 ? [] : [snapshot]
  const parts = [mounted.settings.name, path, variant, viewing.type, viewing.base, ...state]
  return digestOf(Object.keys(query).length === 0 ? parts : [...parts, query])
}

/** What a view depends on beside documents, in the form of an input: no path begins like this. */
function rulesOf(mirror: Mirror, resource: Resource, data: SightData): string {
  const { settings, judge } = resource.mounted
  const held = data.held === undefined ? '' : [...data.held].sort().join('\n')
  return `${RULES}${digestOf([VERSION, judge.fingerprint, settings.options, mirror.offline, held])}`
}

const digestOf = (parts: readonly unknown[]): string => createHash('sha256').update(JSON.stringify(parts)).digest('hex')

/** Is it made of what is held now, and has nothing hidden in it matured? */
async function isCurrent(
  mirror: Mirror,
  resource: Resource,
  ref: HeldRef | undefined,
  view: ViewRow,
  viewing: Viewing,
  rules: string,
): Promise<boolean> {
  const now = mirror.now()
  // made by a clock that has gone back since, it may show what is too young
  if (now >= view.until || mirror.clock() < view.used || !view.inputs.some(([path]) => path === rules)) return false
  for (const [path, sha256] of view.inputs) {
    if (path.startsWith(RULES)) continue
    if (path === resource.path) {
      if (ref?.sha256 !== sha256) return false
      continue
    }
    const obtained = await obtainDocument(mirror, mustResolve(resource.mounted, path), viewing.scope)
    if ((obtained?.ref.sha256 ?? '') !== sha256) return false
  }
  for (const blob of [view, ...Object.values(view.twins)]) {
    if (blob.sha256 !== undefined && mirror.catalog.blobs.get(blob.sha256) === undefined) return false
  }
  return true
}

async function renderAnew(
  mirror: Mirror,
  resource: Resource,
  ref: HeldRef | undefined,
  viewing: Viewing,
  data: SightData,
  key: string,
  rules: string,
): Promise<ViewRow> {
  const inputs: (readonly [string, string])[] = [[rules, '']]
  if (ref !== undefined) inputs.push([resource.path, ref.sha256])
  const asked: Asked = {
    looked: (path, sha256) => void inputs.push([path, sha256]),
    until: Number.POSITIVE_INFINITY,
  }
  // what is made for one version is small, too
  const small = ref === undefined ? resource.route.known?.(resource.p).version !== undefined : ref.size <= INLINE_LIMIT
  const inline = viewing.nested === true || small
  const staged = stages(mirror)
  try {
    const rendered = inline
      ? await renderHere(mirror, resource, ref, viewing, data, asked, staged)
      : await renderInThread(mirror, resource, ref, viewing, data, asked, staged)
    const commit = async (coding: 'identity' | 'gzip', sha256: string) => (await staged.of(coding)).commit(sha256)
    await Promise.all([
      rendered.there ? commit('identity', rendered.sha256) : undefined,
      rendered.twin === undefined ? undefined : commit('gzip', rendered.twin.sha256),
    ])
    return await keep(mirror, resource, ref, viewing, key, rendered, inputs, asked.until)
  } finally {
    await staged.release()
  }
}

/** Files to write to, each made when it is first asked for: small views have no twin, and absent ones nothing. */
interface Stages {
  of(coding: 'identity' | 'gzip'): Promise<Staged>
  release(): Promise<void>
}

function stages({ store }: Mirror): Stages {
  const made = new Map<string, Promise<Staged>>()
  return {
    of(coding) {
      const staged = made.get(coding) ?? store.stage()
      made.set(coding, staged)
      return staged
    },
    async release() {
      // one that could not be made has told whoever asked for it
      const all = await Promise.allSettled(made.values())
      await Promise.all(all.map((one) => (one.status === 'fulfilled' ? one.value.release() : undefined)))
    },
  }
}

/** What a view asked for while it was made. */
interface Asked {
  looked(path: string, sha256: string): void
  /** When a view that it is made of changes by itself; 0 when it depends on what is held at this moment. */
  until: number
}

async function keep(
  mirror: Mirror,
  resource: Resource,
  ref: HeldRef | undefined,
  viewing: Viewing,
  key: string,
  rendered: Rendered,
  inputs: ViewRow['inputs'],
  until: number,
): Promise<ViewRow> {
  const { name } = resource.mounted.settings
  const now = mirror.now()
  const last = mirror.catalog.views.get(key) ?? mirror.catalog.views.latest(name, resource.path, viewing.type)
  const sha256 = rendered.there ? rendered.sha256 : undefined
  const twin = rendered.twin && { sha256: rendered.twin.sha256, size: rendered.twin.size }
  const view: ViewRow = {
    key,
    repo: name,
    path: resource.path,
    type: viewing.type,
    sha256,
    size: rendered.size,
    twins: twin === undefined ? {} : { gzip: twin },
    headers: rendered.there ? { ...protocolHeaders(mirror, resource, rendered, ref), ...rendered.headers } : {},
    inputs,
    until: Math.min(until, rendered.until),
    modified:
      last?.sha256 === sha256 && last !== undefined
        ? last.modified
        : Math.max(ref?.modified ?? Math.floor(now / 1000) * 1000, last === undefined ? 0 : last.modified + 1000),
    used: mirror.clock(),
  }
  const blobs = [
    ...(sha256 === undefined ? [] : [{ sha256, size: view.size, digests: rendered.digests }]),
    ...Object.values(view.twins).map((twin) => ({ ...twin, digests: {} })),
  ]
  await mirror.holder.hold({ blobs, refs: [], also: () => mirror.catalog.views.put(view) })
  return view
}

/** Header fields of the protocol's own, for bytes that are shown. */
export function protocolHeaders(
  mirror: Mirror,
  resource: Resource,
  { sha256, digests: computed = {} }: { readonly sha256: string; readonly digests?: Digests },
  ref: HeldRef | undefined,
): Readonly<Record<string, string>> {
  if (resource.route.headers === undefined) return {}
  const digests = { ...mirror.catalog.blobs.get(sha256)?.digests, ...computed, sha256 }
  return resource.route.headers({ digests }, ref === undefined ? undefined : heldDoc(mirror, ref), resource.p)
}

async function renderHere(
  mirror: Mirror,
  resource: Resource,
  ref: HeldRef | undefined,
  viewing: Viewing,
  data: SightData,
  asked: Asked,
  staged: Stages,
): Promise<Rendered> {
  const seen = sight(resource.mounted.judge, data)
  const answer = answering(mirror, resource, viewing, asked)
  const headers: Record<string, string> = {}
  const show: Show = {
    base: viewing.base,
    query: resource.query,
    type: viewing.type,
    sees: seen.sees,
    allows: seen.allows,
    async document(path) {
      const found = await answer.document(path)
      if (found === undefined) return undefined
      seen.learn(found.known)
      return heldDoc(mirror, found.ref)
    },
    async render(path, type) {
      const shown = await answer.render(path, type)
      if (shown === undefined) return undefined
      return { size: shown.size, digests: shown.digests, bytes: () => mirror.store.stream(shown.digests.sha256) }
    },
    async *holdings(name) {
      yield* answer.holdings(name)
    },
    states: (stated) => void Object.assign(headers, stated),
  }
  const doc =
    ref === undefined ? undefined : heldDoc(mirror, ref, await besideDocs(mirror, resource, ref.type, viewing.scope))
  const body = await render(
    { route: resource.route, doc, p: resource.p, repo: await withService(mirror, resource) },
    show,
  )
  if (body === undefined) return { there: false, until: seen.until, sha256: '', size: 0, digests: {} }
  const identity = await write(await staged.of('identity'), body, resource.route.hashes)
  const twin =
    body instanceof Uint8Array && body.length >= TWIN_FROM
      ? await write(await staged.of('gzip'), await gzipped(body, { level: 6 }))
      : undefined
  return { there: true, until: seen.until, headers, ...identity, ...(twin === undefined ? {} : { twin }) }
}

async function renderInThread(
  mirror: Mirror,
  resource: Resource,
  ref: HeldRef | undefined,
  viewing: Viewing,
  data: SightData,
  asked: Asked,
  staged: Stages,
): Promise<Rendered> {
  const { ecosystem, settings } = resource.mounted
  const answer = answering(mirror, resource, viewing, asked)
  const lists = new Map<number, AsyncGenerator<Entry>>()
  let written: Promise<void> = Promise.resolve()
  const rendered = await mirror.threads.run(
    {
      kind: 'view',
      ecosystem: ecosystem.id,
      route: resource.index,
      p: resource.p,
      repo: await plainRepo(mirror, resource),
      doc:
        ref === undefined
          ? undefined
          : await sourceOf(mirror, ref, await besideDocs(mirror, resource, ref.type, viewing.scope)),
      base: viewing.base,
      query: resource.query,
      type: viewing.type,
      policy: settings.policy,
      twin: true,
      ...data,
    },
    {
      piece(coding, piece) {
        written = written.then(async () => (await staged.of(coding)).write([piece]))
        return written.catch(() => undefined)
      },
      async answer(call: Call) {
        if (call.method === 'document') {
          const found = await answer.document(call.path)
          return found === undefined ? undefined : { source: await sourceOf(mirror, found.ref), ...found.known }
        }
        if (call.method === 'holdings') {
          const entries = lists.get(call.asked) ?? answer.holdings(call.name)
          lists.set(call.asked, entries)
          return pageOf(entries)
        }
        const shown = await answer.render(call.path, call.type)
        if (shown === undefined) return undefined
        const held = mirror.store.stream(shown.digests.sha256)
        return { ...shown, bytes: new Uint8Array(Buffer.concat(await Array.fromAsync(held))) }
      },
    },
  )
  await written
  return rendered
}

/** The next so many; fewer at the end. Others have their turn before it. */
async function pageOf(entries: AsyncGenerator<Entry>): Promise<readonly Entry[]> {
  await turn()
  const page: Entry[] = []
  while (page.length < HOLDINGS_PAGE) {
    const next = await entries.next()
    if (next.done === true) break
    page.push(next.value)
  }
  return page
}

/** What a view may ask of the engine while it is made. */
function answering(mirror: Mirror, resource: Resource, viewing: Viewing, asked: Asked) {
  async function ref(path: string): Promise<HeldRef | undefined> {
    const obtained = await obtainDocument(mirror, mustResolve(resource.mounted, path), viewing.scope)
    asked.looked(path, obtained?.ref.sha256 ?? '')
    return obtained?.ref
  }
  return {
    /** A document that the view looks at, with what is known of its entries. */
    async document(path: string): Promise<{ readonly ref: HeldRef; readonly known: Known } | undefined> {
      const found = await ref(path)
      if (found === undefined) return undefined
      // what is held may change without any document changing
      if (mirror.offline) asked.until = 0
      return { ref: found, known: await sightData(mirror, mustResolve(resource.mounted, path), found, viewing.scope) }
    },
    async render(path: string, type: string | undefined) {
      const other = mustResolve(resource.mounted, path)
      const made = isMade(other, mirror.offline)
      const found = made ? undefined : await ref(path)
      if (found === undefined && !made) return undefined
      const view = await viewOf(mirror, other, found, {
        ...viewing,
        type: type ?? other.route.types?.[0] ?? '',
        nested: true,
      })
      asked.until = mirror.offline ? 0 : Math.min(asked.until, view.until)
      if (view.sha256 === undefined) return undefined
      return { size: view.size, digests: { ...mirror.catalog.blobs.get(view.sha256)?.digests, sha256: view.sha256 } }
    },
    async *holdings(wanted: string | undefined): AsyncGenerator<Entry> {
      asked.until = 0
      yield* holdings(mirror, resource.mounted, wanted)
    },
  }
}

/** Throws NOT_FOUND for a view that says it is not there. */
export function mustBeThere(view: ViewRow, resource: Resource): ViewRow & { readonly sha256: string } {
  if (view.sha256 !== undefined) return { ...view, sha256: view.sha256 }
  throw new MirrorError('NOT_FOUND', `${resource.mounted.settings.name} shows nothing at ${resource.path}`, {
    path: resource.path,
  })
}
