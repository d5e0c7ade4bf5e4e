// What was carried here instead of fetched, as the upstream of an engine: it answers by path, with the bytes that the list of
// entries names, and with what is held already where the list says nothing new. No network is behind it.

import type { Entries } from '../catalog/entries.ts'
import { isHeld } from '../catalog/rows.ts'
import type { HeldEntry } from '../formats/bundle.ts'
import type { Client, Received } from '../upstream/client.ts'
import type { Mirror, MountedRepo } from './mirror.ts'
import { resolve } from './resolve.ts'

export interface Carried {
  readonly entries: Entries
  /** The bytes of an entry; throws what is wrong with them. */
  bytes(entry: Pick<HeldEntry, 'sha256' | 'size' | 'kind'>): AsyncIterable<Uint8Array>
}

type Known = Pick<Mirror, 'repos' | 'catalog' | 'store'>

export function carriedClient(known: Known, { entries, bytes }: Carried): Client {
  return {
    async ask({ repo, url, place }) {
      const mounted = known.repos.get(repo)
      if (place === undefined || mounted === undefined) return absent(url)
      const entry = entries.find({ repo, ...place })
      if (entry?.type === 'gone') return absent(url)
      if (entry === undefined) return heldBefore(known, mounted, place, url)
      if (!isOfSource(mounted, entry.url, url)) return absent(url)
      return answer(mounted, place.path, url, { ...entry, type: entry.media }, bytes(entry))
    },
    async close() {},
  }
}

/** A name belongs to the source that it came from; the others do not have it. */
function isOfSource({ settings }: MountedRepo, from: string, asked: string): boolean {
  if (settings.sources === undefined) return true
  const of = (url: string) => settings.sources?.find(({ upstreams }) => upstreams.some((one) => url.startsWith(one)))
  return of(from) === of(asked)
}

function heldBefore(
  { catalog, store }: Known,
  mounted: MountedRepo,
  { path, variant }: { readonly path: string; readonly variant: string },
  url: string,
): Received {
  const repo = mounted.settings.name
  const resource = resolve(mounted, path)
  const key = resource?.route.generation?.(resource.p)
  const generation = key === undefined ? 0 : catalog.generations.current(repo, key)?.id
  const ref = generation === undefined ? undefined : catalog.refs.get(repo, path, variant, generation)
  if (!isHeld(ref) || !isOfSource(mounted, ref.url, url)) return absent(url)
  return answer(mounted, path, url, ref, store.stream(ref.sha256))
}

function answer(
  mounted: MountedRepo,
  path: string,
  url: string,
  { type, size, headers }: { type: string; size: number; headers: Readonly<Record<string, string>> },
  body: AsyncIterable<Uint8Array>,
): Received {
  // all pages of a document were kept as one
  const { link, ...alone } = headers
  const isPaged = resolve(mounted, path)?.route.next !== undefined
  const fields = isPaged || link === undefined ? alone : headers
  return {
    status: 200,
    headers: {
      ...fields,
      'content-type': headers['content-type'] ?? type,
      'content-length': String(size),
    },
    url,
    body,
    async discard() {},
  }
}

const absent = (url: string): Received => ({
  status: 404,
  headers: {},
  url,
  body: (async function* nothing() {})(),
  async discard() {},
})
