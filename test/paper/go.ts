// Go on paper: escaped names, a version list that does not vouch, a checksum database with a remembered tree head.

import { type Ecosystem, type Look, type Repo, route, type Selector } from '../../src/contract.ts'
import { notYet, type PaperOptions, paperOptions, paperVersions } from './paper.ts'

const database = 'sum.example.org'
const plain = (text: string): string => text.replace(/!([a-z])/g, (_, letter: string) => letter.toUpperCase())
const absent = [403, 404, 410]
const file = (module: string, version: string, kind: string): string => `/${module}/@v/${version}.${kind}`
const lookup = (module: string, version: string): string => `/sumdb/${database}/lookup/${module}@${version}`
const said = (p: { readonly module: string; readonly version: string }) => ({
  name: plain(p.module),
  version: plain(p.version),
})

async function* graph(wants: readonly Selector[], look: Look<PaperOptions>) {
  for (const want of wants) {
    const version = want.range ?? 'v1.0.0'
    const module = await look.document(file(want.name, version, 'mod'))
    if (module === undefined) {
      look.lacks(want, 'no such version')
      continue
    }
    for (const kind of ['info', 'mod', 'zip']) yield { path: file(want.name, version, kind) }
    yield { path: lookup(want.name, version) }
    // The tiles that prove this record in the common head depend on what the record and the head say.
    await look.document(lookup(want.name, version))
    await look.document(`/sumdb/${database}/latest`)
    yield { path: `/sumdb/${database}/tile/8/0/x001/067` }
  }
}

export const go: Ecosystem<PaperOptions> = {
  id: 'go',
  title: 'Go modules',
  purl: 'golang',
  aliases: ['golang'],
  repos: [{ name: 'go', upstreams: ['https://registry.example.org'], hosts: [database] }],
  options: paperOptions,
  routes: [
    route('/sumdb/:db/supported', { kind: 'made', view: async () => new Uint8Array() }),
    route('/sumdb/:db/latest', {
      kind: 'index',
      absent,
      generation: (p) => p.db,
      async check(doc, p, _repo, trust) {
        await trust.keys(p.db)
        trust.remember('head', Buffer.from(await doc.bytes()).toString('base64'))
      },
    }),
    route('/sumdb/:db/lookup/:module+@:version', {
      kind: 'index',
      absent,
      async check(_doc, p, _repo, trust) {
        await trust.document(`/sumdb/${p.db}/tile/8/0/067`)
        if (trust.recall('head') === undefined) notYet()
        trust.proven(`checksum database ${p.db}`)
      },
      read: (_doc, p) => [
        { path: file(p.module, p.version, 'zip'), digests: { h1: 'h1:AAAA' } },
        { path: file(p.module, p.version, 'mod'), digests: { h1: 'h1:BBBB' } },
      ],
      // One head for all lookups: the record as it is, the head as /latest has it.
      async view(doc, show, p) {
        const head = await show.document(`/sumdb/${p.db}/latest`)
        return head === undefined ? undefined : doc?.bytes()
      },
    }),
    route('/sumdb/:db/tile/:rest+', { kind: 'artifact', absent }),
    route('/:module+/@v/list', {
      kind: 'index',
      absent,
      about: (p) => [`/${p.module}/`],
      read: (_doc, p) => [{ path: file(p.module, 'v1.0.0', 'zip'), name: plain(p.module), version: 'v1.0.0' }],
      view: async (doc) => doc?.bytes(),
    }),
    route('/:module+/@v/:version.info', { kind: 'index', absent, known: said }),
    route('/:module+/@v/:version.mod', {
      kind: 'artifact',
      absent,
      known: said,
      vouchers: (p, _repo: Repo<PaperOptions>) => [lookup(p.module, p.version)],
    }),
    route('/:module+/@v/:version.zip', {
      kind: 'artifact',
      absent,
      known: said,
      vouchers: (p) => [lookup(p.module, p.version)],
    }),
    // Upstream's own answer under another path, so that the one made here can look at it.
    route('/:module+/@upstream', { kind: 'index', absent, upstream: (p) => `/${p.module}/@latest`, files: () => [] }),
    route('/:module+/@latest', {
      kind: 'made',
      async view(_doc, show, p) {
        const list = await show.document(`/${p.module}/@v/list`)
        const chosen = list ?? (await show.document(`/${p.module}/@upstream`))
        return chosen === undefined ? undefined : (await show.render(file(p.module, 'v1.0.0', 'info')))?.bytes()
      },
    }),
    // The change feed dates what others name: a document that states times about everything.
    route('/index', { kind: 'index', query: ['since', 'limit'], about: () => ['/'], read: () => [], files: () => [] }),
  ],
  versions: paperVersions,
  digests: { h1: async (doc) => (doc.path.endsWith('.mod') ? notYet() : notYet()) },
  name: (text) => text,
  want: (text) => ({ name: text }),
  closure: graph,
  setup: ({ base }) => [{ client: 'go', title: 'Go', env: { GOPROXY: base } }],
}
