// OCI and Docker registries: manifests and blobs under their digests, tags that point at them, and what refers to them.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md

import {
  type BuiltIn,
  type Ecosystem,
  type ParamsOf,
  type Repo,
  type Route,
  route,
  type Shown,
} from '../../contract.ts'
import { ociVersions } from '../../versions/oci.ts'
import { checkAttached, checkManifest } from './check.ts'
import { closure } from './closure.ts'
import { imageLayout } from './layout.ts'
import { accept, indexType, manifestLimit, readListed, readParts } from './manifest.ts'
import { attachedForm, digestForm, digestsOf, manifestPath, nameForm, tagForm, tagsPath } from './names.ts'
import { type OciOptions, ociOptions } from './options.ts'
import { nextOf } from './pages.ts'
import { readReferrers, viewReferrers } from './referrers.ts'
import { refuse } from './refuse.ts'
import { setup } from './setup.ts'
import { readTags, viewTags } from './tags.ts'
import { want } from './want.ts'

type Named = { readonly name: string }
type Digested = ParamsOf<'/:name+/blobs/:digest'>

const json = 'application/json'
/** The page size that registries commonly allow at most. */
const page = 'n=1000'

/** A document speaks of the manifests of its own name alone. */
const about = ({ name }: Named): readonly string[] => [manifestPath(name, '')]

const digestOf = (_: unknown, __: unknown, { digest }: Digested) => ({ 'docker-content-digest': digest })
const known = ({ name, digest }: Digested) => ({ name, digests: digestsOf(digest) })

const manifest = {
  accept,
  limit: manifestLimit,
  about,
  check: checkManifest,
} satisfies Partial<Route<Named, OciOptions>>

/** Old clients look for it, and it says that the type of an answer counts. */
const version = () => ({ 'docker-distribution-api-version': 'registry/2.0' })

/** Bytes that a tag stands for: their digest is what clients ask for next. */
const headers = ({ digests }: Pick<Shown, 'digests'>) => ({
  'docker-content-digest': `sha256:${digests.sha256}`,
})

/** What clients call the registry that they ask by default; it is elsewhere. */
const defaultHost = 'docker.io'

/**
 * `hosts` are those that the registries document for firewalls, or write into their redirects: another one is refused, with how
 * to allow it.
 */
const repos: readonly BuiltIn<OciOptions>[] = [
  {
    name: 'oci',
    mount: '/v2',
    upstreams: ['https://registry-1.docker.io/v2'],
    // https://docs.docker.com/desktop/setup/allow-list/
    hosts: [
      'auth.docker.io',
      'production.cloudflare.docker.com',
      'production.cloudfront.docker.com',
      'docker-images-prod.6aa30f8b08e16409b46e0173d6de2f56.r2.cloudflarestorage.com',
    ],
    also: [`https://${defaultHost}`, 'https://index.docker.io', 'https://registry.hub.docker.com'],
    options: { official: 'library' },
  },
  {
    name: 'ghcr',
    mount: '/v2/ghcr',
    upstreams: ['https://ghcr.io/v2'],
    hosts: ['pkg-containers.githubusercontent.com'],
  },
  {
    name: 'quay',
    mount: '/v2/quay',
    upstreams: ['https://quay.io/v2'],
    // https://access.redhat.com/articles/7001746, and cdn04 to cdn06 since
    hosts: ['cdn*.quay.io', 'quayio-production-s3.s3.amazonaws.com'],
  },
  {
    name: 'k8s',
    mount: '/v2/k8s',
    upstreams: ['https://registry.k8s.io/v2'],
    // https://github.com/kubernetes/registry.k8s.io/blob/main/cmd/archeio/internal/app/buckets.go: each region has a bucket
    hosts: [
      '*-docker.pkg.dev',
      'prod-registry-k8s-io-*.s3.dualstack.*.amazonaws.com',
      '767373bbdcb8270361b96548387bf2a9ad0d48758c35-eu-west-2.s3.dualstack.eu-west-2.amazonaws.com',
      'cdn.registry.k8s.io',
    ],
  },
  {
    name: 'mcr',
    mount: '/v2/mcr',
    upstreams: ['https://mcr.microsoft.com/v2'],
    // https://github.com/microsoft/containerregistry/blob/main/docs/client-firewall-rules.md
    hosts: ['*.data.mcr.microsoft.com'],
  },
  {
    name: 'ecr',
    mount: '/v2/ecr',
    upstreams: ['https://public.ecr.aws/v2'],
    // as the network requirements of EKS Anywhere list them
    hosts: ['d2glxqk2uabbnd.cloudfront.net', 'd5l0dvt14r5h8.cloudfront.net'],
  },
]

