import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { readInfo, viewInfo } from '../../../src/ecosystems/rubygems/info.ts'
import { parseLine, timeOf } from '../../../src/ecosystems/rubygems/line.ts'
import { readings } from '../../../src/ecosystems/rubygems/paths.ts'
import { viewTimes } from '../../../src/ecosystems/rubygems/times.ts'
import { recorded } from '../../replica/rubygems.ts'
import { doc, gather, show } from './builders.ts'

const hex = 'ab'.repeat(32)
const unreadable = { name: 'MirrorError', code: 'UNREADABLE' }
const page = (name: string): string => readFileSync(`${recorded}/info/${name}`, 'utf8')
const view = async (text: string, as = show()): Promise<string | undefined> => {
  const bytes = await viewInfo(doc('/info/kit', text), 'kit', as)
  return bytes === undefined ? undefined : Buffer.from(bytes).toString()
}

describe('a line of an info page', () => {
  it('has dependencies, requirements, a checksum and a time', () => {
    assert.deepEqual(
      parseLine(
        `1.2.b1-x86_64-linux a:~> 1.0,b-c:>= 2&< 4|checksum:${hex},ruby:>= 2.5,rubygems:> 1.3.1,created_at:2024-05-05T09:06:40Z`,
      ),
      {
        version: '1.2.b1-x86_64-linux',
        checksum: hex,
        published: Date.UTC(2024, 4, 5, 9, 6, 40),
        release: {
          deps: [
            { name: 'a', range: '~> 1.0' },
            { name: 'b-c', range: '>= 2, < 4' },
          ],
          ruby: '>= 2.5',
          rubygems: '> 1.3.1',
        },
      },
    )
    assert.deepEqual(parseLine('1.0 |ruby:>= 0'), { version: '1.0', release: { deps: [], ruby: '>= 0' } })
    assert.deepEqual(parseLine('1.0'), { version: '1.0', release: { deps: [] } })
  })

  it('is none when anything in it is malformed', () => {
    for (const text of [
      '',
      ' ',
      '1.0/2 |',
      '../1 |',
      '-1.0 |',
      'a |',
      `1.0 |checksum:${hex.slice(1)}`,
      `1.0 |checksum:${hex},checksum:${'cd'.repeat(32)}`,
      '1.0 |checksum:',
      '1.0 ../a:>= 0|',
      '1.0 a|',
      '1.0 a:>= 0\u0000|',
      '1.0\r',
    ])
      assert.equal(parseLine(text), undefined, text)
  })

  it('has a time that never comes when it cannot be read', () => {
    for (const text of ['', 'yesterday', '2024-13-45T00:00:00Z', '2024-05-05', '2024-05-05T09:06:40+02:00', 7, null])
      assert.equal(timeOf(text), Number.MAX_SAFE_INTEGER)
    assert.equal(parseLine('1.0 |created_at:soon')?.published, Number.MAX_SAFE_INTEGER)
  })
})

