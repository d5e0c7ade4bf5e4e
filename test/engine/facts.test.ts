import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { item, mirrorOf, noon, sha256, suite } from '../builders/mirror.ts'
import { json, text } from '../fakes/upstream.ts'

const entries = (at: Awaited<ReturnType<typeof mirrorOf>>['at'], path: string) =>
  at.mirror.catalog.facts.of('shelf', path).map((fact) => fact.entry)

describe('what a document may state', () => {
  const foreign = [
    '/files/b/b.tgz',
    '/index/b',
    '/index/ab',
    '/loose/x',
    '/files/a/../b/b.tgz',
    '/index/a/../b',
    '/index/a//b',
    '/files/a/b\\c',
    'files/a/relative',
    '/files/a/nul\u0000',
    '/made/holdings',
    `/index/a/${'x'.repeat(300)}`,
  ]
  test('is about its own paths alone; the rest is dropped with a warning', async (t) => {
    const files = [item('own.tgz', 'own'), ...foreign.map((path) => item('x', 'x', { path }))]
    const { at } = await mirrorOf(t, { '/index/a': json({ files }) })
    await at.get('/index/a')
    assert.equal(entries(at, '/files/a/own.tgz').length, 1)
    for (const path of foreign) assert.deepEqual(entries(at, path), [], path)
    const warnings = at.events.flatMap((event) => (event.type === 'warning' ? [event.error.message] : []))
    assert.equal(warnings.length, 1)
    assert.match(warnings[0] ?? '', new RegExp(`speaks of ${foreign.length} paths`))
  })

  test('does not reach another package: its own index decides', async (t) => {
    const evil = item('b.tgz', 'evil', { path: '/files/b/b.tgz' })
    const { at } = await mirrorOf(t, {
      '/index/a': json({ files: [evil] }),
      '/index/b': json({ files: [item('b.tgz', 'good')] }),
      '/files/b/b.tgz': text('good'),
    })
    await at.get('/index/a')
    assert.equal((await at.get('/files/b/b.tgz')).text, 'good')
  })

  test('takes the name of a package from the request', async (t) => {
    const { at } = await mirrorOf(t, { '/index/a': json({ name: 'b', files: [item('a.tgz', 'a')] }) })
    await at.get('/index/a')
    assert.equal(entries(at, '/files/a/a.tgz')[0]?.name, 'a')
  })

  test('a list of a signed chain speaks of the pool, and not of other suites', async (t) => {
    const { up, at } = await mirrorOf(t, {}, { ecosystem: 'chain' })
    const lists = {
      main: { '/pool/a/a_1': 'a', '/testing/root': 'evil', '/stable/root': 'evil', '/poolish/a': 'evil' },
    }
    for (const [path, body] of Object.entries(suite('stable', noon, lists))) {
      if (path !== '/stable/root' || body.includes('signature')) up.set(path, text(body))
    }
    await at.get('/stable/lists/main')
    const { facts } = at.mirror.catalog
    assert.equal(facts.of('chain', '/pool/a/a_1').length, 1)
    for (const path of ['/testing/root', '/stable/root', '/poolish/a'])
      assert.equal(facts.of('chain', path).length, 0, path)
  })
})

describe('several vouchers', () => {
  const path = '/twice/a/a.tgz'
  const listing = (content: string, more = {}) => json({ files: [item('a.tgz', content, { path, ...more })] })

  test('that agree prove together', async (t) => {
    const sha512 = { sha512: 'f'.repeat(128) }
    const { at } = await mirrorOf(t, { '/index/a': listing('a'), '/index/a/more': listing('a'), [path]: text('a') })
    assert.equal((await at.get(path)).text, 'a')
    const { at: other } = await mirrorOf(t, {
      '/index/a': listing('a'),
      '/index/a/more': listing('a', { digests: sha512 }),
      [path]: text('a'),
    })
    assert.equal((await other.failure(path)).code, 'WRONG_DIGEST', 'each digest counts, whoever states it')
  })
  test('that disagree fail, whichever was read first', async (t) => {
    for (const order of [[], ['/index/a', '/index/a/more'], ['/index/a/more', '/index/a']]) {
      const { up, at } = await mirrorOf(t, {
        '/index/a': listing('a'),
        '/index/a/more': listing('b'),
        [path]: text('a'),
      })
      for (const index of order) await at.get(index)
      const { code, message } = await at.failure(path)
      assert.equal(code, 'DISAGREEMENT')
      assert.match(message, /\/index\/a and \/index\/a\/more|\/index\/a\/more and \/index\/a/)
      assert.equal(up.count(path), 0)
    }
  })
  test('of which one is not there are the other alone', async (t) => {
    const { at } = await mirrorOf(t, { '/index/a': listing('a'), [path]: text('a') })
    assert.equal((await at.get(path)).text, 'a')
  })
})

