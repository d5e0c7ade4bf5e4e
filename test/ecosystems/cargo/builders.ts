// Documents, shows and looks in memory: no more than these tests need.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Doc, Entry, Look, Platform, Repo, Show } from '../../../src/contract.ts'
import type { CargoOptions } from '../../../src/ecosystems/cargo/index.ts'
import { readIndex } from '../../../src/ecosystems/cargo/index-file.ts'

export const fixture = (name: string): string =>
  readFileSync(new URL(`../../fixtures/cargo/${name}`, import.meta.url), 'utf8')

/** A document that arrives in pieces of seven bytes, so that lines never come whole. */
export function doc(path: string, text: string): Doc {
  const bytes = new TextEncoder().encode(text)
  return {
    path,
    url: `https://registry.example.org${path}`,
    type: 'text/plain',
    size: bytes.length,
    digests: { sha256: createHash('sha256').update(bytes).digest('hex') },
    headers: {},
    beside: new Map(),
    bytes: async () => bytes,
    async *stream() {
      for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7)
    },
  }
}

export function repo(config = fixture('config.json')): Repo<CargoOptions> {
  return {
    name: 'cargo',
    upstreams: ['https://registry.example.org'],
    options: { auth_required: false },
    service: doc('/config.json', config),
  }
}

/** Shows what `allows` lets through, of which `holds` is held. */
export function show(
  allows: (entry: Entry) => boolean = () => true,
  holds: (entry: Entry) => boolean = () => true,
): Show {
  return {
    base: 'https://mirror.example.org/cargo',
    query: {},
    type: 'text/plain',
    allows,
    sees: (entry) => allows(entry) && holds(entry),
    document: async () => undefined,
    render: async () => undefined,
    async *holdings() {},
    states() {},
  }
}

export const checksum = (text: string): string => createHash('sha256').update(text).digest('hex')

type Json = Readonly<Record<string, unknown>>

/** A dependency as an index line has it: `dep('log ^1', { optional: true })`. */
export function dep(spec: string, more: Json = {}): Json {
  const [name, ...req] = spec.split(' ')
  return {
    name,
    req: req.join(' '),
    features: [],
    optional: false,
    default_features: true,
    target: null,
    kind: 'normal',
    ...more,
  }
}

/** An index line: `crate('log 1.0.0', { deps: [...] })`. */
export function crate(spec: string, more: Json = {}): string {
  const [name, vers] = spec.split(' ')
  return JSON.stringify({ name, vers, deps: [], cksum: checksum(spec), features: {}, yanked: false, ...more })
}

/** A look at a registry of these lines; what could not be had is gathered in `lacking`. */
export function look(lines: readonly string[], platforms: readonly Platform[] = []) {
  const lacking: string[] = []
  const asked: string[] = []
  const at = repo()
  const of = (name: string): string[] => lines.filter((line) => JSON.parse(line).name.toLowerCase() === name)
  const looked: Look<CargoOptions> = {
    repo: at,
    platforms,
    document: async (path) => doc(path, of(path.split('/').at(-1) ?? '').join('\n')),
    async *entries(path) {
      asked.push(path)
      const name = path.split('/').at(-1) ?? ''
      const own = of(name)
      if (own.length > 0) yield* readIndex(doc(path, own.join('\n')), name, at)
    },
    async *find() {},
    lacks: (want, reason) => lacking.push(`${want.name}: ${reason}`),
  }
  return { look: looked, lacking, asked }
}

export async function gather<T>(items: Iterable<T> | AsyncIterable<T> | undefined): Promise<T[]> {
  const all: T[] = []
  if (items !== undefined) for await (const item of items) all.push(item)
  return all
}
