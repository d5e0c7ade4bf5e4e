import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Entry, Look, Platform, Selector } from '../../../src/contract.ts'
import { closure } from '../../../src/ecosystems/rubygems/closure.ts'
import { readInfo } from '../../../src/ecosystems/rubygems/info.ts'
import { isFor } from '../../../src/ecosystems/rubygems/platforms.ts'
import { type GemOptions, want } from '../../../src/ecosystems/rubygems/want.ts'
import { doc, type Gem, gather, infoPage, repo, sha256 } from './builders.ts'

/** `rails 7.1 : rack >= 2, < 4; rake >= 0` */
function gem(text: string): Gem {
  const [head = '', needs = ''] = text.split(' : ')
  const [name = '', version = '', ruby] = head.trim().split(' ')
  const deps = needs === '' ? [] : needs.split('; ').map((dep) => dep.replaceAll(', ', '&'))
  return { name, version, deps, ...(ruby === undefined ? {} : { ruby: `>= ${ruby}` }) }
}

interface Asked {
  readonly platforms?: readonly Platform[]
  readonly options?: Partial<GemOptions>
  readonly specs?: 'none'
  readonly allows?: (entry: Entry) => boolean
}

async function held(gems: readonly string[], wants: readonly (string | Partial<Selector>)[], asked: Asked = {}) {
  const all = gems.map(gem)
  const lacking: string[] = []
  const look: Look<GemOptions> = {
    repo: repo(asked.options),
    platforms: asked.platforms ?? [],
    async document(path) {
      if (path === '/names') return doc(path, `---\n${[...new Set(all.map(({ name }) => name))].sort().join('\n')}\n`)
      return asked.specs === 'none' ? undefined : doc(path, 'a specification')
    },
    async *entries(path) {
      const name = path.replace('/info/', '')
      const own = all.filter((one) => one.name === name)
      for await (const entry of readInfo(doc(path, infoPage(own)), name)) {
        if (own.length > 0 && asked.allows?.(entry) !== false) yield entry
      }
    },
    async *find() {},
    lacks: (one, reason) => void lacking.push(`${one.name}: ${reason}`),
  }
  const selectors = wants.map((one): Selector => {
    const given = typeof one === 'string' ? want(one, look.repo) : { name: '', ...one }
    return { ...given, from: { file: 'm.yaml', line: 1 } }
  })
  const entries = await gather(closure(selectors, look))
  const files = (folder: string, end: string): readonly string[] =>
    entries.flatMap(({ path }) => (path.startsWith(folder) ? [path.slice(folder.length, -end.length)] : [])).sort()
  return {
    gems: files('/gems/', '.gem'),
    specs: files('/quick/Marshal.4.8/', '.gemspec.rz'),
    lacking,
    paths: entries.map(({ path }) => path),
  }
}

const store = ['rails 7.0 : rack ~> 2.2', 'rails 7.1 : rack >= 2.2, < 4', 'rack 2.2.8', 'rack 3.0.1', 'rack 4.0']

