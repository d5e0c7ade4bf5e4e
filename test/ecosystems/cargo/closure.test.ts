import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Platform, Selector } from '../../../src/contract.ts'
import { closure } from '../../../src/ecosystems/cargo/closure.ts'
import { want } from '../../../src/ecosystems/cargo/want.ts'
import { checksum, crate, dep, gather, look, repo } from './builders.ts'

type Ask = string | (Partial<Selector> & { name: string })
const selector = (ask: Ask): Selector => ({
  ...(typeof ask === 'string' ? want(ask, repo()) : ask),
  from: { file: 'm.yaml' },
})

/** The crates and index files held for these wants, and what was lacking. */
async function hold(lines: readonly string[], asks: readonly Ask[], platforms: readonly Platform[] = []) {
  const looked = look(lines, platforms)
  const entries = await gather(closure(asks.map(selector), looked.look))
  return {
    paths: entries.map(({ path }) => path),
    crates: entries.flatMap(({ name, version }) => (version === undefined ? [] : [`${name} ${version}`])),
    lacking: looked.lacking,
    asked: looked.asked,
  }
}

test('documents come first, then what they name', async () => {
  const { paths } = await hold([crate('log 1.0.0')], ['log'])
  assert.deepEqual(paths, ['/config.json', '/3/l/log', '/crates/log/log-1.0.0.crate'])
})

test('nothing wanted, nothing held', async () => {
  assert.deepEqual((await hold([], [])).paths, [])
})

test('dependencies are followed to the highest version that satisfies', async () => {
  const lines = [
    crate('app 1.0.0', { deps: [dep('lib ^1.1')] }),
    ...['1.0.0', '1.2.0', '1.3.0', '2.0.0'].map((each) => crate(`lib ${each}`)),
  ]
  assert.deepEqual((await hold(lines, ['app'])).crates, ['app 1.0.0', 'lib 1.3.0'])
})

test('yanked versions, and lines of a later schema, are passed over', async () => {
  const lines = [crate('log 1.0.0'), crate('log 1.1.0', { yanked: true }), crate('log 1.2.0', { v: 3 })]
  assert.deepEqual((await hold(lines, ['log'])).crates, ['log 1.0.0'])
})

test('a yanked version is held when a lockfile names it', async () => {
  const lines = [crate('log 1.0.0', { yanked: true }), crate('log 1.1.0')]
  assert.deepEqual((await hold(lines, ['log@=1.0.0'])).crates, ['log 1.0.0'])
  const locked = { name: 'log', digests: [{ sha256: checksum('log 1.0.0') }] }
  assert.deepEqual((await hold(lines, [locked])).crates, ['log 1.0.0'])
})

test('one version serves all in a compatible range, others stand beside it', async () => {
  const lines = [
    crate('app 1.0.0', { deps: [dep('a ^1'), dep('b ^1'), dep('lib =1.1.0')] }),
    crate('a 1.0.0', { deps: [dep('lib ^1')] }),
    crate('b 1.0.0', { deps: [dep('lib >=1')] }),
    ...['1.1.0', '1.2.0', '2.0.0'].map((each) => crate(`lib ${each}`)),
  ]
  assert.deepEqual((await hold(lines, ['app'])).crates, ['app 1.0.0', 'a 1.0.0', 'b 1.0.0', 'lib 1.1.0', 'lib 2.0.0'])
})

test('where no one version serves all, each gets its own', async () => {
  const lines = [
    crate('app 1.0.0', { deps: [dep('lib ^1'), dep('a ^1')] }),
    crate('a 1.0.0', { deps: [dep('lib =1.1.0')] }),
    ...['1.1.0', '1.2.0'].map((each) => crate(`lib ${each}`)),
  ]
  assert.deepEqual((await hold(lines, ['app'])).crates, ['app 1.0.0', 'lib 1.2.0', 'a 1.0.0', 'lib 1.1.0'])
})

