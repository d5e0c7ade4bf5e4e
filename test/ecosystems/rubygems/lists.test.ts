// The lists of everything: versions, names and specs, as upstream has them and as they are made of what is held.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import type { Entry, Show } from '../../../src/contract.ts'
import { latestOf } from '../../../src/ecosystems/rubygems/held.ts'
import { type SpecsKind, viewSpecs } from '../../../src/ecosystems/rubygems/specs.ts'
import { viewNames, viewVersions } from '../../../src/ecosystems/rubygems/versions-file.ts'
import { collect } from '../../../src/formats/bytes.ts'
import { parseMarshal } from '../../../src/formats/ruby-marshal-read.ts'
import { isKind, textOf } from '../../../src/formats/ruby-values.ts'
import { recorded } from '../../replica/rubygems.ts'
import { doc, md5, show, specs } from './builders.ts'

const sum = (text: string): string => md5(text)
const versions = async (text: string | undefined, as: Show): Promise<string> =>
  Buffer.from(await collect(viewVersions(text === undefined ? undefined : doc('/versions', text), as), 1e8)).toString()
const not =
  (...hidden: readonly string[]) =>
  ({ name, version }: Entry) =>
    !hidden.includes(`${name} ${version}`)

/** A cooldown: what has no time is not shown, what has one is when it is older than the day. */
const cooldown =
  (day: string) =>
  ({ version, published }: Entry): boolean =>
    version === undefined || (published !== undefined && published < Date.parse(day))

describe('/versions', () => {
  const list = `created_at: 2024-04-01T00:00:05Z\n---\na 1.0,1.1 ${sum('a')}\nb 1.0,2.0-java ${sum('b')}\na 1.2,-1.0 ${sum('a2')}\n`

  it('is shown byte for byte while nothing hides in it', async () => {
    assert.equal(await versions(list, show()), list)
    const real = readFileSync(`${recorded}/versions`, 'utf8')
    assert.equal(await versions(real, show()), real)
  })

  it('pairs a gem of which something is hidden with the MD5 of its page as it is shown', async () => {
    const page = '---\n1.0 |\n1.2 |\n'
    assert.equal(
      await versions(list, show(not('a 1.1'), { pages: { '/info/a': page } })),
      `created_at: 2024-04-01T00:00:05Z\n---\na 1.0,1.2 ${sum(page)}\nb 1.0,2.0-java ${sum('b')}\n`,
    )
  })

  it('says nothing of a gem of which nothing is shown', async () => {
    assert.doesNotMatch(
      await versions(
        list,
        show(({ name }) => name !== 'a'),
      ),
      /^a /m,
    )
  })

  it('lists nothing of unknown age, and the gem is there all the same', async () => {
    const names = Array.from({ length: 80 }, (_, index) => `n${String(index).padStart(3, '0')}`)
    const base = names.map((name) => `${name} 1.0 ${sum(name)}`)
    const later = names.map((name) => `${name} 2.0 ${sum(`${name} 2`)}`)
    const young = `created_at: 2024-04-01T00:00:05Z\n---\n${[...base, ...later].join('\n')}\n`
    const shown = (await versions(young, show(cooldown('2024-05-01')))).split('\n')
    assert.ok(shown.includes(`n007 1.0 ${sum('n007')}`))
    assert.ok(shown.includes(`n007 , ${sum('n007 2')}`))
    assert.ok(!shown.join('\n').includes('2.0'))
    // what the list itself is too young to date is of unknown age as well
    const fresh = (await versions(young, show(cooldown('2024-03-01')))).split('\n')
    assert.ok(fresh.includes(`n007 , ${sum('n007')}`))
  })

  it('leaves out lines that are none, and is refused when it is no such list', async () => {
    assert.equal(
      await versions(
        `---\na 1.0 ${sum('a')}\nb 1.0\n../c 1.0 ${sum('c')}\nd ../1 ${sum('d')}\ne 1.0 xyz\nf 1.0 ${sum('f')} g\n`,
        show(),
      ),
      `---\na 1.0 ${sum('a')}\n`,
    )
    await assert.rejects(versions('<html>\n<body>\n', show()), { code: 'UNREADABLE' })
  })

  it('of ten thousand gems is read and shown as it is', async () => {
    const lines = Array.from(
      { length: 10_000 },
      (_, index) => `gem-${String(index).padStart(5, '0')} 1.0,1.1,2.0 ${sum(`${index}`)}`,
    )
    const long = `created_at: 2024-04-01T00:00:05Z\n---\n${lines.join('\n')}\n`
    const whole = {
      ...doc('/versions', long),
      async *stream() {
        yield Buffer.from(long)
      },
    }
    assert.equal(Buffer.from(await collect(viewVersions(whole, show()), 1e8)).toString(), long)
  })
})

