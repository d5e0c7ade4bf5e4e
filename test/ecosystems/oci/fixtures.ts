// A small registry for the suite: an image for two machines, an older and a newer one for one, and what is signed of it.

import fc from 'fast-check'
import type { Archive, Fixtures, Source } from '../../suites/ecosystem/fixtures.ts'
import { artifact, describe, type Image, image, index, type Made, platform, types } from './builders.ts'

const old = image('the layer of 3.1.60101')
const [x64, arm64] = [image('for x64'), image('for arm64', { architecture: 'arm64' })]
const current = index([describe(x64.manifest, platform('amd64')), describe(arm64.manifest, platform('arm64'))])
const next = image('the layer of 5.0.60303')
const sbom = artifact(current, 'application/spdx+json', { spdxVersion: 'SPDX-2.3' })
const signature = image('signed')

const manifestAt = ({ bytes, type, digest }: Made): Readonly<Record<string, Source>> => ({
  [`/org/kit/manifests/${digest}`]: { body: bytes, type },
})
const blobsOf = ({ blobs }: Image): Readonly<Record<string, Source>> =>
  Object.fromEntries(
    blobs.map(({ bytes, digest }) => [`/org/kit/blobs/${digest}`, { body: bytes, type: 'application/octet-stream' }]),
  )
const tag = (name: string, { bytes, type }: Made): Readonly<Record<string, Source>> => ({
  [`/org/kit/manifests/${name}`]: { body: bytes, type },
})

const attached = `${current.digest.replace(':', '-')}.sig`
const tags = ['3.1.60101', '4.2.60202', '5.0.60303', attached].sort()
const referrersOf = (one: Made): string => `/org/kit/referrers/${one.digest}`
const listing = (...manifests: readonly object[]): Source => ({
  body: index(manifests).bytes,
  type: types.index,
})
const images = [old, x64, arm64, next, sbom, signature]

async function archive(): Promise<Archive> {
  const manifests = [...images.map(({ manifest }) => manifest), current]
  const files: Readonly<Record<string, Source>> = {
    ...Object.assign({}, ...manifests.map(manifestAt)),
    ...Object.assign({}, ...images.map(blobsOf)),
    '/org/kit/tags/list': { body: JSON.stringify({ name: 'org/kit', tags }), type: 'application/json' },
    [referrersOf(current)]: listing(describe(sbom.manifest, { artifactType: 'application/spdx+json' })),
    ...Object.fromEntries(
      manifests.filter((one) => one !== current).map((one) => [referrersOf(one), listing()] as const),
    ),
    ...tag('3.1.60101', old.manifest),
    ...tag('4.2.60202', current),
    ...tag('5.0.60303', next.manifest),
    ...tag(attached, signature.manifest),
  }
  const routeOf = (path: string): string => {
    if (path.includes('/blobs/')) return 'artifact /:name+/blobs/:digest'
    if (path.includes('/referrers/')) return 'index /:name+/referrers/:digest'
    if (path.endsWith('/tags/list')) return 'index /:name+/tags/list'
    if (path.endsWith('.sig')) return 'index /:name+/manifests/:attached'
    return path.includes('/manifests/sha256:') ? 'artifact /:name+/manifests/:digest' : 'index /:name+/manifests/:tag'
  }
  return {
    files,
    requests: [{ path: '/' }, ...Object.keys(files).map((path) => ({ path }))],
    routes: {
      '/': 'made /',
      ...Object.fromEntries(Object.keys(files).map((path) => [path, routeOf(path)] as const)),
      '/kit/manifests/latest': 'index /:name+/manifests/:tag',
      '/a/b/c/d/manifests/1_2.3-x': 'index /:name+/manifests/:tag',
      [`/kit/blobs/sha512:${'ab'.repeat(64)}`]: 'artifact /:name+/blobs/:digest',
      [`/kit/manifests/sha256-${'ab'.repeat(32)}`]: 'index /:name+/manifests/:attached',
    },
    wants: ['org/kit:4.2.60202', 'org/kit:>=3 <4', 'org/kit:5.*'],
  }
}

const number = fc.nat({ max: 20 })
const digest = `sha256:${'0a'.repeat(32)}`

export const fixtures: Fixtures = {
  archive,
  lines: {
    'org/kit': { name: 'org/kit', range: undefined },
    'org/kit:1.4': { name: 'org/kit', range: '1.4' },
    'org/kit:^1.4 || latest': { range: '^1.4 || latest' },
    'org/kit:1.*-alpine !*-rc*': { range: '1.*-alpine !*-rc*' },
    [`org/kit@${digest}`]: { name: 'org/kit', range: digest, digests: undefined },
    [`org/kit:1.4@${digest}`]: { name: 'org/kit', range: '1.4', digests: [{ sha256: '0a'.repeat(32) }] },
  },
  garbage: [
    '*',
    ':1',
    'org/kit:',
    'org/kit:^',
    'org/kit:^1 ||',
    'org/kit:a b/c',
    'Org/Kit',
    'org//kit',
    'org/tags/kit',
    'org/kit@sha256:00',
    `org/kit@${digest.toUpperCase()}`,
    'registry.example.org/org/kit:1',
    'localhost:5000/kit',
  ],
  versions: [
    'edge',
    'latest',
    '0.9',
    '1.0.0-alpine',
    '1.0.0-rc.2',
    '1.0.0-rc.10',
    '1.0.0',
    'v1.0.1',
    '1.2',
    '1.10',
    '3.20-alpine',
    '3.20',
    '20240501',
  ],
  version: fc
    .tuple(
      fc.constantFrom('', 'v'),
      number,
      number,
      fc.constantFrom('', '.0', '.7', '-rc.1', '-alpine', '.1-alpine3.20'),
    )
    .map(([v, major, minor, rest]) => `${v}${major}.${minor}${rest}`),
}
