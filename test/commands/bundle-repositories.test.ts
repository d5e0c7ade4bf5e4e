// What a bundle may say of repositories, and what counts on the side that takes it.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { carriedOf, repositoriesHere } from '../../src/commands/bundle-repositories.ts'
import { loadSettings } from '../../src/config/load.ts'
import type { Repository, Settings } from '../../src/config/types.ts'
import { ecosystems } from '../../src/ecosystems/index.ts'
import { asMirrorError } from '../../src/errors.ts'
import { type CarriedRepository, formatLine, parseLine } from '../../src/formats/bundle.ts'
import { type Gap, openGap } from './bundle-bench.ts'

const settings: Settings = await loadSettings({ files: [], flags: {}, env: {}, cwd: '/', ecosystems })
const npm = settings.repositories.find(({ name }) => name === 'npm') as Repository

function taken(carried: CarriedRepository, known: readonly Repository[] = settings.repositories): Repository | string {
  try {
    return repositoriesHere([carried], known, settings, 'entries.jsonl').find(({ name }) => name === carried.name) ?? ''
  } catch (error) {
    return asMirrorError(error).message
  }
}

describe('a repository in a bundle', () => {
  for (const repository of settings.repositories)
    it(`comes over as it is: ${repository.name}`, () => {
      const carried = parseLine(formatLine(carriedOf(repository)), 'entries', 1) as CarriedRepository
      assert.deepEqual(taken(carried), repository)
      const [upstreams, options] =
        [taken(carried, [])].map((one) => (typeof one === 'string' ? one : [one.upstreams, one.options]))[0] ?? []
      assert.deepEqual([upstreams, options], [repository.upstreams, repository.options])
    })

  it('is what is configured on the side that takes it, where it is', () => {
    const here: Repository = { ...npm, builtin: false, upstreams: ['https://own.example.org'] }
    assert.deepEqual(taken({ ...carriedOf(npm), upstreams: ['https://other.example.org'] }, [here]), here)
  })

  it('never brings keyrings to one that is built in', () => {
    const found = taken({ ...carriedOf(npm), upstreams: ['https://mirror.example.org'], keyrings: ['debian-archive'] })
    assert.deepEqual(typeof found === 'string' ? found : [found.upstreams, found.keyrings], [
      ['https://mirror.example.org'],
      npm.keyrings,
    ])
  })

  const rows: readonly (readonly [string, Partial<CarriedRepository>, RegExp])[] = [
    ['of an unknown ecosystem', { ecosystem: 'nothing' }, /which this version does not know/],
    ['of another ecosystem', { ecosystem: 'cargo' }, /is of the ecosystem cargo, and here of npm/],
    ['from a file', { upstreams: ['file:///etc/passwd'] }, /has "file:\/\/\/etc\/passwd" as upstream/],
    ['with options that cannot be', { options: { signatures: 'perhaps' } }, /has options that cannot be/],
    [
      'of its own with a keyring of the other side',
      { name: 'own', mount: '/own', keyrings: ['/etc/other.gpg'] },
      /keyring \/etc\/other\.gpg, which is not shipped/,
    ],
    ['where another one is', { name: 'own' }, /brings the repository own at \/npm, where npm is mounted/],
  ]
  for (const [what, change, message] of rows)
    it(`is refused ${what}`, () => assert.match(String(taken({ ...carriedOf(npm), ...change })), message))
})

describe('a side without a configuration', () => {
  let gap: Gap
  before(async () => {
    gap = await openGap()
    assert.equal((await gap.bundle('bundle')).code, 0)
  })
  after(() => gap.bench.close())

  it('takes no signed repository by a key that only the bundle knows', async () => {
    const { code, err } = await gap.take('bundle', 'bare', {}, { files: [] })
    assert.equal(code, 4, err)
    assert.match(err, /debian \/dists\/bookworm\/InRelease .*UNKNOWN_KEY/)
    assert.deepEqual((gap.state('bare') as { refs: unknown[] }).refs, [])
  })
})
