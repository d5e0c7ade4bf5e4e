import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Platform, Selector } from '../../../src/contract.ts'
import { closure } from '../../../src/ecosystems/debian/closure.ts'
import type { DebianOptions } from '../../../src/ecosystems/debian/options.ts'
import {
  addSuite,
  binary,
  clearSigned,
  detached,
  type Files,
  lookAt,
  makeKey,
  releaseText,
  selector,
  source,
} from './archive.ts'

const key = await makeKey()
const amd64 = 'main/binary-amd64/Packages'

interface Setting {
  readonly options?: Partial<DebianOptions>
  readonly platforms?: readonly Platform[]
}

async function sync(files: Files, wants: readonly Selector[], setting: Setting = {}) {
  const { look, lacking } = lookAt(files, setting.options, setting.platforms)
  const paths = (await Array.fromAsync(closure(wants, look))).map(({ path }) => path)
  return {
    paths,
    lacking,
    pool: paths
      .filter((path) => path.startsWith('/pool/'))
      .map((path) => path.slice(path.lastIndexOf('/') + 1))
      .sort(),
  }
}

async function archive(lists: Readonly<Record<string, readonly string[]>>, folder = '/dists/stable'): Promise<Files> {
  const files: Files = new Map()
  await addSuite(files, folder, lists, key)
  return files
}

test('holds the root, the index by name and by hash, the descriptions, then the packages', async () => {
  const files = await archive({
    [amd64]: [binary('a', '1', { Depends: 'b' }), binary('b', '1')],
    'main/i18n/Translation-en': [],
  })
  const { paths } = await sync(files, [selector('a')])
  assert.deepEqual(
    paths.map((path) => path.replace(/[0-9a-f]{64}$/, 'HASH')),
    [
      '/dists/stable/InRelease',
      '/dists/stable/main/binary-amd64/Packages.gz',
      '/dists/stable/main/binary-amd64/by-hash/SHA256/HASH',
      '/dists/stable/main/i18n/Translation-en.gz',
      '/dists/stable/main/i18n/by-hash/SHA256/HASH',
      '/pool/main/a/a/a_1_amd64.deb',
      '/pool/main/b/b/b_1_amd64.deb',
    ],
  )
})

test('falls back to Release and its signature where there is no InRelease', async () => {
  const files = await archive({ [amd64]: [binary('a', '1')] })
  const packages = files.get(`/dists/stable/${amd64}.gz`) ?? Buffer.alloc(0)
  const text = releaseText({ [`${amd64}.gz`]: packages })
  files.delete('/dists/stable/InRelease')
  files.set('/dists/stable/Release', Buffer.from(text))
  files.set('/dists/stable/Release.gpg', await detached(text, key))
  const { paths } = await sync(files, [selector('a')])
  assert.deepEqual(paths.slice(0, 2), ['/dists/stable/Release', '/dists/stable/Release.gpg'])
  assert.ok(paths.includes('/pool/main/a/a/a_1_amd64.deb'))
})

test('a whole root is every file of its indexes', async () => {
  const files = await archive({
    [amd64]: [binary('a', '1'), binary('a', '2'), binary('b', '1', { Depends: 'missing' })],
  })
  const { pool, lacking } = await sync(files, [selector('*')])
  assert.deepEqual(pool, ['a_1_amd64.deb', 'a_2_amd64.deb', 'b_1_amd64.deb'])
  assert.deepEqual(lacking, [])
})

test('a root filtered by packages is those and what they need', async () => {
  const files = await archive({ [amd64]: [binary('a', '1', { Depends: 'b' }), binary('b', '1'), binary('c', '1')] })
  const { pool } = await sync(files, [selector('*', { options: { packages: ['a'] } })])
  assert.deepEqual(pool, ['a_1_amd64.deb', 'b_1_amd64.deb'])
})

test('suites of one machine are one universe; the highest version wins', async () => {
  const files = await archive({ [amd64]: [binary('a', '1', { Depends: 'b' }), binary('b', '1')] })
  await addSuite(files, '/dists/stable-updates', { [amd64]: [binary('a', '1.1', { Depends: 'b' })] }, key)
  const { pool, lacking } = await sync(files, [selector('a')], { options: { suites: ['stable', 'stable-updates'] } })
  assert.deepEqual(pool, ['a_1.1_amd64.deb', 'b_1_amd64.deb'])
  assert.deepEqual(lacking, [])
})