describe('a sync of gems', () => {
  it('holds pages, gems and specifications of the newest and of all that it needs', async () => {
    const { gems, specs, lacking, paths } = await held(store, ['rails'])
    assert.deepEqual(gems, ['rack-3.0.1', 'rails-7.1'])
    assert.deepEqual(specs, gems)
    assert.deepEqual(paths.slice(0, 2).sort(), ['/info/rack', '/info/rails'])
    assert.deepEqual(lacking, [])
  })

  it('holds one version of each gem for all wants, as one bundle needs it', async () => {
    const { gems } = await held([...store, 'sinatra 3.0 : rack ~> 2.2, >= 2.2.4'], ['rails', 'sinatra'])
    assert.deepEqual(gems, ['rack-2.2.8', 'rails-7.1', 'sinatra-3.0'])
  })

  it('holds what each requirement wants where they do not go together', async () => {
    const { gems, lacking } = await held([...store, 'future 1.0 : rack >= 4'], ['rails', 'future'])
    assert.deepEqual(gems, ['future-1.0', 'rack-3.0.1', 'rack-4.0', 'rails-7.1'])
    assert.deepEqual(lacking, [])
  })

  it('goes back to an older version where the newest needs what does not go together', async () => {
    const gems = ['app 1 : lib >= 1', 'app 2 : lib >= 2; tool >= 0', 'app 3 : gone >= 0', 'tool 1 : lib < 2']
    const { gems: found, lacking } = await held([...gems, 'lib 1', 'lib 2'], ['app@>= 0'])
    assert.deepEqual([found, lacking], [['app-1', 'lib-2'], []])
  })

  it('holds beside a bundle what a want takes that the others hold back', async () => {
    const gems = ['a 1 : lib < 2', 'b 1 : lib < 2', 'b 2 : lib >= 2', 'lib 1', 'lib 2', 'c 1 : lib != 1.5']
    const { gems: found, lacking } = await held(gems, ['a', 'b', 'c'])
    assert.deepEqual([found, lacking], [['a-1', 'b-1', 'b-2', 'c-1', 'lib-1', 'lib-2'], []])
  })

  it('names the requirements that leave no solution', async () => {
    const gems = ['app 1 : left >= 0; right >= 0', 'left 1 : lib < 2', 'right 1 : lib >= 2', 'lib 1', 'lib 2']
    const { gems: found, lacking } = await held(gems, ['app'])
    assert.deepEqual(found, ['app-1'])
    assert.equal(lacking.length, 1)
    for (const part of ['left 1 requires lib < 2', 'right 1 requires lib >= 2', 'ask for another version'])
      assert.ok(lacking[0]?.includes(part), lacking[0])
  })

  it('holds older versions each with what it needs', async () => {
    assert.deepEqual((await held(store, [{ name: 'rails', keep: 2 }])).gems, [
      'rack-2.2.8',
      'rack-3.0.1',
      'rails-7.0',
      'rails-7.1',
    ])
  })

  it('follows nothing when told so, and no need of development', async () => {
    assert.deepEqual((await held(store, [{ name: 'rails', follow: [] }])).gems, ['rails-7.1'])
  })

  it('takes a pre-release when it is asked for, or when there is nothing else', async () => {
    const gems = ['a 1.0', 'a 2.0.rc1', 'b 1.0.a']
    assert.deepEqual((await held(gems, ['a', 'b'])).gems, ['a-1.0', 'b-1.0.a'])
    assert.deepEqual((await held(gems, ['a@>= 2.0.a'])).gems, ['a-2.0.rc1'])
  })

  it('passes over versions for another Ruby than the one that is told', async () => {
    const gems = ['a 1.0', 'a 2.0 3.2']
    assert.deepEqual((await held(gems, ['a'], { options: { ruby: '3.1.2' } })).gems, ['a-1.0'])
    assert.deepEqual((await held(gems, ['a'], { options: { ruby: '3.3.0' } })).gems, ['a-2.0'])
    assert.deepEqual((await held(gems, ['a'])).gems, ['a-2.0'])
  })

  it('holds what is for the wanted machines, and always what is for every Ruby', async () => {
    const gems = [
      'a 1.0',
      'a 1.0-x86_64-linux',
      'a 1.0-x86_64-linux-musl',
      'a 1.0-arm64-darwin',
      'a 1.0-java',
      'b 2.0-java',
      'b 1.0',
    ]
    const linux = [{ os: 'linux', cpu: 'x64', libc: 'glibc' }]
    assert.deepEqual((await held(gems, ['a', 'b'], { platforms: linux })).gems, [
      'a-1.0',
      'a-1.0-x86_64-linux',
      'b-1.0',
    ])
    assert.equal((await held(gems, ['a'])).gems.length, 5)
    assert.deepEqual((await held(gems, ['a@= 1.0-java'], { platforms: linux })).gems, ['a-1.0-java'])
  })

  it('holds the very file of a lockfile’s line', async () => {
    const gems = ['a 1.0', 'a 1.0-x86_64-linux', 'a 1.1']
    const line = (more: Partial<Selector>) => ({ name: 'a', follow: [], ...more })
    assert.deepEqual((await held(gems, [line({ range: '= 1.0-ruby' })])).gems, ['a-1.0'])
    assert.deepEqual((await held(gems, [line({ range: '= 1.0-x86_64-linux' })])).gems, ['a-1.0-x86_64-linux'])
    assert.deepEqual((await held(gems, [line({ range: '= 1.0-ruby', options: { platform: 'x86_64-linux' } })])).gems, [
      'a-1.0-x86_64-linux',
    ])
    const digests = [{ sha256: sha256('another') }]
    assert.deepEqual((await held(gems, [line({ range: '= 1.0-ruby', digests })])).gems, [])
  })

  it('holds no specifications of a registry that has none', async () => {
    const { gems, specs } = await held(store, ['rails'], { specs: 'none' })
    assert.deepEqual([gems.length, specs.length], [2, 0])
  })

  it('holds every gem that the registry lists', async () => {
    assert.deepEqual((await held(store, ['*'])).gems, ['rack-4.0', 'rails-7.1'])
  })

  it('holds nothing that policy hides', async () => {
    assert.deepEqual((await held(store, ['rails'], { allows: ({ version }) => version !== '3.0.1' })).gems, [
      'rack-2.2.8',
      'rails-7.1',
    ])
  })

  it('tells what cannot be had, and who needs it', async () => {
    const gems = ['a 1.0 : gone >= 1; old >= 2; bundler >= 1', 'old 1.0', 'b 1.0-java']
    const { lacking } = await held(gems, ['a', 'nothing', 'old@~> 9', 'b'], { platforms: [{ os: 'linux' }] })
    assert.deepEqual(lacking.toSorted(), [
      'b: no allowed version that satisfies >= 0 is for the wanted platforms',
      'gone: the registry does not have it, or policy and the wanted Ruby allow no version of it; a 1.0 needs it',
      'nothing: the registry does not have it, or policy and the wanted Ruby allow no version of it',
      'old: no allowed version satisfies >= 2; a 1.0 needs it',
      'old: no allowed version satisfies ~> 9',
    ])
  })

  it('ends where gems need each other', async () => {
    assert.deepEqual((await held(['a 1.0 : b >= 1', 'b 1.0 : a >= 1'], ['a'])).gems, ['a-1.0', 'b-1.0'])
    // each version of one wants what the other does not have with it
    const { gems } = await held(['a 1 : b = 1', 'a 2 : b = 2', 'b 1 : a = 2', 'b 2 : a = 1'], ['a'])
    assert.ok(gems.length > 0)
  })
})

