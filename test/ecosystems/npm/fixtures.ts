// A small registry for the suite: a signed package in a scope with three versions and an attestation, and its dependency.

import { createHash } from 'node:crypto'
import fc from 'fast-check'
import type { Archive, Fixtures, Source } from '../../suites/ecosystem/fixtures.ts'
import { abbreviated, full, makeKey } from './builders.ts'

const tarball = (name: string, version: string): string => `/${name}/-/${name.replace(/^.*\//, '')}-${version}.tgz`
const content = (name: string, version: string): Buffer => Buffer.from(`the files of ${name} as of ${version}\n`)

type Json = Readonly<Record<string, unknown>>

async function archive(upstream: string): Promise<Archive> {
  const key = makeKey('SHA256:suite')

  function manifest(name: string, version: string, more: Json = {}): Json {
    const integrity = `sha512-${createHash('sha512').update(content(name, version)).digest('base64')}`
    const shasum = createHash('sha1').update(content(name, version)).digest('hex')
    const signatures = [key.sign(`${name}@${version}:${integrity}`)]
    const attestations = {
      url: `${upstream}/-/npm/v1/attestations/${name}@${version}`,
      provenance: { predicateType: 'https://slsa.dev/provenance/v1' },
    }
    const address = upstream + tarball(name, version)
    const dist = { integrity, shasum, tarball: address, fileCount: 2, unpackedSize: 99, signatures }
    const { attested = false, ...fields } = more
    return {
      name,
      version,
      description: `what <${name}> does`,
      ...fields,
      dist: attested === true ? { ...dist, attestations } : dist,
    }
  }
  function packument(name: string, manifests: readonly Json[], tags: Json): Source {
    const versions = Object.fromEntries(manifests.map((one) => [one.version, one]))
    const time = Object.fromEntries(manifests.map((one, index) => [one.version, `2024-0${index + 1}-02T03:04:05.678Z`]))
    const document = {
      _id: name,
      name,
      'dist-tags': tags,
      versions,
      time: { created: '2024-01-01T00:00:00.000Z', modified: '2024-09-09T00:00:00.000Z', ...time },
      readme: '# Readme',
    }
    return { body: JSON.stringify(document), type: 'application/json' }
  }
  const file = (name: string, version: string): Readonly<Record<string, Source>> => ({
    [tarball(name, version)]: { body: content(name, version), type: 'application/octet-stream' },
  })

  const dependencies = { bolt: '^2.0.0' }
  const kit = [
    manifest('@acme/kit', '7.1.30101', { dependencies, deprecated: 'too old' }),
    manifest('@acme/kit', '7.2.30202', { dependencies, scripts: { install: 'node build' } }),
    manifest('@acme/kit', '8.0.30303', { dependencies, bin: { kit: 'kit.js' }, attested: true }),
  ]
  const tags = { latest: '8.0.30303', old: '7.2.30202', next: '8.0.30303' }
  return {
    files: {
      '/-/npm/v1/keys': { body: key.document, type: 'application/json' },
      '/@acme/kit': packument('@acme/kit', kit, tags),
      '/bolt': packument('bolt', [manifest('bolt', '2.4.40404')], { latest: '2.4.40404' }),
      '/-/npm/v1/attestations/@acme/kit@8.0.30303': {
        body: '{"attestations":[]}',
        type: 'application/json',
        at: '/-/npm/v1/attestations/@acme%2fkit@8.0.30303',
      },
      ...file('@acme/kit', '7.1.30101'),
      ...file('@acme/kit', '7.2.30202'),
      ...file('@acme/kit', '8.0.30303'),
      ...file('bolt', '2.4.40404'),
    },
    requests: [
      { path: '/-/ping' },
      { path: '/@acme/kit', accept: `${abbreviated}; q=1.0, ${full}; q=0.8, */*` },
      { path: '/@acme/kit' },
      { path: '/@acme/kit/latest' },
      { path: '/@acme/kit/7.2.30202' },
      { path: '/-/package/@acme/kit/dist-tags' },
      { path: '/bolt', accept: abbreviated },
      { path: '/bolt/2.4.40404' },
      { path: '/-/npm/v1/keys' },
      { path: '/-/npm/v1/attestations/@acme/kit@8.0.30303' },
      { path: '/@acme/kit/-/kit-7.1.30101.tgz' },
      { path: '/@acme/kit/-/kit-7.2.30202.tgz' },
      { path: '/@acme/kit/-/kit-8.0.30303.tgz' },
      { path: '/bolt/-/bolt-2.4.40404.tgz' },
    ],
    routes: {
      '/-/ping': 'made /-/ping',
      '/-/npm/v1/keys': 'index /-/npm/v1/keys',
      '/-/npm/v1/attestations/@acme/kit@8.0.30303': 'index /-/npm/v1/attestations/:spec+',
      '/-/package/@acme/kit/dist-tags': 'made /-/package/:name+/dist-tags',
      '/-/v1/search': 'live /-/v1/search',
      '/-/npm/v1/security/advisories/bulk': 'live /-/npm/v1/security/advisories/bulk',
      '/@acme/kit': 'index /:name+',
      '/bolt': 'index /:name+',
      '/@acme/kit/latest': 'made /:name+/:version',
      '/@acme/kit/7.2.30202': 'made /:name+/:version',
      '/bolt/2.4.40404': 'made /:name+/:version',
      '/@acme/kit/-/kit-7.1.30101.tgz': 'artifact /:name+/-/:file',
      '/@acme/kit/-/kit-7.2.30202.tgz': 'artifact /:name+/-/:file',
      '/@acme/kit/-/kit-8.0.30303.tgz': 'artifact /:name+/-/:file',
      '/bolt/-/bolt-2.4.40404.tgz': 'artifact /:name+/-/:file',
    },
    wants: ['@acme/kit', '@acme/kit@7.2.30202', '@acme/kit@~7.1.0'],
    keyring: { name: 'keys.json', bytes: key.document },
    options: (keyring) => ({ signatures: 'required', keys: keyring }),
  }
}

const number = fc.nat({ max: 20 })

export const fixtures: Fixtures = {
  archive,
  lines: {
    react: { name: 'react', range: undefined },
    'react@^19': { name: 'react', range: '^19' },
    '@types/node@~24': { name: '@types/node', range: '~24' },
    'old-react@npm:react@^18': { name: 'react', range: '^18' },
    'vite@latest': { name: 'vite', range: 'latest' },
    'left-pad@>=1 <2': { name: 'left-pad', range: '>=1 <2' },
  },
  garbage: [
    '*',
    '@',
    '@acme',
    '@acme/',
    'git+ssh://git@example.org/a.git',
    'acme/kit',
    'file:../x',
    './x',
    'a b',
    '.x',
  ],
  versions: [
    '0.0.1',
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-rc.1',
    '1.0.0',
    '1.0.1',
    '1.10.0',
    '2.0.0',
  ],
  version: fc
    .tuple(number, number, number, fc.constantFrom('', '-0', '-beta.2', '-beta.11', '-rc', '+build', '-rc+build'))
    .map(([major, minor, patch, rest]) => `${major}.${minor}.${patch}${rest}`),
}
