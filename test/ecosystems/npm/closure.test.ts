import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ahead } from '../../../src/ecosystems/npm/ahead.ts'
import { MirrorError } from '../../../src/errors.ts'
import { close, distOf, fixture, packument } from './builders.ts'

const needs = (dependencies: Record<string, string>) => ({ dependencies })
const a = packument(
  'a',
  { '1.0.0': {}, '1.5.0': {}, '2.0.0': {}, '3.0.0-beta': {} },
  { tags: { latest: '2.0.0', next: '3.0.0-beta' } },
)
const versions = async (...args: Parameters<typeof close>) => (await close(...args)).versions

describe('a closure picks', () => {
  const picks = async (want: string, expected: readonly string[], document = a) =>
    assert.deepEqual(
      await versions([want], [document]),
      expected.map((version) => `a@${version}`),
      want,
    )

  it('latest for no range, the highest for a range, the very version for a version or tag', async () => {
    await picks('a', ['2.0.0'])
    await picks('a@*', ['2.0.0'])
    await picks('a@^1', ['1.5.0'])
    await picks('a@^1 || ^2', ['2.0.0'])
    await picks('a@1.0.0', ['1.0.0'])
    await picks('a@=v1.0.0', ['1.0.0'])
    await picks('a@next', ['3.0.0-beta'])
    await picks('a@latest', ['2.0.0'])
  })

  it('latest rather than something higher when both fit', async () => {
    const document = packument('a', { '1.0.0': {}, '1.1.0': {}, '1.2.0': {} }, { tags: { latest: '1.1.0' } })
    await picks('a@^1', ['1.1.0'], document)
    await picks('a@^1.2', ['1.2.0'], document)
  })

  it('prereleases only when the range names one, or nothing else is latest', async () => {
    await picks('a@>=2', ['2.0.0'])
    await picks('a@>=3.0.0-alpha', ['3.0.0-beta'])
    await picks('a', ['1.0.0-b'], packument('a', { '1.0.0-a': {}, '1.0.0-b': {} }, { tags: { latest: '1.0.0-b' } }))
  })

  it('a deprecated version only when no other fits', async () => {
    const document = packument('a', { '1.0.0': {}, '1.1.0': { deprecated: 'no' }, '2.0.0': {} })
    await picks('a@^1', ['1.0.0'], document)
    await picks('a@~1.1', ['1.1.0'], document)
  })

  it('as many of the newest as are to be kept, going down from the first', async () => {
    const kept = (range: string, keep: number) => versions([{ name: 'a', range, keep }], [a])
    assert.deepEqual(await kept('latest', 2), ['a@2.0.0', 'a@1.5.0'])
    assert.deepEqual(await kept('', 9), ['a@2.0.0', 'a@1.5.0', 'a@1.0.0'])
    assert.deepEqual(await kept('^1', 2), ['a@1.5.0', 'a@1.0.0'])
  })

  it('only what policy shows, with the latest that clients are shown', async () => {
    const allows = ({ version }: { version?: string }) => version !== '2.0.0'
    assert.deepEqual(await versions(['a'], [a], { allows }), ['a@1.5.0'])
    assert.deepEqual(await versions(['a@latest'], [a], { allows }), ['a@1.5.0'])
  })
})