test('suites of different machines that share a pool are resolved apart', async () => {
  const files = await archive({ [amd64]: [binary('a', '1'), binary('shared', '1')] })
  await addSuite(files, '/dists/testing', { [amd64]: [binary('a', '2'), binary('shared', '1')] }, key)
  const { pool } = await sync(files, [selector('a'), selector('shared')], {
    options: { suites: ['stable', 'testing'] },
  })
  assert.deepEqual(pool, ['a_1_amd64.deb', 'a_2_amd64.deb', 'shared_1_amd64.deb'])
})

test('a suite that is not automatic only fills gaps', async () => {
  const files = await archive({ [amd64]: [binary('a', '1')] })
  const backports = { [amd64]: [binary('a', '2'), binary('only', '1', { Depends: 'a' })] }
  await addSuite(files, '/dists/stable-backports', backports, key, { NotAutomatic: 'yes' })
  const { pool } = await sync(files, [selector('a'), selector('only')], {
    options: { suites: ['stable', 'stable-backports'] },
  })
  assert.deepEqual(pool, ['a_1_amd64.deb', 'only_1_amd64.deb'])
})

test('architectures come from the want, the platforms, else amd64', async () => {
  const files = await archive({
    [amd64]: [binary('a', '1')],
    'main/binary-arm64/Packages': [binary('a', '1', { Architecture: 'arm64' })],
  })
  assert.deepEqual((await sync(files, [selector('a')])).pool, ['a_1_amd64.deb'])
  const platforms = [
    { os: 'linux', cpu: 'arm64' },
    { os: 'darwin', cpu: 'x64' },
  ]
  assert.deepEqual((await sync(files, [selector('a')], { platforms })).pool, ['a_1_arm64.deb'])
  const both = selector('a', { options: { architectures: ['amd64', 'arm64'] } })
  assert.deepEqual((await sync(files, [both], { platforms })).pool, ['a_1_amd64.deb', 'a_1_arm64.deb'])
})

test('an index of their own for packages of every architecture is read when the suite says so', async () => {
  const files: Files = new Map()
  const lists = {
    [amd64]: [binary('a', '1', { Depends: 'data' })],
    'main/binary-all/Packages': [binary('data', '1', { Architecture: 'all' })],
  }
  await addSuite(files, '/dists/stable', lists, key, { 'No-Support-for-Architecture-all': 'Contents' })
  assert.deepEqual((await sync(files, [selector('a')])).pool, ['a_1_amd64.deb', 'data_1_all.deb'])
})

test('a component that the suite spells with a folder is found', async () => {
  const files: Files = new Map()
  await addSuite(files, '/dists/stable', { [amd64]: [binary('a', '1')] }, key, { Components: 'updates/main' })
  const { pool } = await sync(files, [selector('a', { options: { components: ['updates/main'] } })])
  assert.deepEqual(pool, ['a_1_amd64.deb'])
})

test('a flat repository has its packages beside its root', async () => {
  const files: Files = new Map()
  await addSuite(files, '', { Packages: [binary('a', '1', { Depends: 'b' }), binary('b', '1')] }, key)
  const { paths, lacking } = await sync(files, [selector('a')], { options: { suites: ['./'] } })
  assert.equal(paths[0], '/InRelease')
  assert.equal(paths[1], '/Packages.gz')
  assert.equal(paths.length, 5)
  assert.deepEqual(lacking, [])
})

test('essential packages by choice', async () => {
  const files = await archive({
    [amd64]: [
      binary('a', '1'),
      binary('dpkg', '1', { Essential: 'yes' }),
      binary('tzdata', '1', { Priority: 'required' }),
    ],
  })
  const { pool } = await sync(files, [selector('a', { options: { essential: true } })])
  assert.deepEqual(pool, ['a_1_amd64.deb', 'dpkg_1_amd64.deb', 'tzdata_1_amd64.deb'])
})

