// What a server of files can try: pages and lists that lead out of its tree, answers that are none, names that a web server obeys.

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { files } from '../../../src/ecosystems/files/index.ts'
import { openTestMirror } from '../../builders/mirror.ts'
import { type Script, startUpstream, text } from '../../fakes/upstream.ts'
import { digest } from './fixtures.ts'

const html = { type: 'text/html' }
const page = (...links: readonly string[]) =>
  text(`<!DOCTYPE html><html><body>${links.map((link) => `<a href="${link}">x</a>`).join('')}</body></html>`, html)

async function mirrorOf(t: TestContext, routes: Readonly<Record<string, Script>>, options: object) {
  const up = await startUpstream(routes)
  t.after(() => up.close())
  const at = await openTestMirror({
    ecosystems: [files],
    repositories: [{ ecosystem: 'files', upstreams: [up.url], options }],
  })
  t.after(() => at.close())
  return { at, up }
}

const leading = [
  ...[
    '../',
    '../../etc/passwd',
    '/etc/passwd',
    '//evil.example.org/x',
    'http://evil.example.org/x',
    'a/b',
    '?C=M',
    '#x',
  ],
  ...['..%2fx', '%2e%2e/', '%2e%2e%2fx', 'a%2fb', 'a%00b', 'a%5cb', '%ff', 'javascript:alert(1)', 'C:', '.', './', ''],
]

describe('a page of a folder', () => {
  test('leads to nothing but what lies in it', async (t) => {
    const { at } = await mirrorOf(
      t,
      { '/f/': page(...leading, 'good.bin'), '/f/good.bin': text('x') },
      { listing: true },
    )
    const { text: shown } = await at.get('/f/')
    assert.deepEqual(
      [...shown.matchAll(/href="([^"]*)"/g)].map(([, href]) => href),
      ['good.bin'],
    )
    const { items } = await at.sync(['f/**'])
    assert.deepEqual(
      items.map(({ path }) => path).filter((path) => !path.endsWith('/')),
      ['/f/good.bin'],
    )
  })

  test('shows names as text, whatever they hold', async (t) => {
    const { at } = await mirrorOf(t, { '/f/': page('%3Cimg%20onerror=x%3E.bin') }, { listing: true })
    const { text: shown } = await at.get('/f/')
    assert.ok(!shown.includes('<img'), shown)
    assert.match(shown, /&lt;img onerror=x&gt;\.bin/)
  })

  test('of folders in folders without end ends', async (t) => {
    const { up, at } = await mirrorOf(t, {}, { listing: true })
    up.otherwise(() => page('again/'))
    await at.sync(['f/**'])
    assert.ok(up.count() <= 20, String(up.count()))
  })

  test('that is none is refused, and an answer of a portal is not kept as one', async (t) => {
    const { at } = await mirrorOf(
      t,
      { '/f/': text('{"not":"a page"}', { type: 'application/json' }) },
      { listing: true },
    )
    assert.equal((await at.failure('/f/')).code, 'UNREADABLE')
    assert.deepEqual(await at.leftovers(), [])
  })
})

describe('a list of checksums', () => {
  const lists: Readonly<Record<string, readonly [list: string, code: string]>> = {
    'that is a web page': ['<!DOCTYPE html><html><body>Please log in</body></html>', 'UNREADABLE'],
    'that says two things of a file': [`${'0'.repeat(64)}  a.bin\n${'1'.repeat(64)}  a.bin\n`, 'UNREADABLE'],
    'with a digest of another length': [`${'0'.repeat(63)}  a.bin\n`, 'UNREADABLE'],
    'that states other bytes': [`${'0'.repeat(64)}  a.bin\n`, 'WRONG_DIGEST'],
  }
  for (const [what, [list, code]] of Object.entries(lists)) {
    test(`${what} serves no file`, async (t) => {
      const { at } = await mirrorOf(
        t,
        { '/SHA256SUMS': text(list), '/a.bin': text('x') },
        { checksums: ['SHA256SUMS'] },
      )
      assert.equal((await at.failure('/a.bin')).code, code)
      assert.deepEqual(await at.leftovers(), [])
    })
  }

  test('speaks of no file outside its folder', async (t) => {
    const list = ['../other/a.bin', '/other/a.bin', '..\\other\\a.bin', './../other/a.bin', 'x/../../other/a.bin']
      .map((name) => `${'0'.repeat(64)}  ${name}\n`)
      .join('')
    const { at } = await mirrorOf(
      t,
      {
        '/pool/SHA256SUMS': text(`${list}${digest('x')}  a.bin\n`),
        '/pool/a.bin': text('x'),
        '/other/a.bin': text('y'),
      },
      { checksums: ['SHA256SUMS'] },
    )
    assert.equal((await at.get('/pool/a.bin')).text, 'x')
    assert.equal((await at.get('/other/a.bin')).text, 'y')
  })
})
