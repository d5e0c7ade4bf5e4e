// A small registry for the suite: a gem with four versions, one of them a pre-release and one for Java alone, and the gem
// that it depends on.

import fc from 'fast-check'
import type { Archive, Fixtures, Source } from '../../suites/ecosystem/fixtures.ts'
import { contentOf, type Gem, infoPage, quick, specs, versionsFile } from './builders.ts'

const deps = ['kit-core >= 6.0&< 7']
const kit: readonly Gem[] = [
  { name: 'kit', version: '3.1.60101', deps, ruby: '>= 2.5', created: '2024-03-01T10:00:00Z' },
  { name: 'kit', version: '4.2.60202.rc1', deps, created: '2024-03-02T10:00:00Z' },
  { name: 'kit', version: '5.0.60303', deps, created: '2024-03-03T10:00:00Z' },
  { name: 'kit', version: '7.3.60505-java', deps, created: '2024-03-04T10:00:00Z' },
]
const core: readonly Gem[] = [{ name: 'kit-core', version: '6.1.60404', created: '2024-03-01T09:00:00Z' }]
const gems = [...kit, ...core]

const text = (body: string): Source => ({ body, type: 'text/plain' })
const octets = (body: string | Uint8Array): Source => ({ body, type: 'application/octet-stream' })
const gemFile = ({ name, version }: Gem): string => `/gems/${name}-${version}.gem`
const specFile = ({ name, version }: Gem): string => `/quick/Marshal.4.8/${name}-${version}.gemspec.rz`

async function archive(): Promise<Archive> {
  const byName = new Map([
    ['kit', kit],
    ['kit-core', core],
  ])
  const released = gems.filter(({ version }) => !version.includes('rc'))
  const lists: Readonly<Record<string, Source>> = {
    '/versions': text(versionsFile(byName, '2024-03-04T10:00:00Z')),
    '/names': text('---\nkit\nkit-core\n'),
    '/specs.4.8.gz': octets(await specs(released)),
    '/latest_specs.4.8.gz': octets(await specs(released.filter(({ version }) => !version.startsWith('3')))),
    '/prerelease_specs.4.8.gz': octets(await specs(gems.filter(({ version }) => version.includes('rc')))),
  }
  const files: Record<string, Source> = {
    '/info/kit': text(infoPage(kit)),
    '/info/kit-core': text(infoPage(core)),
    ...lists,
  }
  for (const gem of gems) {
    files[gemFile(gem)] = octets(contentOf(gem))
    files[specFile(gem)] = octets(quick(gem))
  }
  const routes: Record<string, string> = {
    '/': 'made /',
    '/info/kit': 'index /info/:name',
    '/info/kit-core': 'index /info/:name',
    '/api/v1/versions/kit.json': 'index /api/v1/versions/:name.json',
  }
  for (const path of Object.keys(lists)) routes[path] = `index ${path}`
  for (const gem of gems) {
    routes[gemFile(gem)] = 'artifact /gems/:full.gem'
    routes[specFile(gem)] = 'artifact /quick/Marshal.4.8/:full.gemspec.rz'
  }
  return {
    files,
    routes,
    requests: ['/', ...Object.keys(files)].map((path) => ({ path })),
    wants: ['kit@= 5.0.60303', 'kit@= 4.2.60202.rc1', 'kit@= 3.1.60101', 'kit@= 7.3.60505'],
  }
}

const number = fc.nat({ max: 20 })

export const fixtures: Fixtures = {
  archive,
  lines: {
    rails: { name: 'rails', range: undefined },
    'rails@~> 7.1, != 7.1.2': { name: 'rails', range: '~> 7.1, != 7.1.2' },
    'rack @ 3.0.8': { name: 'rack', range: '3.0.8' },
    'nokogiri@= 1.16.0-x86_64-linux': { name: 'nokogiri', range: '= 1.16.0-x86_64-linux' },
    'RedCloth@latest': { name: 'RedCloth', range: undefined },
    '*': { name: '*' },
  },
  garbage: [
    '@1',
    '*@1',
    'rails@',
    'rails@^1',
    'rails@~> ',
    'rails@1 || 2',
    'rails@1,',
    'rails@one',
    'rails@>= 1-java',
    'rails/engine',
    'a b',
    '..',
  ],
  versions: [
    '0.0.0.1',
    '0.9',
    '1.0.a',
    '1.0.a.2',
    '1.0.a10',
    '1.0.b1',
    '1.0.pre',
    '1.0.rc1',
    '1.0',
    '1.0.0-java',
    '1.0-x86_64-linux',
    '1.0.1',
    '1.0.10.pre',
    '1.0.10',
    '1.1',
    '99999999999999999999.1',
    '99999999999999999999.2',
  ],
  version: fc
    .tuple(
      fc.array(number, { minLength: 1, maxLength: 4 }),
      fc.constantFrom('', '.a', '.rc1', '.b.2', '.pre.0', '.0'),
      fc.constantFrom('', '', '-java', '-x86_64-linux'),
    )
    .map(([numbers, word, platform]) => `${numbers.join('.')}${word}${platform}`),
}
