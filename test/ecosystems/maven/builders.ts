// Documents, shows and looks over a repository in memory: no more than these tests need.

import * as v from 'valibot'
import type { Doc, Entry, Look, Platform, Repo, Show } from '../../../src/contract.ts'
import { readMetadata } from '../../../src/ecosystems/maven/metadata.ts'
import { type MavenOptions, mavenOptions } from '../../../src/ecosystems/maven/options.ts'
import { digest } from './repository.ts'

export function doc(path: string, body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}): Doc {
  const bytes = Buffer.from(body)
  return {
    path,
    url: `https://registry.example.org${path}`,
    type: '',
    size: bytes.length,
    digests: { sha256: digest('sha256', bytes) },
    headers,
    beside: new Map(),
    bytes: async () => bytes,
    async *stream(from = 0, to = bytes.length) {
      for (let at = from; at < to; at += 7) yield bytes.subarray(at, Math.min(to, at + 7))
    },
  }
}

export const repo = (options: unknown = {}): Repo<MavenOptions> => ({
  name: 'maven',
  upstreams: ['https://registry.example.org'],
  options: v.parse(mavenOptions, options),
})

/** Shows what `allows` lets through, out of these documents. */
export function show(allows: (entry: Entry) => boolean = () => true, documents: Readonly<Record<string, Doc>> = {}) {
  const asked: string[] = []
  const shown: Show = {
    base: 'https://mirror.example.org/maven',
    query: {},
    type: 'text/xml',
    allows,
    states() {},
    sees: allows,
    async document(path) {
      asked.push(path)
      return documents[path]
    },
    render: async () => undefined,
    async *holdings() {},
  }
  return { show: shown, asked }
}

/** A look at a repository of these bodies; what could not be had is gathered in `lacking`. */
export function look(
  bodies: Readonly<Record<string, string | Uint8Array>>,
  { platforms = [], options = {} }: { readonly platforms?: readonly Platform[]; readonly options?: unknown } = {},
) {
  const lacking: string[] = []
  const asked: string[] = []
  const at = (path: string): Doc | undefined => {
    asked.push(path)
    const body = bodies[path]
    return body === undefined ? undefined : doc(path, body)
  }
  const looked: Look<MavenOptions> = {
    repo: repo(options),
    platforms,
    document: async (path) => at(path),
    async *entries(path) {
      const found = at(path)
      if (found !== undefined) yield* readMetadata(found, path.slice(1))
    },
    async *find() {},
    lacks: (want, reason) => lacking.push(`${want.name}: ${reason}`),
  }
  return { look: looked, lacking, asked }
}

export async function gather<T>(items: Iterable<T> | AsyncIterable<T> | undefined): Promise<T[]> {
  return items === undefined ? [] : Array.fromAsync(items)
}

/** `kit-1.0.jar` of a path. */
export const fileName = ({ path }: Entry): string => path.slice(path.lastIndexOf('/') + 1)
