// An upstream's documents in memory, read and shown as the engine does it: here, and in its worker thread.

import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import type { AnyEcosystem, AnyRoute, Digests, Doc, Entry, Params, Repo, Show } from '../../../src/contract.ts'
import { type DocHead, doc as makeDoc } from '../../../src/engine/doc.ts'
import { readEntries, render } from '../../../src/engine/means.ts'
import type { Call, DocSource } from '../../../src/engine/messages.ts'
import type { MountedRepo } from '../../../src/engine/mirror.ts'
import { sight } from '../../../src/engine/sight.ts'
import type { Threads } from '../../../src/engine/threads.ts'
import { hashers } from '../../../src/formats/digest.ts'

export interface Found {
  readonly route: AnyRoute<unknown>
  readonly index: number
  readonly p: Params
}

/** The route of a path: the first that fits. */
export function find(ecosystem: AnyEcosystem, path: string): Found {
  for (const [index, route] of ecosystem.routes.entries()) {
    const p = route.match(path)
    if (p !== undefined) return { route, index, p }
  }
  throw new Error(`${ecosystem.id} has no path like ${path}`)
}

/** Held bytes by path, with the repository they belong to. */
export interface Shelf {
  readonly mounted: MountedRepo
  readonly bytes: ReadonlyMap<string, Uint8Array>
  /** Media types as upstream states them. */
  readonly types: ReadonlyMap<string, string>
  /** Milliseconds since 1970. */
  readonly now: number
  readonly base: string
}

const typeOf = (shelf: Shelf, path: string): string => shelf.types.get(path) ?? ''

const headOf = (shelf: Shelf, path: string, bytes: Uint8Array): DocHead => ({
  path,
  url: `${shelf.mounted.repo.upstreams[0]}${path}`,
  type: typeOf(shelf, path),
  size: bytes.length,
  digests: { sha256: createHash('sha256').update(bytes).digest('hex') },
  headers: {},
})

function besideOf(shelf: Shelf, path: string): readonly string[] {
  const { route, p } = find(shelf.mounted.ecosystem, path)
  return (route.beside?.(p, shelf.mounted.repo, typeOf(shelf, path)) ?? []).filter((beside) => shelf.bytes.has(beside))
}

/** The document at a path, with other bytes than are held when they are given. */
export function docOf(shelf: Shelf, path: string, bytes = shelf.bytes.get(path)): Doc | undefined {
  if (bytes === undefined) return undefined
  const beside = new Map<string, Doc>()
  for (const other of besideOf(shelf, path)) {
    const doc = docOf(shelf, other)
    if (doc !== undefined) beside.set(other, doc)
  }
  return makeDoc(
    headOf(shelf, path, bytes),
    async function* (from = 0, to = bytes.length) {
      // pieces of odd sizes, so that nothing ever comes whole
      for (let at = from; at < to; at += 1021) yield bytes.subarray(at, Math.min(to, at + 1021))
    },
    beside,
  )
}

function sourceOf(shelf: Shelf, path: string): DocSource | undefined {
  const bytes = shelf.bytes.get(path)
  if (bytes === undefined) return undefined
  const beside = besideOf(shelf, path).flatMap((other) => sourceOf(shelf, other) ?? [])
  return { head: headOf(shelf, path, bytes), bytes, beside }
}

export function repoOf(shelf: Shelf): Repo {
  const { ecosystem, repo } = shelf.mounted
  const service = ecosystem.service === undefined ? undefined : docOf(shelf, ecosystem.service)
  return service === undefined ? repo : { ...repo, service }
}

export interface Said {
  readonly entries: readonly Entry[]
  /** Paths that the document may not speak of. */
  readonly dropped: readonly string[]
}

/** What a document says. Throws a MirrorError. */
export async function read(shelf: Shelf, path: string, bytes?: Uint8Array): Promise<Said> {
  const doc = docOf(shelf, path, bytes)
  const dropped: string[] = []
  if (doc === undefined) return { entries: [], dropped }
  const { routes } = shelf.mounted.ecosystem
  const { route, p } = find(shelf.mounted.ecosystem, path)
  const reading = { routes, route, doc, p, repo: repoOf(shelf) }
  const groups = await Array.fromAsync(readEntries(reading, (one) => dropped.push(one)))
  return { entries: groups.flat(), dropped }
}