const held: readonly Entry[] = [
  { path: '/gems/b-2.0.a.gem', name: 'b', version: '2.0.a', published: Date.UTC(2024, 0, 3) },
  { path: '/gems/b-1.0.gem', name: 'b', version: '1.0', published: Date.UTC(2024, 0, 2) },
  { path: '/gems/a-1.0-java.gem', name: 'a', version: '1.0-java', published: Date.UTC(2024, 0, 1) },
  { path: '/quick/Marshal.4.8/a-1.0-java.gemspec.rz', name: 'a', version: '1.0-java' },
  { path: '/gems/lost-1.0.gem', name: 'lost', version: '1.0' },
]
const pages = { '/info/a': '---\n1.0-java |\n', '/info/b': '---\n1.0 |\n2.0.a |\n' }

describe('what is held', () => {
  it('makes a list of versions with the pages as they are shown', async () => {
    assert.equal(
      await versions(
        undefined,
        show(() => true, { held, pages }),
      ),
      `created_at: 2024-01-03T00:00:00Z\n---\na 1.0-java ${sum(pages['/info/a'])}\nb 1.0,2.0.a ${sum(pages['/info/b'])}\n`,
    )
  })

  it('makes a list of names', async () => {
    assert.equal(
      Buffer.from(
        await viewNames(
          undefined,
          show(() => true, { held }),
        ),
      ).toString(),
      '---\na\nb\nlost\n',
    )
  })

  it('of nothing makes lists of nothing', async () => {
    assert.equal(await versions(undefined, show()), 'created_at: 1970-01-01T00:00:00Z\n---\n')
    assert.deepEqual(await listed('released', undefined, show()), [])
  })
})

async function listed(kind: SpecsKind, bytes: Uint8Array | undefined, as: Show): Promise<readonly string[]> {
  const body = await viewSpecs(kind, bytes === undefined ? undefined : doc('/specs.4.8.gz', bytes), as)
  const list = parseMarshal(gunzipSync(Buffer.from(await collect(body ?? ([] as never), 1e7))))
  assert.ok(isKind(list, 'array'))
  return list.items.map((item) => {
    assert.ok(isKind(item, 'array'))
    const [name, version, platform] = item.items
    assert.ok(isKind(version, 'marshalled') && isKind(version.value, 'array'))
    return [textOf(name), textOf(version.value.items[0]), textOf(platform)].join(' ')
  })
}

describe('the Marshal lists', () => {
  const real = (name: string): Uint8Array => readFileSync(`${recorded}/${name}.4.8.gz`)
  const stone = ['Stone_Fruit 0.3.1 ruby', 'Stone_Fruit 0.3.1 java', 'Stone_Fruit 0.3.1 x86_64-linux']

  it('are upstream’s own bytes while nothing hides in them', async () => {
    const body = await viewSpecs('released', doc('/specs.4.8.gz', real('specs')), show())
    assert.deepEqual(Buffer.from(await collect(body ?? ([] as never), 1e6)), real('specs'))
  })

  it('lose what is hidden', async () => {
    const shown = await listed('released', real('specs'), show(not('Stone_Fruit 0.3.1', 'apple 1.0.4')))
    assert.deepEqual(
      shown.toSorted(),
      [...stone.slice(1), 'apple 1.1.0 ruby', 'orchard 1.1.0 ruby', 'orchard 1.2.0 ruby', 'pip 1.0.0 ruby'].toSorted(),
    )
    assert.deepEqual(await listed('prerelease', real('prerelease_specs'), show(not('orchard 2.0.0.rc1'))), [])
  })

  it('have in place of a hidden newest version the newest that is not', async () => {
    const as = show(not('orchard 1.2.0'), { docs: [doc('/specs.4.8.gz', real('specs'))] })
    const shown = await listed('latest', real('latest_specs'), as)
    assert.ok(shown.includes('orchard 1.1.0 ruby') && shown.includes('pip 1.0.0 ruby'), shown.join())
    assert.ok(!shown.includes('orchard 1.2.0 ruby'))
  })

  it('name under a cooldown what is held, for of that the age is known', async () => {
    const list = await specs([
      { name: 'a', version: '1.0-java' },
      { name: 'b', version: '9.0' },
    ])
    assert.deepEqual(await listed('released', list, show(cooldown('2024-01-01'), { held })), ['a 1.0 java'])
  })

  it('are made of what is held', async () => {
    const as = show(() => true, { held })
    assert.deepEqual(await listed('released', undefined, as), ['a 1.0 java', 'b 1.0 ruby', 'lost 1.0 ruby'])
    assert.deepEqual(await listed('prerelease', undefined, as), ['b 2.0.a ruby'])
    assert.deepEqual(await listed('latest', undefined, as), ['a 1.0 java', 'b 1.0 ruby', 'lost 1.0 ruby'])
  })
})

it('the latest are those of each platform that none for every Ruby outdates', () => {
  assert.deepEqual(latestOf(['1.0-java', '1.0', '2.0', '2.0-x86_64-linux', '3.0.rc1']), ['2.0', '2.0-x86_64-linux'])
  assert.deepEqual(latestOf(['1.0', '2.0-java']), ['1.0', '2.0-java'])
  assert.deepEqual(latestOf(['1.0.a']), [])
})
