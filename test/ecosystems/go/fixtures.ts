// A small proxy for the suite: a module with two versions, one that it requires, and a checksum database whose tree has a
// full tile and a partial one.

import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { contentsOf, h1, moduleZip } from '../../replica/module-zip.ts'
import { createSumdb, fill, recordOf } from '../../replica/sumdb.ts'
import type { Archive, Fixtures, Source } from '../../suites/ecosystem/fixtures.ts'

const log = createSumdb()
const kit = 'Example.test/Kit'.toLowerCase()
const core = 'example.test/Kit-Core'
const coreEscaped = 'example.test/!kit-!core'

const modOf = (name: string, version: string, requires: string): string =>
  `module ${name} // ${version}\n\ngo 1.21\n${requires}`

interface Release {
  readonly name: string
  readonly escaped: string
  readonly version: string
  readonly mod: string
  readonly id: number
}

function release(name: string, escaped: string, version: string, requires = ''): Release {
  const mod = modOf(name, version, requires)
  const prefix = `${name}@${version}/`
  const zip = h1(prefix, { 'go.mod': mod, 'kit.go': goOf(version) })
  fill(log, 100)
  return { name, escaped, version, mod, id: log.append(recordOf(name, version, zip, h1('', { 'go.mod': mod }))) }
}

const goOf = (version: string): string => `package kit\n\n// As of ${version.replace(/\d/g, 'n')}\n`

const releases: readonly Release[] = [
  release(kit, kit, 'v3.1.60101', `require ${core} v6.1.60404\n`),
  release(kit, kit, 'v4.2.60202+incompatible'),
  release(core, coreEscaped, 'v6.1.60404'),
]

const json = 'application/json'
const text = 'text/plain'
const octets = 'application/octet-stream'

function filesOf({ name, escaped, version, mod }: Release): Readonly<Record<string, Source>> {
  const at = `/${escaped}/@v/${version}`
  return {
    [`${at}.info`]: { body: JSON.stringify({ Version: version, Time: '2025-11-24T09:14:46Z' }), type: json },
    [`${at}.mod`]: { body: mod, type: text },
    [`${at}.zip`]: {
      body: moduleZip(`${name}@${version}/`, { 'go.mod': mod, 'kit.go': goOf(version) }),
      type: 'application/zip',
    },
  }
}

const lookupOf = ({ escaped, version }: Release): string => `/sumdb/${log.name}/lookup/${escaped}@${version}`
const tiles = ['8/0/000', '8/0/001.p/47', '8/1/000.p/1']

async function archive(): Promise<Archive> {
  const list = (name: string): string =>
    releases
      .filter((one) => one.name === name)
      .map((one) => `${one.version}\n`)
      .join('')
  const lookups = releases.map((one, index): [string, Source] => [
    lookupOf(one),
    // heads of their own, as upstreams hand them out
    { body: log.lookup(one.id, log.size - index), type: text },
  ])
  const files: Record<string, Source> = {
    [`/sumdb/${log.name}/latest`]: { body: log.head(), type: text },
    ...Object.fromEntries(lookups),
    [`/${kit}/@v/list`]: { body: `${list(kit)}v0.0.0-20200101000000-abcdefabcdef\n`, type: text },
    [`/${coreEscaped}/@v/list`]: { body: list(core), type: text },
    ...Object.assign({}, ...releases.map(filesOf)),
  }
  for (const tile of tiles) {
    files[`/sumdb/${log.name}/tile/${tile}`] = { body: log.tile(tile) ?? '', type: octets }
  }
  const made = [`/sumdb/${log.name}/supported`, `/${kit}/@latest`, `/${coreEscaped}/@latest`]
  return {
    files,
    requests: [...Object.keys(files), ...made].map((path) => ({ path })),
    routes: Object.fromEntries(
      [...Object.keys(files), ...made, `/${kit}/@upstream`].map((path) => [path, routeOf(path)]),
    ),
    wants: [`${kit}@v3.1.60101`, `${kit}@v4.2.60202+incompatible`],
    options: () => ({ sumdb: { name: log.name, key: log.key } }),
  }
}

function routeOf(path: string): string {
  const [, sumdb] = /^\/sumdb\/[^/]+\/([a-z]+)/.exec(path) ?? []
  if (sumdb === 'supported') return 'made /sumdb/:log/supported'
  if (sumdb === 'latest') return 'index /sumdb/:log/latest'
  if (sumdb === 'lookup') return 'index /sumdb/:log/lookup/:module+@:version'
  if (sumdb === 'tile') return 'artifact /sumdb/:log/tile/:tile+'
  if (path.endsWith('/@latest')) return 'made /:module+/@latest'
  if (path.endsWith('/@upstream')) return 'index /:module+/@upstream'
  if (path.endsWith('/list')) return 'index /:module+/@v/list'
  if (path.endsWith('.info')) return 'index /:module+/@v/:version.info'
  return path.endsWith('.mod') ? 'artifact /:module+/@v/:version.mod' : 'artifact /:module+/@v/:version.zip'
}

const number = fc.nat({ max: 20 })

export const fixtures: Fixtures = {
  archive,
  same: (path, good, bad) => path.endsWith('.zip') && isDeepStrictEqual(contentsOf(bad), contentsOf(good)),
  lines: {
    'golang.org/x/text': { name: 'golang.org/x/text', range: undefined },
    'golang.org/x/text@latest': { name: 'golang.org/x/text', range: undefined },
    'golang.org/x/text@v0.14.0': { range: 'v0.14.0' },
    'golang.org/x/text@v0': { range: 'v0' },
    'golang.org/x/text@>=v0.3.0 <v0.9.0': { range: '>=v0.3.0 <v0.9.0' },
    'github.com/BurntSushi/toml@^v1.2.0': { name: 'github.com/BurntSushi/toml', range: '^v1.2.0' },
    'gopkg.in/yaml.v3@v3.0.1': { name: 'gopkg.in/yaml.v3', range: 'v3.0.1' },
    'toolchain@go1.26.0': { name: 'golang.org/toolchain', options: { toolchain: 'go1.26.0' } },
  },
  garbage: [
    '*',
    '@v1',
    'text',
    'golang.org/x/text@',
    'golang.org/x/text@master',
    'golang.org//x',
    'golang.org/x/..',
    'a.b/c d',
    'toolchain',
    'toolchain@latest',
    'golang.org/x/text@v1.x',
  ],
  versions: [
    'v0.0.0-20190101000000-abcdefabcdef',
    'v0.0.0-20200101000000-abcdefabcdef',
    'v0.1.0',
    'v1.0.0-alpha',
    'v1.0.0-rc.1',
    'v1.0.0',
    'v1.0.1-0.20200101000000-abcdefabcdef',
    'v1.0.1',
    'v1.10.0',
    'v2.0.0+incompatible',
  ],
  version: fc
    .tuple(number, number, number, fc.constantFrom('', '-0', '-beta.2', '-rc', '+incompatible', '-rc+incompatible'))
    .map(([major, minor, patch, rest]) => `v${major}.${minor}.${patch}${rest}`),
}