describe('a closure follows', () => {
  it('dependencies to any depth, each spec once, in a fixed order', async () => {
    const documents = [
      packument('top', { '1.0.0': needs({ b: '^1', a: '^1' }) }),
      packument('b', { '1.0.0': needs({ a: '^2', top: '*' }) }),
      a,
    ]
    const { versions, lacking } = await close(['top'], documents)
    assert.deepEqual(versions, ['top@1.0.0', 'b@1.0.0', 'a@1.5.0', 'a@2.0.0'])
    assert.deepEqual(lacking, [])
  })

  it('aliases to the package behind them', async () => {
    assert.deepEqual(await versions(['top'], [packument('top', { '1.0.0': needs({ old: 'npm:a@^1' }) }), a]), [
      'top@1.0.0',
      'a@1.5.0',
    ])
    assert.deepEqual(await versions(['old@npm:a@^1'], [a]), ['a@1.5.0'])
  })

  it('peers, but not optional ones, unless the repository skips peers', async () => {
    const top = packument('top', {
      '1.0.0': { peerDependencies: { a: '^1', zod: '*' }, peerDependenciesMeta: { zod: { optional: true } } },
    })
    assert.deepEqual(await close(['top'], [top, a]).then(({ versions, lacking }) => [versions, lacking]), [
      ['top@1.0.0', 'a@1.5.0'],
      [],
    ])
    assert.deepEqual(await versions(['top'], [top, a], { options: { peers: 'skip' } }), ['top@1.0.0'])
  })

  it('what is asked for, and nothing when that is nothing', async () => {
    const top = packument('top', { '1.0.0': { ...needs({ a: '1.0.0' }), peerDependencies: { a: '2.0.0' } } })
    const followed = (follow: string[]) => versions([{ name: 'top', follow }], [top, a])
    assert.deepEqual(await followed([]), ['top@1.0.0'])
    assert.deepEqual(await followed(['peerDependencies']), ['top@1.0.0', 'a@2.0.0'])
    const { error } = await close([{ name: 'top', follow: ['devDeps'] }], [top])
    assert.ok(error instanceof MirrorError && error.code === 'CONFIG' && error.facts.line === 3)
  })

  it('nothing that lies inside the tarball', async () => {
    const top = packument('top', { '1.0.0': { ...needs({ a: '1', inner: '1' }), bundleDependencies: ['inner'] } })
    const all = packument('all', { '1.0.0': { ...needs({ inner: '1' }), bundledDependencies: true } })
    assert.deepEqual(await close(['top', 'all'], [top, all, a]).then(({ lacking }) => lacking), [])
  })

  it('optional dependencies for the platforms that are wanted', async () => {
    const native = (name: string, fields: object) => packument(name, { '1.0.0': fields })
    const documents = [
      packument('top', {
        '1.0.0': {
          optionalDependencies: { linux: '1', mac: '1', musl: '1', notwin: '1', gone: '1' },
          ...needs({ linux: '1' }),
        },
      }),
      native('linux', { os: 'linux', cpu: ['x64'], libc: ['glibc'] }),
      native('mac', { os: ['darwin'] }),
      native('musl', { os: ['linux'], libc: ['musl'] }),
      native('notwin', { os: ['!win32'], ...needs({ a: '1' }) }),
      a,
    ]
    const on = async (...platforms: object[]) => {
      const { versions, lacking } = await close(['top'], documents, { platforms })
      assert.deepEqual(lacking, [])
      return versions.slice(1).map((one) => one.split('@')[0])
    }
    assert.deepEqual(await on(), ['linux', 'mac', 'musl', 'notwin', 'a'])
    assert.deepEqual(await on({ os: 'linux', cpu: 'x64', libc: 'glibc' }), ['linux', 'notwin', 'a'])
    assert.deepEqual(await on({ os: 'linux', cpu: 'amd64' }), ['linux', 'musl', 'notwin', 'a'])
    assert.deepEqual(await on({ os: 'macos', cpu: 'arm64' }, { os: 'windows' }), ['mac', 'notwin', 'a'])
    assert.deepEqual(await on({ os: 'win32' }), [])
  })

  it('a needed dependency whatever the platform: its installation says what is wrong', async () => {
    const documents = [
      packument('top', { '1.0.0': needs({ mac: '1' }) }),
      packument('mac', { '1.0.0': { os: ['darwin'] } }),
    ]
    assert.deepEqual(await versions(['top'], documents, { platforms: [{ os: 'linux' }] }), ['top@1.0.0', 'mac@1.0.0'])
  })

  it('what a lockfile names, where it runs on a wanted machine', async () => {
    const documents = [packument('mac', { '1.0.0': { os: ['darwin'] } })]
    const line = { name: 'mac', range: '=1.0.0', follow: [], options: { fitting: true } }
    const linux = { platforms: [{ os: 'linux' }] }
    assert.deepEqual(await close([line], documents, linux).then(({ versions: got, lacking }) => [got, lacking]), [
      [],
      [],
    ])
    assert.deepEqual(await versions([line, 'mac'], documents, linux), ['mac@1.0.0'])
    assert.deepEqual(await versions([line], documents), ['mac@1.0.0'])
  })

  it('packuments of a level side by side, keys once, attestations of what is picked', async () => {
    const { versions, asked } = await close(['@acme/kit'], [JSON.parse(fixture('kit').toString())])
    assert.deepEqual(versions, ['@acme/kit@2.1.0'])
    assert.deepEqual(asked, [
      ...['/-/npm/v1/keys', '/@acme/kit', '/-/npm/v1/attestations/@acme/kit@2.1.0', '/left-pad', '/fsevents', '/react'],
    ])
    const bare = await close(['@acme/kit'], [], { options: { signatures: 'off', attestations: 'off' } })
    assert.deepEqual(bare.asked, ['/@acme/kit'])
  })
})

