// RubyGems: the compact index of texts, with an info page for each gem that states the digests of its files; beside it the
// older lists and specifications as Ruby's own objects.
// https://guides.rubygems.org/rubygems-org-compact-index-api/

import {
  type Digests,
  type Ecosystem,
  type Entry,
  only,
  type Params,
  type Repo,
  type Route,
  route,
} from '../../contract.ts'
import { gemVersions } from '../../versions/gem.ts'
import { closure } from './closure.ts'
import { checkSpecification } from './gemspec.ts'
import { readInfo, viewInfo } from './info.ts'
import { gemName, infoPath, readings, timesPath } from './paths.ts'
import { setup } from './setup.ts'
import { type SpecsKind, viewSpecs } from './specs.ts'
import { viewTimes } from './times.ts'
import { viewNames, viewVersions } from './versions-file.ts'
import { type GemOptions, options, want } from './want.ts'

const plain = 'text/plain'
const octets = 'application/octet-stream'

/**
 * Bundler before 2.5 compares the entity tag with the MD5 of what it has, and gives the compact index up when it is
 * another; later versions go by a digest of the whole when they are sent the end of a document that has grown.
 */
function tags({ digests }: { readonly digests: Digests }): Readonly<Record<string, string>> {
  const { md5, sha256 } = digests
  const digest = Buffer.from(sha256 ?? '', 'hex').toString('base64')
  return {
    ...(md5 === undefined ? {} : { etag: `"${md5}"` }),
    ...(digest === '' ? {} : { 'repr-digest': `sha-256=:${digest}:`, digest: `sha-256=${digest}` }),
  }
}

/** What the texts of the compact index have in common. */
const text = { kind: 'index', accept: plain, types: [plain], hashes: ['md5'], headers: tags } as const

const specs = (pattern: '/specs.4.8.gz' | '/latest_specs.4.8.gz' | '/prerelease_specs.4.8.gz', kind: SpecsKind) =>
  route(pattern, {
    kind: 'index',
    types: [octets],
    offline: 'made',
    view: async (doc, show) => viewSpecs(kind, doc, show),
  } satisfies Route<Params, GemOptions>)

/** A gem or its specification: the page of its gem names it. A file name that may be of two gems is left to the pages. */
const ofGem = {
  known: ({ full }: { readonly full: string }): Partial<Entry> => {
    const [one, other] = readings(full)
    return one === undefined || other !== undefined ? {} : one
  },
  vouchers: ({ full }: { readonly full: string }) => readings(full).map(({ name }) => infoPath(name)),
}

/** Can the file name be that of a gem? */
const isGem = ({ full = '' }: Params): boolean => readings(full).length > 0

const registry = 'https://rubygems.org'

export const rubygems: Ecosystem<GemOptions> = {
  id: 'rubygems',
  title: 'RubyGems',
  purl: 'gem',
  aliases: ['gem'],
  repos: [
    {
      name: 'rubygems',
      upstreams: [registry],
      mount: '/gem',
      hosts: ['index.rubygems.org'],
      also: [`${registry}/`, 'http://rubygems.org/', 'https://index.rubygems.org/'],
    },
  ],
  options,
  routes: [
    // `gem install` asks whether anything is there before it asks for info pages
    route('/', {
      kind: 'made',
      types: [plain],
      files: () => ['/index.html'],
      view: async () => new TextEncoder().encode('A repository of gems.\n'),
    }),
    route('/versions', { ...text, offline: 'made', view: async (doc, show) => viewVersions(doc, show) }),
    route('/names', { ...text, offline: 'made', view: async (doc, show) => viewNames(doc, show) }),
    route('/info/:name', {
      ...text,
      where: { name: gemName },
      known: (p) => ({ name: p.name }),
      beside: (p, repo: Repo<GemOptions>) => (repo.options.times === 'api' ? [timesPath(p.name)] : []),
      read: (doc, p) => readInfo(doc, p.name),
      view: async (doc, show, p) => (doc === undefined ? undefined : viewInfo(doc, p.name, show)),
    }),
    specs('/specs.4.8.gz', 'released'),
    specs('/latest_specs.4.8.gz', 'latest'),
    specs('/prerelease_specs.4.8.gz', 'prerelease'),
    only(route('/gems/:full.gem', { kind: 'artifact', types: [octets], ...ofGem }), isGem),
    only(
      route('/quick/Marshal.4.8/:full.gemspec.rz', {
        kind: 'artifact',
        types: [octets],
        ...ofGem,
        check: (doc, _p, _repo, _trust, said) => checkSpecification(doc, said),
      }),
      isGem,
    ),
    route('/api/v1/versions/:name.json', {
      kind: 'index',
      where: { name: gemName },
      accept: 'application/json',
      known: (p) => ({ name: p.name }),
      types: ['application/json'],
      view: async (doc, show, p) => (doc === undefined ? undefined : viewTimes(doc, p.name, show)),
    }),
  ],
  versions: gemVersions,
  name: (given) => given,
  want,
  closure,
  setup: (at) => setup(at, registry),
}