test('only one version links a native library, if one can', async () => {
  const lines = [
    crate('app 1.0.0', { deps: [dep('sys ^0.1'), dep('a ^1')] }),
    crate('a 1.0.0', { deps: [dep('sys >=0.1, <0.3')] }),
    crate('sys 0.1.0', { links: 'z' }),
    crate('sys 0.2.0', { links: 'z' }),
  ]
  assert.deepEqual((await hold(lines, ['app'])).crates, ['app 1.0.0', 'sys 0.1.0', 'a 1.0.0'])
})

test('development dependencies are followed by choice, of the roots alone', async () => {
  const lines = [
    crate('app 1.0.0', { deps: [dep('test ^1', { kind: 'dev' }), dep('gen ^1', { kind: 'build' })] }),
    crate('test 1.0.0', { deps: [dep('deep ^1', { kind: 'dev' })] }),
    crate('gen 1.0.0'),
    crate('deep 1.0.0'),
  ]
  assert.deepEqual((await hold(lines, ['app'])).crates, ['app 1.0.0', 'gen 1.0.0'])
  assert.deepEqual((await hold(lines, [{ name: 'app', follow: ['normal', 'dev'] }])).crates, [
    'app 1.0.0',
    'test 1.0.0',
  ])
  assert.deepEqual((await hold(lines, [{ name: 'app', follow: [] }])).crates, ['app 1.0.0'])
})

const optional = [
  crate('app 1.0.0', {
    deps: [dep('lib ^1', { default_features: false }), dep('extra ^1', { optional: true })],
    features: { default: [], rich: ['dep:extra', 'lib/fast'] },
  }),
  crate('lib 1.0.0', {
    deps: [dep('simd ^1', { optional: true })],
    features: { fast: ['simd'], default: ['slow'], slow: [] },
  }),
  crate('extra 1.0.0'),
  crate('simd 1.0.0'),
]

test('features reach through to optional dependencies', async () => {
  assert.deepEqual((await hold(optional, ['app'])).crates, ['app 1.0.0', 'lib 1.0.0'])
  const rich = ['app 1.0.0', 'lib 1.0.0', 'extra 1.0.0', 'simd 1.0.0']
  assert.deepEqual((await hold(optional, ['app +rich'])).crates, rich)
  assert.deepEqual((await hold(optional, ['app +*'])).crates, rich)
})

test('a feature asked for later is followed, too', async () => {
  const lines = [
    ...optional,
    crate('late 1.0.0', { deps: [dep('mid ^1')] }),
    crate('mid 1.0.0', { deps: [dep('lib ^1', { features: ['fast'] })] }),
  ]
  assert.ok((await hold(lines, ['app', 'late'])).crates.includes('simd 1.0.0'))
})

test('a misspelt feature of a want is said', async () => {
  assert.deepEqual((await hold(optional, ['app +rihc'])).lacking, ['app: app 1.0.0 has no feature "rihc"'])
})

test('a renamed package is looked for under its real name', async () => {
  const lines = [crate('app 1.0.0', { deps: [dep('alias ^1', { package: 'Real' })] }), crate('Real 1.0.0')]
  assert.deepEqual((await hold(lines, ['app'])).paths.slice(-2), ['/re/al/real', '/crates/Real/Real-1.0.0.crate'])
})

test('a dependency of another registry is lacking, one of this registry by address is not', async () => {
  const lines = [
    crate('app 1.0.0', {
      deps: [
        dep('away ^1', { registry: 'https://elsewhere.example.org/index' }),
        dep('home ^1', { registry: 'sparse+https://registry.example.org/' }),
      ],
    }),
    crate('home 1.0.0'),
  ]
  const { crates, lacking } = await hold(lines, ['app'])
  assert.deepEqual(crates, ['app 1.0.0', 'home 1.0.0'])
  assert.deepEqual(lacking, ['away: it is in another registry: https://elsewhere.example.org/index'])
})

const targets = [
  crate('app 1.0.0', { deps: [dep('win ^1', { target: 'cfg(windows)' }), dep('shared ^1')] }),
  crate('win 1.0.0', { deps: [dep('deep ^1'), dep('shared ^2')] }),
  crate('deep 1.0.0'),
  crate('shared 1.0.0'),
  crate('shared 2.0.0'),
]

test('without platforms all targets are held', async () => {
  assert.equal((await hold(targets, ['app'])).crates.length, 5)
})