const sourced = {
  [amd64]: [binary('a', '1+b1', { Source: 'asrc (1)' })],
  'main/source/Sources': [
    source('asrc', '1', ['asrc_1.dsc', 'asrc_1.tar.gz']),
    source('asrc', '2', ['asrc_2.dsc', 'asrc_2.tar.gz']),
  ],
}

test('a source package is its files', async () => {
  const { pool, paths } = await sync(await archive(sourced), [selector('asrc', { options: { source: true } })])
  assert.deepEqual(pool, ['asrc_2.dsc', 'asrc_2.tar.gz'])
  assert.ok(!paths.includes(`/dists/stable/${amd64}.gz`))
})

test('the sources of packages by choice, of the very version they were built from', async () => {
  const { pool, lacking } = await sync(await archive(sourced), [selector('a', { options: { sources: true } })])
  assert.deepEqual(pool, ['a_1+b1_amd64.deb', 'asrc_1.dsc', 'asrc_1.tar.gz'])
  assert.deepEqual(lacking, [])
})

test('a file that two source packages share is held for either', async () => {
  const lists = {
    'main/source/Sources': [
      source('one', '1', ['one_1.dsc', 'shared.tar.gz']),
      source('one', '2', ['one_2.dsc', 'shared.tar.gz']),
    ],
  }
  const { pool } = await sync(await archive(lists), [selector('one', { options: { source: true } })])
  assert.deepEqual(pool, ['one_2.dsc', 'shared.tar.gz'])
})

test('lists of files and other indexes by choice', async () => {
  const lists = {
    [amd64]: [],
    'main/Contents-amd64': ['x'],
    'main/dep11/Components-amd64.yml': ['x'],
    'main/cnf/Commands-amd64': ['x'],
  }
  const chosen = { contents: true, dep11: true, commands: true }
  const plain = (paths: readonly string[]) => paths.filter((path) => path.endsWith('.gz'))
  assert.deepEqual(plain((await sync(await archive(lists), [selector('*', { options: chosen })])).paths), [
    '/dists/stable/main/binary-amd64/Packages.gz',
    '/dists/stable/main/Contents-amd64.gz',
    '/dists/stable/main/dep11/Components-amd64.yml.gz',
    '/dists/stable/main/cnf/Commands-amd64.gz',
  ])
})

test('a suite, a component or an architecture that is not there is told', async () => {
  const files = await archive({ [amd64]: [binary('a', '1')] })
  const options = { suites: ['stable', 'nowhere'], components: ['main', 'games'] }
  const { lacking } = await sync(files, [selector('a')], { options })
  assert.deepEqual(lacking, [
    'a: stable has no games/binary-amd64/Packages',
    'a: debian has no suite nowhere',
    'a: no a for amd64',
  ])
})

test('packages of a suite that is not wanted do not count, though they are held', async () => {
  const files = await archive({ [amd64]: [binary('a', '1')] })
  await addSuite(files, '/dists/testing', { [amd64]: [binary('a', '2')] }, key)
  const { look } = lookAt(files)
  for await (const _ of look.entries(`/dists/testing/${amd64}.gz`));
  const paths = (await Array.fromAsync(closure([selector('a')], look))).map(({ path }) => path)
  assert.ok(paths.includes('/pool/main/a/a/a_1_amd64.deb'))
  assert.ok(!paths.includes('/pool/main/a/a/a_2_amd64.deb'))
})

for (const [what, want] of [
  ['an option that is none', selector('a', { options: { suite: ['x'] } })],
  ['a kind of dependency that is none', selector('a', { follow: ['breaks'] })],
  ['a range that is none', selector('a', { range: '< 2' })],
] as const) {
  test(`refuses ${what}, naming the file`, async () => {
    const files = await archive({ [amd64]: [binary('a', '1')] })
    await assert.rejects(sync(files, [want]), (error: { code: string; facts: { file: string } }) => {
      assert.equal(error.code, 'CONFIG')
      assert.equal(error.facts.file, 'test')
      return true
    })
  })
}

test('a root whose text is no Release is refused', async () => {
  const files: Files = new Map([['/dists/stable/InRelease', await clearSigned('nonsense\n', key)]])
  await assert.rejects(sync(files, [selector('a')]), { code: 'UNREADABLE' })
})
