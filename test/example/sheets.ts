// The worked example of docs/adding-an-ecosystem.md: a registry of sheet music that nobody runs. `GET /NAME.json` lists the
// versions of a piece, each with a file, its sha256 and the day it was published.

import * as v from 'valibot'
import { type AnyEcosystem, type Ecosystem, listing, type ParamsOf, route } from '../../src/contract.ts'
import { MirrorError } from '../../src/errors.ts'
import { npmVersions as versions } from '../../src/versions/npm.ts'

// What the registry answers. Everything in it is hostile until the schema has seen it.
const edition = v.object({
  version: v.pipe(
    v.string(),
    v.maxLength(64),
    v.check((text) => versions.fault(text) === undefined),
  ),
  file: v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9.-]{0,100}\.pdf$/)),
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  published: v.optional(v.string()),
})
const list = v.object({ editions: v.array(edition) })
type Edition = v.InferOutput<typeof edition>

// A time that cannot be read never comes, so that a cooldown holds such a version back.
const published = (text: string | undefined): { published?: number } => {
  if (text === undefined) return {}
  const time = Date.parse(text)
  return { published: Number.isNaN(time) ? Number.MAX_SAFE_INTEGER : time }
}

const piece = /^[a-z0-9][a-z0-9-]{0,60}$/
const options = v.strictObject({})
type Options = v.InferOutput<typeof options>

// One function that says what a document means, and one that writes it again with what is shown.
const editions = listing<readonly Edition[], Edition, ParamsOf<'/:name.json'>, Options>({
  parse(bytes, doc) {
    try {
      return v.parse(list, JSON.parse(Buffer.from(bytes).toString())).editions
    } catch (cause) {
      throw new MirrorError('UNREADABLE', `${doc.path} is no list of editions`, { path: doc.path, cause })
    }
  },
  items: (all) => all,
  // the identity comes from the request, never from the document
  entry: ({ version, file, sha256, ...rest }, _all, { name }) => ({
    path: `/files/${name}/${file}`,
    name,
    version,
    digests: { sha256 },
    ...published(rest.published),
  }),
  keep: (_all, shown) => Buffer.from(JSON.stringify({ editions: shown.map(({ item }) => item) })),
})

export const sheets: Ecosystem<Options> = {
  id: 'sheets',
  title: 'Sheet music',
  purl: 'sheets',
  repos: [{ name: 'sheets', upstreams: ['https://sheets.example.org'] }],
  options,
  versions,
  routes: [
    route('/:name.json', {
      kind: 'index',
      where: { name: piece },
      known: ({ name }) => ({ name }),
      types: ['application/json'],
      ...editions,
    }),
    route('/files/:name/:file', {
      kind: 'artifact',
      where: { name: piece },
      known: ({ name }) => ({ name }),
      vouchers: ({ name }) => [`/${name}.json`],
    }),
  ],
  name: (text) => text.toLowerCase(),
  want(text) {
    const [name = '', range] = text.split('@')
    const fault = range === undefined ? undefined : versions.fault(range)
    if (!piece.test(name) || fault !== undefined) {
      throw new MirrorError('CONFIG', `${JSON.stringify(text.slice(0, 80))} is no piece${fault ? `: ${fault}` : ''}`, {
        hint: 'Write NAME or NAME@RANGE, such as fugue@^2.',
      })
    }
    return { name, ...(range === undefined ? {} : { range }) }
  },
  async *closure(wants, look) {
    for (const want of wants) {
      const matching = []
      for await (const entry of look.entries(`/${want.name}.json`)) {
        if (versions.satisfies(entry.version ?? '', want.range ?? '*')) matching.push(entry)
      }
      const newest = matching
        .sort((a, b) => versions.compare(b.version ?? '', a.version ?? ''))
        .slice(0, want.keep ?? 1)
      if (newest.length === 0) look.lacks(want, 'no edition that fits is there, or allowed')
      yield* newest
    }
  },
  setup: ({ base }) => [{ client: 'sheets', title: 'sheets', env: { SHEETS_REGISTRY: base } }],
}

export const ecosystems: readonly AnyEcosystem[] = [sheets]