test('of other platforms’ crates the index is held, since Cargo resolves for all', async () => {
  const { paths, crates } = await hold(targets, ['app'], [{ os: 'linux' }])
  for (const index of ['/3/w/win', '/de/ep/deep']) assert.ok(paths.includes(index), index)
  assert.ok(!crates.includes('win 1.0.0') && !crates.includes('deep 1.0.0'))
})

test('of a crate that is held, other platforms’ versions are held as well: they would be shown as yanked', async () => {
  const { crates } = await hold(targets, ['app'], [{ os: 'linux' }])
  assert.deepEqual(crates, ['app 1.0.0', 'shared 1.0.0', 'shared 2.0.0'])
})

test('as many versions as are to be kept, each with what it needs', async () => {
  const lines = [
    ...['1', '2', '3'].map((minor) => crate(`app 1.${minor}.0`, { deps: [dep(`part${minor} ^1`)] })),
    ...['1', '2', '3'].map((minor) => crate(`part${minor} 1.0.0`)),
  ]
  const { crates } = await hold(lines, [{ name: 'app', range: '1', keep: 2 }, 'app@=1.1.0'])
  assert.deepEqual(crates, ['app 1.3.0', 'app 1.2.0', 'app 1.1.0', 'part3 1.0.0', 'part2 1.0.0', 'part1 1.0.0'])
})

test('what cannot be had is said, and the rest is held', async () => {
  const lines = [
    crate('app 1.0.0', { deps: [dep('gone ^1'), dep('lib ^2'), dep('../x ^1'), dep('odd abc')] }),
    crate('lib 1.0.0'),
    crate('odd 1.0.0'),
  ]
  const { crates, lacking } = await hold(lines, ['app'])
  assert.deepEqual(crates, ['app 1.0.0'])
  assert.deepEqual(lacking, [
    'gone: the registry does not have it, or policy allows no version of it',
    'lib: no allowed version satisfies ^2',
    '../x: no crate can have that name',
    'odd: "abc" is no version requirement',
  ])
})

test('a circle of dependencies ends', async () => {
  const lines = [crate('a 1.0.0', { deps: [dep('b ^1')] }), crate('b 1.0.0', { deps: [dep('a ^1')] })]
  assert.deepEqual((await hold(lines, ['a'])).crates, ['a 1.0.0', 'b 1.0.0'])
})

test('an index is read for its versions and again for the chosen ones, however often it is wanted', async () => {
  const users = Array.from({ length: 30 }, (_, index) => crate(`user${index} 1.0.0`, { deps: [dep('lib ^1')] }))
  const { asked } = await hold(
    [...users, crate('lib 1.0.0')],
    users.map((_, index) => `user${index}`),
  )
  assert.equal(asked.filter((path) => path === '/3/l/lib').length, 2)
})

test('at most sixteen index files are asked for at once', async () => {
  const lines = Array.from({ length: 40 }, (_, index) => crate(`user${index} 1.0.0`))
  const { look: looked } = look(lines)
  let now = 0
  let most = 0
  const counted = {
    ...looked,
    async *entries(path: string) {
      most = Math.max(most, ++now)
      await new Promise((resolve) => setImmediate(resolve))
      yield* looked.entries(path)
      now--
    },
  }
  await gather(
    closure(
      lines.map((_, index) => selector(`user${index}`)),
      counted,
    ),
  )
  assert.equal(most, 16)
})

test('a want that is no requirement is a fault of the manifest', async () => {
  await assert.rejects(hold([crate('log 1.0.0')], [{ name: 'log', range: 'abc' }]), {
    code: 'CONFIG',
    located: /^m\.yaml: /,
  })
})

test('the long form may say latest, and cannot say everything', async () => {
  const lines = [crate('log 1.0.0'), crate('log 1.1.0')]
  assert.deepEqual((await hold(lines, [{ name: 'log', range: 'latest' }])).crates, ['log 1.1.0'])
  assert.deepEqual((await hold(lines, [{ name: '*' }])).lacking, [
    '*: a sparse index has no list of its crates; name them',
  ])
})
