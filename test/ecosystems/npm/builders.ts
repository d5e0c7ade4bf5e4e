// Tiny stand-ins for what the engine hands to an ecosystem.

import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import * as v from 'valibot'
import type {
  AnyRoute,
  Doc,
  Entry,
  Look,
  Params,
  Platform,
  Repo,
  Selector,
  Show,
  Trust,
} from '../../../src/contract.ts'
import { npm } from '../../../src/ecosystems/npm/index.ts'
import { type NpmOptions, npmOptions } from '../../../src/ecosystems/npm/options.ts'

export const upstream = 'https://registry.example.org'
export const base = 'http://localhost:8080/npm'
export const abbreviated = 'application/vnd.npm.install-v1+json'
export const full = 'application/json'

export const fixture = (name: string): Buffer =>
  readFileSync(new URL(`../../fixtures/npm/${name}.json`, import.meta.url))

export function makeRepo(options: Partial<NpmOptions> = {}): Repo<NpmOptions> {
  return { name: 'npm', upstreams: [upstream], options: v.parse(npmOptions, options) }
}

export function makeDoc(path: string, content: Uint8Array | string | object): Doc {
  const bytes =
    content instanceof Uint8Array
      ? content
      : Buffer.from(typeof content === 'string' ? content : JSON.stringify(content))
  return {
    path,
    url: upstream + path,
    type: full,
    size: bytes.length,
    digests: { sha256: createHash('sha256').update(bytes).digest('hex') },
    headers: {},
    beside: new Map(),
    bytes: async () => bytes,
    async *stream(from = 0, to = bytes.length) {
      yield bytes.subarray(from, to)
    },
  }
}

/** The route of a path, as the engine finds it. */
export function find(path: string): { route: AnyRoute<NpmOptions>; p: Params } {
  for (const route of npm.routes) {
    const p = route.match(path)
    if (p !== undefined) return { route, p }
  }
  throw new Error(`no route for ${path}`)
}

export async function read(doc: Doc, repo = makeRepo()): Promise<readonly Entry[]> {
  const { route, p } = find(doc.path)
  return (await Array.fromAsync(route.read?.(doc, p, repo) ?? [])).flat()
}

export interface Showing {
  readonly sees?: (entry: Entry) => boolean
  readonly type?: string
  readonly documents?: readonly Doc[]
  readonly repo?: Repo<NpmOptions>
}

/** The body that a client gets at `path`; undefined for "not there". */
export async function show(path: string, showing: Showing = {}): Promise<string | undefined> {
  const { sees = () => true, type = full, documents = [], repo = makeRepo() } = showing
  const { route, p } = find(path)
  const document = async (wanted: string) => documents.find((doc) => doc.path === wanted)
  const showAs: Show = {
    base,
    query: {},
    type,
    sees,
    allows: sees,
    document,
    render: async () => undefined,
    async *holdings() {},
    states() {},
  }
  const body = await route.view?.(route.kind === 'made' ? undefined : await document(path), showAs, p, repo)
  if (body === undefined) return undefined
  const pieces: Uint8Array[] = []
  if (body instanceof Uint8Array) pieces.push(body)
  else for await (const piece of body) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

export interface Looking {
  readonly platforms?: readonly Platform[]
  readonly options?: Partial<NpmOptions>
  readonly allows?: (entry: Entry) => boolean
  /** Thrown when that path is asked for. */
  readonly broken?: Readonly<Record<string, Error>>
}

export interface Closed {
  readonly versions: readonly string[]
  readonly lacking: readonly string[]
  readonly asked: readonly string[]
  readonly error: unknown
}

/** What a sync of these package lines would hold, out of these packuments. */
export async function close(
  wants: readonly (string | Omit<Selector, 'from'>)[],
  packuments: readonly object[],
  { platforms = [], options = {}, allows = () => true, broken = {} }: Looking = {},
): Promise<Closed> {
  const repo = makeRepo(options)
  const documents = new Map(
    packuments.map((one) => {
      const { name } = one as { name: string }
      return [`/${name}`, makeDoc(`/${name}`, one)]
    }),
  )
  const lacking: string[] = []
  const asked: string[] = []
  const look: Look<NpmOptions> = {
    repo,
    platforms,
    async document(path) {
      asked.push(path)
      if (broken[path] !== undefined) throw broken[path]
      return documents.get(path)
    },
    async *entries(path) {
      const doc = documents.get(path)
      if (doc !== undefined) for (const entry of await read(doc, repo)) if (allows(entry)) yield entry
    },
    async *find() {},
    lacks: (want, reason) => lacking.push(`${want.name}@${want.range ?? ''}: ${reason}`),
  }
  const from = { file: 'manifest.yaml', line: 3 }
  const selectors = wants.map((want) => ({ ...(typeof want === 'string' ? npm.want(want, repo) : want), from }))
  const versions: string[] = []
  let error: unknown
  try {
    for await (const entry of npm.closure(selectors, look)) versions.push(`${entry.name}@${entry.version}`)
  } catch (thrown) {
    error = thrown
  }
  return { versions, lacking, asked, error }
}

export interface Made {
  readonly tags?: Record<string, string>
  readonly time?: Record<string, unknown>
  readonly [member: string]: unknown
}

/** A packument with the given manifests by version, each completed with what a registry adds. */
export function packument(name: string, versions: Record<string, object>, { tags, ...others }: Made = {}): object {
  const last = Object.keys(versions).at(-1) ?? ''
  const manifests = Object.entries(versions).map(([version, manifest]) => {
    const { dist = {}, ...fields } = manifest as { dist?: object }
    return [version, { name, version, ...fields, dist: { ...distOf(name, version), ...dist } }]
  })
  return { _id: name, name, 'dist-tags': tags ?? { latest: last }, versions: Object.fromEntries(manifests), ...others }
}

export function distOf(name: string, version: string): { integrity: string; shasum: string; tarball: string } {
  const file = `${name.slice(name.indexOf('/') + 1)}-${version}.tgz`
  return {
    integrity: `sha512-${createHash('sha512').update(file).digest('base64')}`,
    shasum: createHash('sha1').update(file).digest('hex'),
    tarball: `${upstream}/${name}/-/${file}`,
  }
}

/** A registry key of our own, with what it signs. */
export function makeKey(keyid: string, expires: string | null = null) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
  return {
    pair: { privateKey, publicKey },
    document: Buffer.from(
      JSON.stringify({
        keys: [{ keyid, key, expires, keytype: 'ecdsa-sha2-nistp256', scheme: 'ecdsa-sha2-nistp256' }],
      }),
    ),
    sign: (text: string) => ({ keyid, sig: sign('sha256', Buffer.from(text), privateKey).toString('base64') }),
  }
}

/** What a check may use: registry keys, roots of certificates, and the other documents that upstream has. */
export function makeTrust(
  keys: readonly Uint8Array[],
  {
    roots = [],
    document = async () => undefined,
    now = 0,
  }: { roots?: readonly Uint8Array[]; document?: Trust['document']; now?: number } = {},
): { trust: Trust; proofs: string[] } {
  const proofs: string[] = []
  const trust: Trust = {
    now,
    document,
    unproven: async () => undefined,
    keys: async (name) => (name === 'sigstore' ? roots : keys),
    recall: () => undefined,
    remember: () => {},
    proven: (by) => proofs.push(by),
    expired: () => {},
  }
  return { trust, proofs }
}
