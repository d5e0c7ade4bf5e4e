// Two tiny ecosystems that have every kind of route, for tests of the engine; worker threads load this module.
//
// `shelf` is a registry: one index a name, artifacts that it vouches for, made and live documents.
// `chain` is a signed archive: a root for each suite, lists that it vouches for, a pool that the lists name.

import * as v from 'valibot'
import { type AnyEcosystem, type Entry, listing, type ParamsOf, route, type Selector } from '../../src/contract.ts'
import { MirrorError } from '../../src/errors.ts'
import { npmVersions } from '../../src/versions/npm.ts'

const empty = v.strictObject({})
type None = v.InferOutput<typeof empty>

/** One file of an index of `shelf`; `path` is `/files/NAME/FILE` unless it says otherwise. */
export interface Item {
  readonly file: string
  readonly version?: string
  readonly digests?: Readonly<Record<string, string>>
  readonly size?: number
  /** Milliseconds since 1970; anything else cannot be read. */
  readonly published?: unknown
  readonly url?: string
  readonly path?: string
  readonly needs?: readonly string[]
}
export interface Index {
  readonly files: readonly Item[]
  /** Makes the reading, or the view, fail. */
  readonly broken?: 'read' | 'view'
  readonly padding?: string
}

const json = 'application/json'
const list = listing<Index, Item, ParamsOf<'/index/:name'>, None>({
  parse: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as Index,
  items(document) {
    if (document.broken === 'read') throw new Error('this index cannot be read')
    return document.files
  },
  entry: (item, _, { name }) => ({
    path: item.path ?? `/files/${name}/${item.file}`,
    name,
    ...(item.version === undefined ? {} : { version: item.version }),
    ...(item.digests === undefined ? {} : { digests: item.digests }),
    ...(item.size === undefined ? {} : { size: item.size }),
    ...(item.url === undefined ? {} : { url: item.url }),
    ...publishedOf(item.published),
    data: { needs: item.needs ?? [] },
  }),
  keep(document, shown, show) {
    if (document.broken === 'view') throw new Error('this index cannot be shown')
    const files = shown.map(({ item }) => item)
    return Buffer.from(JSON.stringify({ base: show.base, files, padding: document.padding }))
  },
})

/** A time that cannot be read fails closed: it never comes. */
const publishedOf = (value: unknown): { published?: number } => {
  if (value === undefined) return {}
  return { published: typeof value === 'number' ? value : Number.MAX_SAFE_INTEGER }
}