describe('a closure lacks', () => {
  const lacking = async (...args: Parameters<typeof close>) => (await close(...args)).lacking

  it('unknown packages, and versions that do not exist, with those that do', async () => {
    assert.deepEqual(await lacking(['zzz', 'a@^9', 'a@beta', 'a@9.9.9'], [a]), [
      'zzz@: there is no such package, or policy allows none of its versions',
      'a@^9: no allowed version is ^9; the newest are 2.0.0, 1.5.0, 1.0.0',
      'a@beta: no allowed version is beta; the newest are 2.0.0, 1.5.0, 1.0.0',
      'a@9.9.9: no allowed version is 9.9.9; the newest are 2.0.0, 1.5.0, 1.0.0',
    ])
  })

  it('what no registry has, said once', async () => {
    const spec = { g: 'github:acme/g', u: 'https://example.net/u.tgz', f: 'file:../f', w: 'workspace:*' }
    const documents = [
      packument('b', { '1.0.0': needs(spec) }),
      packument('c', { '1.0.0': { ...needs({ b: '1' }), optionalDependencies: { o: 'file:o' } } }),
    ]
    const found = await lacking(['b', 'c'], documents)
    assert.deepEqual(
      found.map((text) => text.split(':')[0]),
      ['g@github', 'u@https', 'f@file', 'w@workspace'],
    )
    assert.match(found[0] ?? '', /g@github:acme\/g, which b@1\.0\.0 needs, is a git address/)
  })

  it('packages outside the scopes of its repository, without asking for them', async () => {
    const kit = packument('@acme/kit', { '1.0.0': needs({ a: '1' }) })
    const { lacking, asked } = await close(['@acme/kit'], [kit, a], { options: { scopes: ['@acme'] } })
    assert.deepEqual(lacking, ["a@1: it is outside the repository's scopes @acme"])
    assert.ok(!asked.includes('/a'))
  })

  it('names that no package can have, without asking for them', async () => {
    const top = packument('top', { '1.0.0': needs({ '../../etc': '1', '.hidden': '1' }) })
    const { lacking, asked } = await close(['top'], [top])
    assert.equal(lacking.length, 2)
    assert.deepEqual(asked, ['/-/npm/v1/keys', '/top'])
  })

  it('a range that no registry can answer, in the long form too', async () => {
    const found = await lacking([{ name: 'a', range: 'github:acme/a' }], [a])
    assert.deepEqual(found, ['a@github:acme/a: a@github:acme/a is a git address; a registry mirror cannot hold it'])
  })

  it('a package whose packument fails, and yields the others before it says so', async () => {
    const broken = { '/bad': new MirrorError('UNREADABLE', 'a web page') }
    const top = packument('top', { '1.0.0': needs({ bad: '1', a: '1' }) })
    const { versions, lacking, error } = await close(['top'], [top, a], { broken })
    assert.deepEqual(versions, ['top@1.0.0', 'a@1.5.0'])
    assert.deepEqual(lacking, ['bad@1: its packument cannot be had or is not to be trusted'])
    assert.equal(error, broken['/bad'])
  })

  it('everything that follows the end of the run', async () => {
    const broken = { '/top': new MirrorError('STOPPED', 'stopped') }
    const { versions, error } = await close(['top', 'a'], [a], { broken })
    assert.deepEqual([versions, error], [[], broken['/top']])
  })

  it('a version whose digest is not the lockfile’s', async () => {
    const sha512 = Buffer.from(distOf('a', '1.0.0').integrity.slice(7), 'base64').toString('hex')
    const locked = (digests: Record<string, string>) => close([{ name: 'a', range: '1.0.0', digests: [digests] }], [a])
    assert.deepEqual((await locked({ sha512 })).versions, ['a@1.0.0'])
    assert.deepEqual((await locked({ sha1: 'a'.repeat(40) })).versions, ['a@1.0.0'])
    assert.deepEqual((await locked({ sha512: 'b'.repeat(128) })).lacking, [
      'a@1.0.0: the registry states another digest than the lockfile',
    ])
  })
})

describe('work ahead of its turn', () => {
  it('is done by at most so many at once, and comes in order', async () => {
    let running = 0
    let most = 0
    const work = async (item: number) => {
      running += 1
      most = Math.max(most, running)
      await new Promise((resolve) => setTimeout(resolve, 5 - item))
      running -= 1
      return item * 2
    }
    const results: number[] = []
    for await (const [, result] of ahead([1, 2, 3, 4, 5], 3, work)) results.push(result)
    assert.deepEqual([results, most], [[2, 4, 6, 8, 10], 3])
  })

  it('fails in its turn, not before', async () => {
    const results: string[] = []
    const work = async (item: string) => (item === 'bad' ? Promise.reject(new Error('bad')) : item)
    await assert.rejects(async () => {
      for await (const [, result] of ahead(['one', 'bad', 'two'], 3, work)) results.push(result)
    }, /bad/)
    assert.deepEqual(results, ['one'])
  })
})