describe('an info page', () => {
  it('names each file with its digest, and each specification without', async () => {
    const entries = await gather(readInfo(doc('/info/Stone_Fruit', page('Stone_Fruit')), 'Stone_Fruit'))
    assert.deepEqual(
      entries.map(({ path, version, digests }) => [path, version, digests?.sha256?.slice(0, 8)]),
      [
        ['/gems/Stone_Fruit-0.3.1.gem', '0.3.1', '908e46cb'],
        ['/quick/Marshal.4.8/Stone_Fruit-0.3.1.gemspec.rz', '0.3.1', undefined],
        ['/gems/Stone_Fruit-0.3.1-x86_64-linux.gem', '0.3.1-x86_64-linux', '48d5fe9d'],
        ['/quick/Marshal.4.8/Stone_Fruit-0.3.1-x86_64-linux.gemspec.rz', '0.3.1-x86_64-linux', undefined],
        ['/gems/Stone_Fruit-0.3.1-java.gem', '0.3.1-java', '259c04e7'],
        ['/quick/Marshal.4.8/Stone_Fruit-0.3.1-java.gemspec.rz', '0.3.1-java', undefined],
      ],
    )
    assert.ok(entries.every(({ published, name }) => published !== undefined && name === 'Stone_Fruit'))
  })

  it('is shown byte for byte while nothing hides in it', async () => {
    for (const name of ['apple', 'orchard', 'pip']) {
      const shown = await viewInfo(doc(`/info/${name}`, page(name)), name, show())
      assert.equal(Buffer.from(shown ?? []).toString(), page(name))
    }
  })

  it('loses the lines that are hidden, and is not there without any', async () => {
    const text = '---\n1.0 |\n2.0 |\n3.0 |\n'
    assert.equal(
      await view(
        text,
        show(({ version }) => version !== '2.0'),
      ),
      '---\n1.0 |\n3.0 |\n',
    )
    assert.equal(
      await view(
        text,
        show(() => false),
      ),
      undefined,
    )
    assert.equal(await view('---\n'), undefined)
  })

  it('shows a version once, and no line that is broken', async () => {
    assert.equal(
      await view(`---\n1.0 |checksum:${hex}\n1.0 |checksum:${'cd'.repeat(32)}\n../x |\n---\n2.0 |\n`),
      `---\n1.0 |checksum:${hex}\n2.0 |\n`,
    )
  })

  it('is refused when it is none', async () => {
    for (const text of ['<!DOCTYPE html>\n<html>\n', 'x'.repeat(2_000_000), `1.0 |\n${'?\n'.repeat(1001)}`])
      await assert.rejects(view(text), unreadable)
  })

  it('names nothing of another gem, whatever stands in it', async () => {
    for (const line of [
      '/../../rails-1 |',
      '1.0-../../x |',
      '1.0-2-3 |',
      '1.0 /gems/rails-1.gem:>= 0|',
      'rails-7.0 |',
    ]) {
      const entries = await gather(readInfo(doc('/info/kit', `---\n1.0 |\n${line}\n`), 'kit'))
      assert.deepEqual(
        entries.map(({ path }) => path),
        ['/gems/kit-1.0.gem', '/quick/Marshal.4.8/kit-1.0.gemspec.rz'],
      )
    }
  })

  it('takes times from the web API where it has none', async () => {
    const times = doc(
      '/api/v1/versions/kit.json',
      JSON.stringify([
        { number: '1.0', platform: 'ruby', created_at: '2024-01-01T00:00:00.000Z' },
        { number: '1.0', platform: 'java', created_at: '2024-02-01T00:00:00.000Z' },
        { number: '2.0', created_at: 'soon' },
        { number: '../3' },
        7,
      ]),
    )
    const text = '---\n1.0 |\n1.0-java |\n2.0 |\n3.0 |\n4.0 |created_at:2024-03-01T00:00:00Z\n'
    const entries = await gather(readInfo(doc('/info/kit', text, [times]), 'kit'))
    assert.deepEqual(
      entries.filter(({ path }) => path.startsWith('/gems/')).map(({ published }) => published),
      [Date.UTC(2024, 0, 1), Date.UTC(2024, 1, 1), Number.MAX_SAFE_INTEGER, undefined, Date.UTC(2024, 2, 1)],
    )
    const shown = await viewTimes(
      times,
      'kit',
      show(({ version }) => version !== '1.0-java'),
    )
    assert.deepEqual(
      (JSON.parse(Buffer.from(shown ?? []).toString()) as { created_at: string }[]).map((item) => item.created_at),
      ['2024-01-01T00:00:00.000Z', 'soon'],
    )
  })
})

it('a file name is read in every way that it may be meant', () => {
  const names = (full: string): readonly string[] => readings(full).map(({ name, version }) => `${name} ${version}`)
  assert.deepEqual(names('rails-7.1.0'), ['rails 7.1.0'])
  assert.deepEqual(names('net-http2-0.18.4'), ['net-http2 0.18.4'])
  assert.deepEqual(names('nokogiri-1.16.0-x86_64-linux'), ['nokogiri 1.16.0-x86_64-linux'])
  assert.deepEqual(names('win32-api-1.0.4-x86-mswin32-60'), [
    'win32-api 1.0.4-x86-mswin32-60',
    'win32-api-1.0.4-x86-mswin32 60',
  ])
  assert.deepEqual(names('foo-2-3.0'), ['foo-2 3.0'])
  for (const full of ['rails', 'rails-', '-1.0', '..-1.0', 'a/b-1.0', 'kit-1.0-ruby'])
    assert.deepEqual(names(full), [], full)
})