function digestsOf(body: Uint8Array, hashes: readonly string[] = []): Digests {
  const hash = hashers(['sha256', ...hashes])
  hash.update(body)
  return hash.digests()
}

const noHoldings = async function* (): AsyncGenerator<Entry> {}

const plainSight = (shelf: Shelf) => ({ now: shelf.now, held: undefined, seen: new Map() })

/** The body that clients get, out of documents that are all there; undefined for "not there". Throws a MirrorError. */
export async function show(
  shelf: Shelf,
  path: string,
  type: string,
  bytes?: Uint8Array,
): Promise<Buffer<ArrayBuffer> | undefined> {
  const { route, p } = find(shelf.mounted.ecosystem, path)
  const { sees, allows } = sight(shelf.mounted.judge, plainSight(shelf))
  const asked: Show = {
    base: shelf.base,
    query: {},
    type,
    sees,
    allows,
    document: async (other) => docOf(shelf, other),
    async render(other, as) {
      const { types, hashes } = find(shelf.mounted.ecosystem, other).route
      const body = await show(shelf, other, as ?? types?.[0] ?? '')
      if (body === undefined) return undefined
      const digests = digestsOf(body, hashes)
      return {
        size: body.length,
        digests,
        async *bytes() {
          yield body
        },
      }
    },
    holdings: noHoldings,
    states: () => {},
  }
  const doc = route.kind === 'made' ? undefined : docOf(shelf, path, bytes)
  if (route.view === undefined && doc !== undefined) return Buffer.from(await doc.bytes())
  const body = await render({ route, doc, p, repo: repoOf(shelf) }, asked)
  if (body === undefined) return undefined
  return body instanceof Uint8Array ? Buffer.from(body) : Buffer.concat(await Array.fromAsync(body))
}

const jobBase = (shelf: Shelf, path: string) => {
  const { ecosystem, repo } = shelf.mounted
  const { index, p } = find(ecosystem, path)
  const service = ecosystem.service === undefined ? undefined : sourceOf(shelf, ecosystem.service)
  const { name, upstreams, options } = repo
  return {
    ecosystem: ecosystem.id,
    route: index,
    p,
    repo: { name, upstreams, options, ...(service === undefined ? {} : { service }) },
  }
}

/** The same body, made in a worker thread; its compressed twin must hold the same. */
export async function showInThread(
  threads: Threads,
  shelf: Shelf,
  path: string,
  type: string,
): Promise<Buffer | undefined> {
  const pieces = { identity: [] as Uint8Array[], gzip: [] as Uint8Array[] }
  const { route } = find(shelf.mounted.ecosystem, path)
  const job = {
    kind: 'view',
    ...jobBase(shelf, path),
    doc: route.kind === 'made' ? undefined : sourceOf(shelf, path),
    base: shelf.base,
    query: {},
    type,
    policy: shelf.mounted.settings.policy,
    twin: true,
    ...plainSight(shelf),
  } as const
  const rendered = await threads.run(job, {
    async piece(coding, piece) {
      pieces[coding].push(piece)
    },
    async answer(call: Call) {
      if (call.method === 'document') {
        const source = sourceOf(shelf, call.path)
        return source === undefined ? undefined : { source, held: undefined, seen: new Map() }
      }
      if (call.method === 'holdings') return []
      const { types, hashes } = find(shelf.mounted.ecosystem, call.path).route
      const body = await show(shelf, call.path, call.type ?? types?.[0] ?? '')
      if (body === undefined) return undefined
      const digests = digestsOf(body, hashes)
      return { size: body.length, digests, bytes: new Uint8Array(body) }
    },
  })
  if (!rendered.there) return undefined
  const body = Buffer.concat(pieces.identity)
  if (rendered.twin !== undefined && !gunzipSync(Buffer.concat(pieces.gzip)).equals(body)) {
    throw new Error(`the compressed twin of ${path} holds something else`)
  }
  return body
}

/** The same entries, read in a worker thread. */
export async function readInThread(threads: Threads, shelf: Shelf, path: string): Promise<readonly Entry[]> {
  const doc = sourceOf(shelf, path)
  if (doc === undefined) return []
  const entries: Entry[] = []
  await threads.run({ kind: 'read', ...jobBase(shelf, path), doc }, { entries: (group) => void entries.push(...group) })
  return entries
}