export const oci: Ecosystem<OciOptions> = {
  id: 'oci',
  title: 'Container images (OCI)',
  purl: 'oci',
  aliases: ['docker', 'container'],
  repos,
  options: ociOptions,
  routes: [
    route('/', {
      kind: 'made',
      types: [json],
      view: async () => Buffer.from('{}'),
      headers: version,
      // what any web server shows for a folder: clients look at the status alone
      files: () => ['/index.html'],
    }),
    route('/:name+/manifests/:digest', {
      kind: 'artifact',
      where: { name: nameForm, digest: digestForm },
      known,
      ...manifest,
      read: readParts,
      headers: digestOf,
    }),
    route('/:name+/manifests/:attached', {
      kind: 'index',
      where: { name: nameForm, attached: attachedForm },
      known: ({ name }) => ({ name }),
      ...manifest,
      check: checkAttached,
      read: readListed,
      headers,
    }),
    route('/:name+/manifests/:tag', {
      kind: 'index',
      where: { name: nameForm, tag: tagForm },
      known: ({ name, tag }) => ({ name, version: tag }),
      ...manifest,
      // what a tag stands for is pinned: it moves as a whole, when its time has come
      generation: ({ name, tag }) => `${name}:${tag}`,
      dates: ({ name }) => [tagsPath(name)],
      read: readParts,
      headers,
    }),
    route('/:name+/blobs/:digest', {
      kind: 'artifact',
      where: { name: nameForm, digest: digestForm },
      known,
      headers: digestOf,
    }),
    route('/:name+/tags/list', {
      kind: 'index',
      where: { name: nameForm },
      known: ({ name }) => ({ name }),
      upstream: ({ name }) => ({ path: tagsPath(name), query: page }),
      next: (headers, { name }) => nextOf(headers, tagsPath(name)),
      accept: json,
      about,
      read: readTags,
      types: [json],
      shows: ['n', 'last'],
      view: viewTags,
      headers: version,
    }),
    route('/:name+/referrers/:digest', {
      kind: 'index',
      where: { name: nameForm, digest: digestForm },
      known: ({ name }) => ({ name }),
      next: (headers, { name, digest }) => nextOf(headers, `/${name}/referrers/${digest}`),
      accept: indexType,
      // a registry that does not know the question answers in many ways
      absent: [400, 404, 405, 410, 501],
      about,
      read: readReferrers,
      types: [indexType],
      shows: ['artifactType'],
      view: viewReferrers,
      headers: version,
    }),
  ],
  versions: ociVersions,
  name: (text) => text.toLowerCase(),
  want,
  closure,
  setup: (at) => setup(at, isDefault(at.repo) ? defaultHost : undefined),
  refuse,
  mount: (name) => `/v2/${name}`,
  // clients know no other place
  alone: '/v2',
  namespace: { query: 'ns', header: 'oci-namespace' },
  layouts: { 'oci-layout': imageLayout },
}

const isDefault = ({ upstreams }: Repo<OciOptions>): boolean =>
  upstreams.some((one) => repos[0]?.upstreams.includes(one) === true)
