// PyPI on paper: a page in three media types, joined with a second document, files vouched for by page and provenance.

import { type Doc, type Ecosystem, type Entry, route } from '../../src/contract.ts'
import { notYet, type PaperOptions, paperOptions, paperVersions } from './paper.ts'

const pageTypes = ['application/vnd.pypi.simple.v1+json', 'application/vnd.pypi.simple.v1+html', 'text/html']
const page = (project: string): string => `/simple/${project}/`

/** Files of the page, with the sizes and times that only the JSON beside it has. */
async function* files(doc: Doc, project: string): AsyncGenerator<Entry> {
  const legacy = doc.beside.get(`/pypi/${project}/json`)
  if (legacy === undefined) return
  yield {
    path: `/files/${project}/${project}-1.0.tar.gz`,
    url: new URL('../../packages/aa/bb/cc/x.tar.gz', doc.url).href,
    digests: { sha256: '0'.repeat(64) },
    name: project,
    version: '1.0',
    published: 0,
    data: { requiresPython: '>=3.9', yanked: false },
  }
  yield { path: `/files/${project}/${project}-1.0-py3-none-any.whl.metadata`, digests: { sha256: '1'.repeat(64) } }
}

export const pypi: Ecosystem<PaperOptions> = {
  id: 'pypi',
  title: 'PyPI',
  purl: 'pypi',
  repos: [{ name: 'pypi', upstreams: ['https://registry.example.org'], hosts: ['files.example.org'] }],
  options: paperOptions,
  routes: [
    route('/simple/', {
      kind: 'index',
      accept: pageTypes.join(', '),
      types: pageTypes,
      view: async (_doc, show) => (show.type === 'text/html' ? notYet() : notYet()),
      files: (_, type) => (type === 'text/html' ? ['/simple/index.html'] : ['/simple/index.v1_json']),
    }),
    route('/simple/:project/', {
      kind: 'index',
      accept: pageTypes.join(', '),
      beside: (p) => [`/pypi/${p.project}/json`],
      types: pageTypes,
      headers: () => ({ vary: 'Accept' }),
      read: (doc, p) => files(doc, p.project),
      async view(doc, show, p) {
        if (doc === undefined) return undefined
        for await (const entry of files(doc, p.project)) if (show.sees(entry)) notYet()
        return notYet()
      },
      files: (p, type) => [`/simple/${p.project}/${type === 'text/html' ? 'index.html' : 'index.v1_json'}`],
    }),
    route('/pypi/:project/json', { kind: 'index', view: async () => notYet() }),
    route('/integrity/:project/:version/:file/provenance', {
      kind: 'index',
      async check(_doc, p, _repo, trust) {
        await trust.keys('sigstore')
        trust.proven(`attestation for ${p.file}`)
      },
      read: (_doc, p) => [{ path: `/files/${p.project}/${p.file}`, digests: { sha256: '0'.repeat(64) } }],
    }),
    // Made out of the wheel where upstream advertises none or does not have what it advertises.
    route('/files/:project/:wheel.whl.metadata', {
      kind: 'made',
      async view(_doc, show, p) {
        const wheel = await show.document(`/files/${p.project}/${p.wheel}.whl`)
        return wheel === undefined ? undefined : wheel.stream(Math.max(0, wheel.size - 65_536), wheel.size)
      },
    }),
    route('/files/:project/:file', {
      kind: 'artifact',
      known: (p) => ({ name: p.project }),
      vouchers: (p) => [page(p.project), `/integrity/${p.project}/1.0/${p.file}/provenance`],
    }),
  ],
  versions: paperVersions,
  name: (text) => text.toLowerCase().replace(/[-_.]+/g, '-'),
  want: (text) => ({ name: text }),
  async *closure(wants, look) {
    for (const want of wants) {
      yield { path: page(want.name) }
      for await (const entry of look.entries(page(want.name))) {
        const metadata = await look.document(`${entry.path}.metadata`)
        if (metadata === undefined) look.lacks(want, 'needs a build')
        yield entry
      }
    }
  },
  async *made(_repo, held) {
    for await (const entry of held) if (entry.path.endsWith('.whl')) yield `${entry.path}.metadata`
  },
  setup: ({ base }) => [{ client: 'pip', title: 'pip', env: { PIP_INDEX_URL: `${base}/simple/` } }],
}