export const shelf: AnyEcosystem = {
  id: 'shelf',
  title: 'Shelf',
  purl: 'shelf',
  repos: [],
  options: empty,
  versions: npmVersions,
  routes: [
    route('/index/:name', { kind: 'index', known: ({ name }) => ({ name }), ...list, types: [json] }),
    // two indexes speak of these files
    route('/index/:name/more', { kind: 'index', known: ({ name }) => ({ name }), read: list.read, types: [json] }),
    route('/files/:name/:file', {
      kind: 'artifact',
      known: ({ name }) => ({ name }),
      vouchers: ({ name }) => [`/index/${name}`],
    }),
    route('/twice/:name/:file', {
      kind: 'artifact',
      known: ({ name }) => ({ name }),
      vouchers: ({ name }) => [`/index/${name}`, `/index/${name}/more`],
    }),
    route('/loose/:file', {
      kind: 'artifact',
      hashes: ['sha1'],
      headers: ({ digests }) => (digests.sha1 === undefined ? {} : { 'x-checksum-sha1': digests.sha1 }),
    }),
    // versions that only a list dates, files that only themselves do
    route('/plain/:name/:version', {
      kind: 'artifact',
      known: ({ name, version }) => ({ name, version }),
      dates: ({ name }) => [`/index/${name}`],
    }),
    // files with a checksum of their own, in a list that dates them and vouches for nothing
    route('/sum/:name/:version', {
      kind: 'index',
      known: ({ name, version }) => ({ name, version }),
      read: async function* (doc, { name, version }) {
        const sha256 = Buffer.from(await doc.bytes()).toString()
        yield { path: `/summed/${name}/${version}`, name, version, digests: { sha256 } }
      },
    }),
    route('/summed/:name/:version', {
      kind: 'artifact',
      known: ({ name, version }) => ({ name, version }),
      vouchers: ({ name, version }) => [`/sum/${name}/${version}`],
      dates: ({ name }) => [`/index/${name}`],
    }),
    route('/page/:name', {
      kind: 'index',
      upstream: ({ name }) => ({ path: `/list/${name}`, query: 'all=yes' }),
      shows: ['from'],
      types: ['text/plain'],
      view: async (doc, show) =>
        Buffer.from(`${Buffer.from((await doc?.bytes()) ?? [])} from ${show.query.from ?? '1'}`),
    }),
    route('/text/:file', { kind: 'index', query: ['page'] }),
    route('/made/holdings', {
      kind: 'made',
      types: [json],
      async view(_, show) {
        const paths = await Array.fromAsync(show.holdings(), (entry) => entry.path)
        return Buffer.from(JSON.stringify(paths.sort()))
      },
    }),
    route('/made/sum/:name', {
      kind: 'made',
      types: [json],
      async view(_, show, { name }) {
        const shown = await show.render(`/index/${name}`)
        return shown && Buffer.from(JSON.stringify(shown.digests))
      },
    }),
    route('/live/:what', { kind: 'live', query: ['text'], methods: ['GET', 'POST'] }),
  ],
  spelling: (path) => path.replace(/^\/INDEX\//, '/index/'),
  name: (text) => text,
  want: (text) => {
    const [name = '', range] = text.split('@')
    return { name, ...(range === undefined ? {} : { range }) }
  },
  async *closure(wants, look) {
    const asked = new Set<string>()
    const queue: Selector[] = [...wants]
    for (let want = queue.shift(); want !== undefined; want = queue.shift()) {
      const { name, range = '*' } = want
      if (asked.has(`${name} ${range}`)) continue
      asked.add(`${name} ${range}`)
      let found = 0
      for await (const entry of look.entries(`/index/${name}`)) {
        if (!npmVersions.satisfies(entry.version ?? '', range) && range !== '*') continue
        found += 1
        yield entry
        for (const need of (entry.data as { needs: readonly string[] }).needs)
          queue.push({ name: need, from: want.from })
      }
      if (found === 0) look.lacks(want, 'no allowed version')
    }
  },
  setup: () => [],
}

/** The root of a suite. */
export interface Root {
  /** Milliseconds since 1970; an older one than before is a roll-back. */
  readonly date: number
  readonly until?: number
  /** `good` is the only right signature. */
  readonly signature?: string
  /** sha256 of the lists by name. */
  readonly lists: Readonly<Record<string, string>>
}
/** A list names files of the pool. */
export interface List {
  readonly files: readonly { readonly path: string; readonly sha256: string; readonly version?: string }[]
}

const parse = async <T>(doc: { bytes(): Promise<Uint8Array> }): Promise<T> =>
  JSON.parse(Buffer.from(await doc.bytes()).toString()) as T

async function* readList(doc: { bytes(): Promise<Uint8Array> }): AsyncGenerator<Entry> {
  const { files } = await parse<List>(doc)
  for (const { path, sha256, version = '1.0.0' } of files) {
    yield { path, digests: { sha256 }, name: path.split('/')[2] ?? '', version }
  }
}

export const chain: AnyEcosystem = {
  id: 'chain',
  title: 'Chain',
  purl: 'chain',
  repos: [],
  options: empty,
  versions: npmVersions,
  routes: [
    route('/:suite/root', {
      kind: 'index',
      generation: ({ suite }) => suite,
      async check(doc, { suite }, _, trust) {
        const root = await parse<Root>(doc)
        if (root.signature !== 'good') throw new MirrorError('BAD_SIGNATURE', `${doc.path} is not signed`)
        const newest = Number(trust.recall(suite) ?? 0)
        if (root.date < newest) throw new MirrorError('ROLLBACK', `${doc.path} is older than what was seen before`)
        trust.remember(suite, String(root.date))
        if (root.until !== undefined && trust.now > root.until) {
          trust.expired(new MirrorError('EXPIRED', `${doc.path} is past its time`))
        }
        trust.proven('signature by a test')
      },
      async *read(doc, { suite }) {
        for (const [name, sha256] of Object.entries((await parse<Root>(doc)).lists)) {
          yield { path: `/${suite}/lists/${name}`, digests: { sha256 } }
          yield { path: `/${suite}/hash/${sha256}`, url: `/${suite}/lists/${name}`, digests: { sha256 } }
        }
      },
    }),
    route('/:suite/lists/:name', {
      kind: 'index',
      generation: ({ suite }) => suite,
      vouchers: ({ suite }) => [`/${suite}/root`],
      about: () => ['/pool/'],
      read: readList,
    }),
    route('/:suite/hash/:hex', {
      kind: 'artifact',
      known: ({ hex }) => ({ digests: { sha256: hex } }),
      vouchers: ({ suite }) => [`/${suite}/root`],
      about: () => ['/pool/'],
      read: readList,
    }),
    route('/pool/:name/:file', { kind: 'artifact', vouchers: () => [] }),
  ],
  name: (text) => text,
  want: (text) => ({ name: text }),
  async *closure(wants, look) {
    for (const { name: suite } of wants) {
      const root = await look.document(`/${suite}/root`)
      if (root === undefined) continue
      for (const name of Object.keys((await parse<Root>(root)).lists)) {
        yield { path: `/${suite}/lists/${name}` }
        yield* look.entries(`/${suite}/lists/${name}`)
      }
    }
  },
  setup: () => [],
}

export const ecosystems: readonly AnyEcosystem[] = [shelf, chain]
