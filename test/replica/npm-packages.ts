// The packages of the npm replica: tiny, but with everything that real ones do to a mirror: a chain of dependencies, a
// scope, binaries by platform, an install script, a peer, deprecation, prereleases, tags, and a tarball at an odd place.

import type { Files } from './tarball.ts'

export interface PackageVersion {
  readonly version: string
  /** Members of package.json beside name and version. */
  readonly manifest?: Readonly<Record<string, unknown>>
  readonly files?: Files
  /** Path of the tarball, when it is not the usual one. */
  readonly tarball?: string
  readonly published: string
}

export interface Package {
  readonly name: string
  readonly tags: Readonly<Record<string, string>>
  readonly versions: readonly PackageVersion[]
}

const says = (expression: string): Files => ({ 'index.js': `module.exports = ${expression}\n` })
const platforms = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'win32-x64']

export const packages: readonly Package[] = [
  {
    name: 'kettle',
    tags: { latest: '1.1.0', next: '2.0.0-beta.1', old: '1.0.0' },
    versions: [
      {
        version: '1.0.0',
        published: '2024-01-10T08:00:00.000Z',
        manifest: { dependencies: { spout: '^1.0.0' }, deprecated: 'pours badly' },
        files: says("'kettle 1.0.0'"),
      },
      {
        version: '1.1.0',
        published: '2024-03-10T08:00:00.000Z',
        manifest: { dependencies: { spout: '^1.0.0' }, license: 'MIT', engines: { node: '>=6' } },
        files: says("'kettle 1.1.0 > ' + require('spout')"),
      },
      { version: '2.0.0-beta.1', published: '2024-09-10T08:00:00.000Z', files: says("'kettle 2'") },
    ],
  },
  {
    name: 'spout',
    tags: { latest: '2.0.0' },
    versions: [
      {
        version: '1.0.3',
        published: '2024-01-05T08:00:00.000Z',
        manifest: { dependencies: { water: '~0.4.0' } },
        files: says("'spout 1.0.3 > ' + require('water')"),
      },
      { version: '2.0.0', published: '2024-05-05T08:00:00.000Z', files: says("'spout 2'") },
    ],
  },
  {
    name: 'water',
    tags: { latest: '0.4.2' },
    versions: [
      { version: '0.3.0', published: '2016-02-01T00:00:00.000Z', files: says("'water 0.3.0'") },
      {
        version: '0.4.2',
        published: '2016-05-01T00:00:00.000Z',
        files: says("'water 0.4.2'"),
        tarball: '/archive/2016/water-0.4.2-final.tgz',
      },
    ],
  },
  {
    name: '@tea/leaf',
    tags: { latest: '1.0.0' },
    versions: [
      {
        version: '1.0.0',
        published: '2024-02-02T02:02:02.020Z',
        manifest: { bin: { leaf: 'cli.js' }, peerDependencies: { kettle: '1' } },
        files: { ...says("'leaf 1.0.0'"), 'cli.js': "#!/usr/bin/env node\nconsole.log('leaf')\n" },
      },
    ],
  },
  {
    name: 'stove',
    tags: { latest: '1.2.0' },
    versions: [
      {
        version: '1.2.0',
        published: '2024-06-01T00:00:00.000Z',
        manifest: { optionalDependencies: Object.fromEntries(platforms.map((each) => [`stove-${each}`, '1.2.0'])) },
        files: says("'stove > ' + require('stove-' + process.platform + '-' + process.arch)"),
      },
    ],
  },
  ...platforms.map((platform) => ({
    name: `stove-${platform}`,
    tags: { latest: '1.2.0' },
    versions: [
      {
        version: '1.2.0',
        published: '2024-06-01T00:00:00.000Z',
        manifest: { os: platform.split('-').slice(0, 1), cpu: platform.split('-').slice(1) },
        files: says(`'stove for ${platform}'`),
      },
    ],
  })),
  {
    name: 'whistle',
    tags: { latest: '1.0.0' },
    versions: [
      {
        version: '1.0.0',
        published: '2024-07-01T00:00:00.000Z',
        manifest: { hasInstallScript: true, scripts: { install: 'node install.js' } },
        files: { ...says("'whistle 1.0.0'"), 'install.js': "require('fs').writeFileSync('installed.txt', 'yes')\n" },
      },
    ],
  },
  // Yarn berry asks for it beside every package with an install script.
  {
    name: 'node-gyp',
    tags: { latest: '1.0.0' },
    versions: [
      {
        version: '1.0.0',
        published: '2024-07-01T00:00:00.000Z',
        manifest: { bin: 'cli.js' },
        files: { 'cli.js': '#!/usr/bin/env node\n' },
      },
    ],
  },
]

/** What a project wants, and what its program prints once that is installed on this machine. */
export const wanted: Readonly<Record<string, string>> = {
  kettle: '^1.0.0',
  '@tea/leaf': '1',
  stove: '^1.2.0',
  whistle: '*',
}
export const program = `console.log([${Object.keys(wanted)
  .map((name) => `require('${name}')`)
  .join(', ')}].join('; '))\n`
export const printed = (platform: string): string =>
  `kettle 1.1.0 > spout 1.0.3 > water 0.4.2; leaf 1.0.0; stove > stove for ${platform}; whistle 1.0.0`