it('platforms are told as RubyGems tells them', () => {
  const cases: readonly (readonly [string, Platform, boolean])[] = [
    ['ruby', { os: 'linux' }, true],
    ['x86_64-linux', { os: 'linux', cpu: 'x64' }, true],
    ['x86_64-linux', { os: 'linux', cpu: 'arm64' }, false],
    ['aarch64-linux-gnu', { os: 'linux', cpu: 'arm64', libc: 'glibc' }, true],
    ['aarch64-linux-gnu', { os: 'linux', cpu: 'arm64', libc: 'musl' }, false],
    ['x86_64-linux-musl', { os: 'linux', cpu: 'x64', libc: 'glibc' }, false],
    ['x86_64-linux', { os: 'linux', cpu: 'x64', libc: 'musl' }, true],
    ['arm64-darwin-23', { os: 'darwin', cpu: 'arm64' }, true],
    ['universal-darwin', { os: 'darwin', cpu: 'x64' }, true],
    ['x64-mingw-ucrt', { os: 'win32', cpu: 'x64' }, true],
    ['x86-mswin32-60', { os: 'win32', cpu: 'ia32' }, true],
    ['java', { os: 'linux', cpu: 'x64' }, false],
  ]
  for (const [platform, machine, expected] of cases) assert.equal(isFor(platform, [machine]), expected, platform)
})
