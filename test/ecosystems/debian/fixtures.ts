// A small signed archive for the suite: one suite with two packages and the source of one.

import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { formatStanza } from '../../../src/formats/deb822.ts'
import type { Archive, Fixtures, Source } from '../../suites/ecosystem/fixtures.ts'
import { clearSigned, makeKey, releaseText, sha } from './archive.ts'

const suite = '/dists/bookworm'
const list = 'main/binary-amd64/Packages'
const pool = (name: string, version: string): string => `/pool/main/${name[0]}/${name}/${name}_${version}_amd64.deb`
const content = (name: string, version: string): string => `the files of ${name} as of ${version}\n`

const stanza = (name: string, version: string, fields: readonly (readonly [string, string])[] = []): string =>
  formatStanza([
    ['Package', name],
    ['Version', version],
    ['Architecture', 'amd64'],
    ...fields,
    ['Filename', pool(name, version).slice(1)],
    ['Size', String(content(name, version).length)],
    ['SHA256', sha(content(name, version))],
    ['Description', 'a tool\n with more to say of it'],
  ])

const deb = (name: string, version: string): Readonly<Record<string, Source>> => ({
  [pool(name, version)]: { body: content(name, version), type: 'application/vnd.debian.binary-package' },
})

async function archive(): Promise<Archive> {
  const key = await makeKey()
  const packages = [
    stanza('kit', '1.2.70101-1'),
    stanza('kit', '1.3.70202-1', [['Depends', 'bolt (>= 2)']]),
    stanza('bolt', '2.4.70303-1'),
  ].join('\n')
  const compressed = gzipSync(packages)
  const byHash = `${suite}/main/binary-amd64/by-hash/SHA256/${sha(compressed)}`
  const release = releaseText({ [list]: packages, [`${list}.gz`]: compressed })
  const lists: Readonly<Record<string, string>> = {
    [`${suite}/InRelease`]: 'index /:folder+/InRelease',
    [`${suite}/${list}.gz`]: 'index /dists/:below+',
    [byHash]: 'artifact /:folder+/by-hash/:algorithm/:hex',
  }
  const files = { ...deb('kit', '1.2.70101-1'), ...deb('kit', '1.3.70202-1'), ...deb('bolt', '2.4.70303-1') }
  return {
    files: {
      [`${suite}/InRelease`]: { body: await clearSigned(release, key) },
      [`${suite}/${list}.gz`]: { body: compressed, type: 'application/gzip' },
      [byHash]: { body: compressed, type: 'application/gzip' },
      ...files,
    },
    requests: [...Object.keys(lists), ...Object.keys(files)].map((path) => ({ path })),
    routes: {
      ...lists,
      ...Object.fromEntries(Object.keys(files).map((path) => [path, 'artifact /:path+'])),
      [`${suite}/Release`]: 'index /:folder+/Release',
      [`${suite}/Release.gpg`]: 'index /:folder+/Release.gpg',
      [`${suite}/main/source/Sources.xz`]: 'index /dists/:below+',
      [`${suite}/${list}.diff/Index`]: 'index /dists/:of+.diff/Index',
      '/flat/Packages': 'index /:folder+/:file',
      '/Packages.xz': 'index /:file',
      '/project/trace/master': 'live /project/trace/:name+',
    },
    wants: ['kit', 'kit=1.2.70101-1'],
    keyring: { name: 'archive.gpg', bytes: key.public },
    options: () => ({ suites: ['bookworm'] }),
  }
}

const upstreamVersion = fc.stringMatching(/^[0-9][A-Za-z0-9.+~]{0,12}$/)

export const fixtures: Fixtures = {
  archive,
  lines: {
    curl: { name: 'curl', range: undefined },
    'libssl*': { name: 'libssl*' },
    'jq=1.6-2.1': { name: 'jq', range: '1.6-2.1' },
    'jq (>= 1.6)': { name: 'jq', range: '>= 1.6' },
    'curl:arm64': { name: 'curl', options: { architectures: ['arm64'] } },
    'src:hello': { name: 'hello', options: { source: true } },
  },
  garbage: ['=1', 'curl=', 'curl (', 'curl (>= )', 'curl (> 1)', 'curl/bookworm', 'curl:', 'a b', 'src:', 'curl=1 2'],
  versions: ['0~~', '0~', '0', '1.0~rc1', '1.0', '1.0-1~bpo12+1', '1.0-1', '1.0-1+deb12u1', '1.0-2', '1.0-10', '1:0.1'],
  version: fc
    .tuple(fc.constantFrom('', '0:', '1:'), upstreamVersion, fc.constantFrom('', '-1', '-1~bpo12+1', '-0ubuntu1'))
    .map((parts) => parts.join('')),
}
