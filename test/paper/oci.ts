// OCI on paper: digests in paths, tags pinned by generation, lists that come in pages, types that must be kept.

import { type Digests, type Doc, type Ecosystem, type Entry, route } from '../../src/contract.ts'
import { notYet, type PaperOptions, paperOptions, paperVersions } from './paper.ts'

const digest = /^sha256:[0-9a-f]{64}$/
const tag = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/
const manifests = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  '*/*;q=0.1',
].join(', ')
const fromPath = (p: { readonly digest: string }): { digests: Digests } => ({ digests: { sha256: p.digest.slice(7) } })
const contentDigest = (shown: { readonly digests: Digests }) => ({
  'docker-content-digest': `sha256:${shown.digests.sha256}`,
})

async function* descriptors(_doc: Doc, name: string): AsyncGenerator<Entry> {
  yield {
    path: `/${name}/blobs/sha256:${'0'.repeat(64)}`,
    size: 2,
    data: { mediaType: 'application/vnd.oci.empty.v1+json' },
  }
}

export const oci: Ecosystem<PaperOptions> = {
  id: 'oci',
  title: 'OCI registries',
  purl: 'oci',
  aliases: ['docker', 'container'],
  repos: [{ name: 'oci', upstreams: ['https://registry.example.org/v2'], mount: '/v2', hosts: ['auth.example.org'] }],
  options: paperOptions,
  routes: [
    route('/', {
      kind: 'made',
      types: ['application/json'],
      view: async () => Buffer.from('{}'),
      headers: () => ({ 'docker-distribution-api-version': 'registry/2.0' }),
      files: () => ['/index'],
    }),
    route('/:name+/manifests/:digest', {
      kind: 'artifact',
      where: { digest },
      accept: manifests,
      known: fromPath,
      read: (doc, p) => descriptors(doc, p.name),
      headers: contentDigest,
    }),
    route('/:name+/manifests/:tag', {
      kind: 'index',
      where: { tag },
      accept: manifests,
      generation: (p) => `${p.name}:${p.tag}`,
      known: (p) => ({ name: p.name, version: p.tag }),
      read: (doc, p) => [{ path: `/${p.name}/manifests/sha256:${doc.digests.sha256}`, name: p.name, version: p.tag }],
      headers: contentDigest,
    }),
    route('/:name+/blobs/:digest', { kind: 'artifact', where: { digest }, known: fromPath, headers: contentDigest }),
    // A page of the list by its last tag: upstream's Link header names the next one.
    route('/:name+/tags/after/:last', {
      kind: 'index',
      upstream: (p) => `/${p.name}/tags/list?last=${encodeURIComponent(p.last)}`,
      files: () => [],
    }),
    route('/:name+/tags/list', {
      kind: 'index',
      async view(doc, show, p) {
        if (doc?.headers.link !== undefined) await show.document(`/${p.name}/tags/after/3.22`)
        return doc?.bytes()
      },
    }),
    route('/:name+/referrers/:digest', {
      kind: 'index',
      where: { digest },
      types: ['application/vnd.oci.image.index.v1+json'],
      read: (doc, p) => descriptors(doc, p.name),
      view: async (doc) => doc?.bytes(),
    }),
  ],
  versions: paperVersions,
  name: (text) => text,
  want: (text) => ({ name: text }),
  async *closure(wants, look) {
    for (const want of wants) {
      const top = `/${want.name}/manifests/${want.range ?? 'latest'}`
      yield { path: top }
      for await (const manifest of look.entries(top)) {
        yield manifest
        yield* look.entries(manifest.path)
      }
      if (look.platforms.length === 0) notYet()
    }
  },
  setup: ({ base }) => [{ client: 'docker', title: 'Docker', commands: [`registry-mirrors: ${base}`] }],
  refuse: (error) => ({
    status: error.failure.status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ errors: [{ code: 'MANIFEST_UNKNOWN', message: error.message }] }),
  }),
}
