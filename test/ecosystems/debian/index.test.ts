import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as v from 'valibot'
import { debian } from '../../../src/ecosystems/debian/index.ts'
import { formatStanza } from '../../../src/formats/deb822.ts'
import { docOf, matching, readEntries, repoOf, sha } from './archive.ts'

const hex = 'a'.repeat(64)
const rows: readonly (readonly [
  path: string,
  kind: string,
  generation: string | undefined,
  vouchers: readonly string[] | undefined,
])[] = [
  ['/dists/bookworm/InRelease', 'index', '/dists/bookworm', undefined],
  ['/dists/bookworm/Release', 'index', '/dists/bookworm', undefined],
  ['/dists/bookworm/Release.gpg', 'index', '/dists/bookworm', undefined],
  ['/dists/stretch/updates/InRelease', 'index', '/dists/stretch/updates', undefined],
  [
    '/dists/bookworm/main/binary-amd64/Packages.xz',
    'index',
    '/dists/bookworm',
    ['/dists/bookworm/InRelease', '/dists/bookworm/Release'],
  ],
  [
    '/dists/stretch/updates/main/source/Sources.gz',
    'index',
    '/dists/stretch/updates',
    ['/dists/stretch/updates/InRelease', '/dists/stretch/updates/Release'],
  ],
  [
    '/dists/a/org/7.0/main/binary-amd64/Packages',
    'index',
    '/dists/a/org/7.0',
    ['/dists/a/org/7.0/InRelease', '/dists/a/org/7.0/Release'],
  ],
  [
    '/dists/bookworm/main/binary-amd64/Release',
    'index',
    '/dists/bookworm',
    ['/dists/bookworm/InRelease', '/dists/bookworm/Release'],
  ],
  [
    '/dists/bookworm/main/debian-installer/binary-amd64/Packages.gz',
    'index',
    '/dists/bookworm',
    ['/dists/bookworm/InRelease', '/dists/bookworm/Release'],
  ],
  [
    '/dists/bookworm/main/i18n/Translation-en.bz2',
    'index',
    '/dists/bookworm',
    ['/dists/bookworm/InRelease', '/dists/bookworm/Release'],
  ],
  [
    '/dists/bookworm/main/dep11/icons-64x64.tar.gz',
    'index',
    '/dists/bookworm',
    ['/dists/bookworm/InRelease', '/dists/bookworm/Release'],
  ],
  ['/dists/noble/Contents-amd64.gz', 'index', '/dists/noble', ['/dists/noble/InRelease', '/dists/noble/Release']],
  [
    '/dists/bookworm/main/Contents-amd64.gz',
    'index',
    '/dists/bookworm',
    ['/dists/bookworm/InRelease', '/dists/bookworm/Release'],
  ],
  [
    '/dists/sid/main/binary-amd64/Packages.diff/Index',
    'index',
    '/dists/sid',
    ['/dists/sid/InRelease', '/dists/sid/Release'],
  ],
  [
    '/dists/sid/main/binary-amd64/Packages.diff/T-1.gz',
    'artifact',
    undefined,
    ['/dists/sid/main/binary-amd64/Packages.diff/Index'],
  ],
  [
    `/dists/bookworm/main/binary-amd64/by-hash/SHA256/${hex}`,
    'artifact',
    undefined,
    ['/dists/bookworm/InRelease', '/dists/bookworm/Release'],
  ],
  [`/by-hash/SHA256/${hex}`, 'artifact', undefined, ['/InRelease', '/Release']],
  ['/InRelease', 'index', '/', undefined],
  ['/flat/dir/Release', 'index', '/flat/dir', undefined],
  ['/Packages.gz', 'index', '/', ['/InRelease', '/Release']],
  ['/flat/dir/Packages', 'index', '/flat/dir', ['/flat/dir/InRelease', '/flat/dir/Release']],
  ['/flat/Translation-en', 'index', '/flat', ['/flat/InRelease', '/flat/Release']],
  ['/project/trace/master', 'live', undefined, undefined],
  ['/pool/main/g/g++/g++_1%3a2~b+c_amd64.deb', 'artifact', undefined, []],
  ['/hello_1.deb', 'artifact', undefined, []],
]
for (const [path, kind, generation, vouchers] of rows) {
  test(`${path} is ${kind}`, () => {
    const { route, p } = matching(path)
    assert.equal(route.kind, kind)
    assert.equal(route.generation?.(p), generation)
    assert.deepEqual(route.vouchers?.(p, repoOf()), vouchers)
    assert.equal(route.path(p), path)
  })
}

test('a by-hash path knows its own digest when it is a strong one', () => {
  const known = (algorithm: string, digest: string) => {
    const { route, p } = matching(`/dists/a/main/source/by-hash/${algorithm}/${digest}`)
    return route.known?.(p)
  }
  assert.deepEqual(known('SHA256', hex), { digests: { sha256: hex } })
  assert.deepEqual(known('SHA512', hex.repeat(2)), { digests: { sha512: hex.repeat(2) } })
  assert.deepEqual(known('MD5Sum', 'a'.repeat(32)), {})
})

test('one reading serves the same list under all its names', () => {
  const names = ['Packages.xz', 'Packages', `by-hash/SHA256/${hex}`]
  const reads = new Set(names.map((name) => matching(`/dists/a/main/binary-amd64/${name}`).route.read))
  assert.equal(reads.size, 1)
})

test('an index of patches names them in its own folder', async () => {
  const folder = '/dists/sid/main/binary-amd64/Packages.diff'
  const text = formatStanza([['SHA256-Download', `\n${sha('x')} 1 T-1.gz`]])
  assert.deepEqual(await readEntries(docOf(`${folder}/Index`, text)), [
    { path: `${folder}/T-1.gz`, digests: { sha256: sha('x') }, size: 1 },
  ])
  const evil = formatStanza([['SHA256-Download', `\n${sha('x')} 1 ../x`]])
  await assert.rejects(readEntries(docOf(`${folder}/Index`, evil)), { code: 'UNREADABLE' })
})

test('the built-in repositories have valid options and a keyring', () => {
  assert.deepEqual(
    debian.repos.map(({ name }) => name),
    ['debian', 'debian-security', 'ubuntu', 'ubuntu-ports'],
  )
  for (const { options } of debian.repos) assert.equal(v.parse(debian.options, options).keyrings.length, 1)
})

test('an unknown option is refused', () => {
  assert.equal(v.safeParse(debian.options, { suite: 'bookworm' }).success, false)
})

test('a purl name loses its vendor', () => {
  assert.equal(debian.name('debian/Curl'), 'curl')
})

test('apt is pointed at the mirror with the keyring that upstream signs with', () => {
  const repo = repoOf({ suites: ['bookworm', 'bookworm-updates'], keyrings: ['debian-archive'] })
  const [modern, classic] = debian.setup({ repo, base: 'https://mirror.example.org/debian' })
  assert.equal(
    modern?.files?.[0]?.text,
    'Types: deb\nURIs: https://mirror.example.org/debian\nSuites: bookworm bookworm-updates\nComponents: main\n' +
      'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n',
  )
  assert.equal(
    classic?.files?.[0]?.text.split('\n')[0],
    'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] https://mirror.example.org/debian bookworm main',
  )
})

test('a flat suite is set up without components', () => {
  const [modern, classic] = debian.setup({ repo: repoOf({ suites: ['./'] }), base: 'https://mirror.example.org/flat' })
  assert.doesNotMatch(modern?.files?.[0]?.text ?? '', /Components/)
  assert.match(classic?.files?.[0]?.text ?? '', /flat \.\/$/m)
})