describe('an index that changed', () => {
  test('speaks for itself, and what it said before is forgotten', async (t) => {
    const [one, two] = [item('one.tgz', 'one'), item('two.tgz', 'two')]
    const { up, at } = await mirrorOf(t, {
      '/index/a': [json({ files: [one] }), json({ files: [two] })],
      '/files/a/one.tgz': text('one'),
      '/files/a/two.tgz': text('two'),
    })
    await at.get('/index/a')
    await at.get('/index/a')
    assert.equal((await at.failure('/files/a/one.tgz')).code, 'NOT_FOUND')
    assert.equal((await at.get('/files/a/two.tgz')).text, 'two')
    assert.equal(up.count('/files/a/one.tgz'), 0)
    assert.equal(at.mirror.catalog.facts.readings().length, 1)
  })
  test('is asked again when it does not name what a client wants', async (t) => {
    const [one, two] = [item('one.tgz', 'one'), item('two.tgz', 'two')]
    const { at } = await mirrorOf(
      t,
      { '/index/a': [json({ files: [one] }), json({ files: [one, two] })], '/files/a/two.tgz': text('two') },
      { policy: { freshFor: 9e9 } },
    )
    await at.get('/index/a')
    at.clock.pass(60_000)
    assert.equal((await at.get('/files/a/two.tgz')).text, 'two')
  })
  test('whose new state cannot be read leaves the old one', async (t) => {
    const { at } = await mirrorOf(t, {
      '/index/a': [json({ files: [item('a.tgz', 'a')] }), json({ files: [], broken: 'read' })],
      '/files/a/a.tgz': text('a'),
    })
    await at.get('/index/a')
    assert.equal((await at.get('/index/a')).cache, 'STALE')
    assert.equal((await at.get('/files/a/a.tgz')).text, 'a')
    assert.equal(at.mirror.catalog.facts.readings().length, 1)
    assert.deepEqual(await at.leftovers(), [])
  })
})

describe('what a policy requires', () => {
  const routes = {
    '/index/a': json({ files: [item('a.tgz', 'a'), { file: 'bare.tgz', version: '1.0.0' }] }),
    '/files/a/a.tgz': text('a'),
    '/files/a/bare.tgz': text('bare'),
  }
  test('is the weakest proof that is accepted', async (t) => {
    const { at } = await mirrorOf(t, routes, { policy: { require: 'digest' } })
    assert.equal((await at.get('/files/a/a.tgz')).text, 'a')
    assert.equal((await at.failure('/files/a/bare.tgz')).code, 'REQUIREMENT')
    assert.deepEqual(await at.leftovers(), [])
  })
  test('holds for what is held, and for bytes that another path has brought', async (t) => {
    const { at } = await mirrorOf(t, { ...routes, '/index/b': json({ files: [item('a.tgz', 'a')] }) })
    await at.get('/files/a/a.tgz')
    await at.get('/index/b')
    const strict = await at.reopen({
      policy: { require: 'signature', rules: [{ match: '/index/*', policy: 'immutable', where: { file: '' } }] },
    })
    t.after(() => strict.close())
    assert.equal((await strict.failure('/files/a/a.tgz')).code, 'REQUIREMENT')
    assert.equal((await strict.failure('/files/b/a.tgz')).code, 'REQUIREMENT')
  })
})

describe('lockfiles', () => {
  const from = { file: 'lock.json', line: 7 }
  const want = (content: string) => ({ name: 'a', range: '=1.0.0', digests: [{ sha256: sha256(content) }], from })
  test('vouch for what they name, from then on', async (t) => {
    const { at } = await mirrorOf(t, { '/index/a': json({ files: [item('a.tgz', 'a')] }), '/files/a/a.tgz': text('a') })
    const synced = await at.sync([want('a')])
    assert.deepEqual(synced.codes, [])
    const held = at.mirror.catalog.refs.get('shelf', '/files/a/a.tgz', '', 0)
    assert.equal(held?.proof, 'lockfile')
    assert.match(held?.proven ?? '', /lock\.json/)
  })
  test('that disagree with the index are an error that names both, and nothing is fetched', async (t) => {
    const { up, at } = await mirrorOf(t, {
      '/index/a': json({ files: [item('a.tgz', 'a')] }),
      '/files/a/a.tgz': text('a'),
    })
    const { faults } = await at.sync([want('b')])
    assert.deepEqual(
      faults.map(({ error }) => [error.code, error.facts.file, error.facts.line]),
      [['DISAGREEMENT', 'lock.json', 7]],
    )
    assert.match(faults[0]?.error.message ?? '', /lock\.json and the index of shelf/)
    assert.equal(up.count('/files/a/a.tgz'), 0)
  })
  test('disagree with an index that changes later', async (t) => {
    const { up, at } = await mirrorOf(t, {
      '/index/a': json({ files: [item('a.tgz', 'a')] }),
      '/files/a/a.tgz': text('a'),
    })
    await at.sync([want('a')])
    up.set('/index/a', json({ files: [item('a.tgz', 'evil')] }))
    up.set('/files/a/a.tgz', text('evil'))
    await at.get('/index/a')
    assert.equal((await at.get('/files/a/a.tgz')).text, 'a', 'what is held stays as it is')
    const held = at.mirror.catalog.refs.get('shelf', '/files/a/a.tgz', '', 0)
    if (held !== undefined) at.mirror.catalog.refs.drop(held)
    assert.equal((await at.failure('/files/a/a.tgz')).code, 'DISAGREEMENT')
  })
})
