// A small registry for the suite: a crate with three versions, one of them yanked, and the crate it depends on. The crate
// files are elsewhere, as config.json says.

import fc from 'fast-check'
import type { Archive, Fixtures, Source } from '../../suites/ecosystem/fixtures.ts'
import { checksum, crate, dep } from './builders.ts'

const content = (name: string, version: string): string => `the files of ${name} as of ${version}\n`

const line = (name: string, version: string, more: Readonly<Record<string, unknown>> = {}): string =>
  `${crate(`${name} ${version}`, { cksum: checksum(content(name, version)), ...more })}\n`

const file = (name: string, version: string): Readonly<Record<string, Source>> => ({
  [`/crates/${name}/${name}-${version}.crate`]: {
    body: content(name, version),
    type: 'application/gzip',
    at: `/files/${name}/${version}/download`,
  },
})

async function archive(upstream: string): Promise<Archive> {
  const deps = [dep('kit-core ^6.0.0')]
  const index = (...lines: readonly string[]): Source => ({ body: lines.join(''), type: 'text/plain' })
  const pubtime = '2025-11-24T09:14:46Z'
  return {
    files: {
      '/config.json': {
        body: JSON.stringify({ dl: `${upstream}/files`, api: upstream }),
        type: 'application/json',
      },
      '/3/k/kit': index(
        line('kit', '3.1.60101', { deps, pubtime }),
        line('kit', '4.2.60202', { deps, yanked: true, pubtime }),
        line('kit', '5.0.60303', { deps, features2: { serde: ['dep:kit-core'] }, v: 2 }),
      ),
      '/ki/t-/kit-core': index(line('kit-core', '6.1.60404')),
      ...file('kit', '3.1.60101'),
      ...file('kit', '4.2.60202'),
      ...file('kit', '5.0.60303'),
      ...file('kit-core', '6.1.60404'),
    },
    requests: [
      { path: '/config.json' },
      { path: '/3/k/kit' },
      { path: '/ki/t-/kit-core' },
      { path: '/crates/kit/kit-3.1.60101.crate' },
      { path: '/crates/kit/kit-4.2.60202.crate' },
      { path: '/crates/kit/kit-5.0.60303.crate' },
      { path: '/crates/kit-core/kit-core-6.1.60404.crate' },
    ],
    routes: {
      '/config.json': 'index /config.json',
      '/1/k': 'index /1/:name',
      '/2/ki': 'index /2/:name',
      '/3/k/kit': 'index /3/:first/:name',
      '/ki/t-/kit-core': 'index /:first/:second/:name',
      '/crates/kit/kit-3.1.60101.crate': 'artifact /crates/:crate/:file',
      '/crates/kit/kit-4.2.60202.crate': 'artifact /crates/:crate/:file',
      '/crates/kit/kit-5.0.60303.crate': 'artifact /crates/:crate/:file',
      '/crates/kit-core/kit-core-6.1.60404.crate': 'artifact /crates/:crate/:file',
      '/api/v1/crates': 'live /api/v1/crates',
    },
    wants: ['kit@5', 'kit@=4.2.60202', 'kit@3'],
  }
}

const number = fc.nat({ max: 20 })

export const fixtures: Fixtures = {
  archive,
  lines: {
    serde: { name: 'serde', range: undefined },
    'serde@1 +derive,+rc': {
      range: '1',
      options: { features: ['derive', 'rc'], default_features: true, all_features: false },
    },
    'tokio@>=1.40, <1.60 -default +rt': {
      range: '>=1.40, <1.60',
      options: { features: ['rt'], default_features: false, all_features: false },
    },
    'image@0.25 +*': { options: { features: [], default_features: true, all_features: true } },
    'Inflector@=0.11.4': { name: 'inflector', range: '=0.11.4' },
  },
  garbage: [
    '*',
    '@1',
    'serde@',
    'serde@^',
    'serde@1 || 2',
    'serde@one',
    'serde/derive',
    'a b',
    'serde@1 +',
    'serde@1 +a+b',
  ],
  versions: ['0.0.1', '1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-rc.1', '1.0.0', '1.0.0+a', '1.0.1', '1.10.0', '2.0.0'],
  version: fc
    .tuple(number, number, number, fc.constantFrom('', '-0', '-beta.2', '-beta.11', '-rc', '+build', '-rc+build'))
    .map(([major, minor, patch, rest]) => `${major}.${minor}.${patch}${rest}`),
}
