import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { run } from '../../src/commands/run.ts'
import { exitCode } from '../../src/errors.ts'
import {
  cooldown,
  day,
  hour,
  item,
  mirrorOf,
  noon,
  rule,
  type Synced,
  sha256,
  type TestMirror,
} from '../builders/mirror.ts'
import { bytesOf, file, json, type Script, status, text } from '../fakes/upstream.ts'

/** Packages by name with the names they need; each has one file of its own bytes. */
function shelfOf(packages: Readonly<Record<string, readonly string[]>>): Record<string, Script> {
  const routes: Record<string, Script> = {}
  for (const [name, needs] of Object.entries(packages)) {
    routes[`/index/${name}`] = json({ files: [item(`${name}.tgz`, `bytes of ${name}`, { needs })] }, { etag: true })
    routes[`/files/${name}/${name}.tgz`] = text(`bytes of ${name}`)
  }
  return routes
}
const tree = shelfOf({ a: ['b', 'c'], b: ['c'], c: [], d: [] })
const paths = ({ items }: Synced): readonly string[] => items.map((one) => one.path).sort()
const asked = (requests: readonly { readonly path: string }[]): readonly string[] =>
  requests.map((one) => one.path).sort()
const code = (synced: Synced): number => exitCode(synced.faults.map(({ error }) => error))

/** Equal bytes for everything that is held, without upstream. */
async function replays(at: TestMirror, bodies: Readonly<Record<string, string>>): Promise<void> {
  at.offline = true
  for (const [path, body] of Object.entries(bodies)) assert.equal((await at.get(path)).text, body, path)
  at.offline = false
}

describe('a sync', () => {
  test('holds the closure, each thing once', async (t) => {
    const { up, at } = await mirrorOf(t, tree)
    const synced = await at.sync(['a'])
    const all = ['a', 'b', 'c'].flatMap((name) => [`/index/${name}`, `/files/${name}/${name}.tgz`]).sort()
    assert.deepEqual(paths(synced), all)
    assert.deepEqual(asked(up.requests), all)
    assert.deepEqual(synced.faults, [])
    await replays(
      at,
      Object.fromEntries(['a', 'b', 'c'].map((name) => [`/files/${name}/${name}.tgz`, `bytes of ${name}`])),
    )
  })

  test('again asks for the indexes alone, by condition', async (t) => {
    const { up, at } = await mirrorOf(t, tree)
    await at.sync(['a'])
    up.reset()
    at.clock.pass(hour)
    const again = await at.sync(['a'])
    assert.deepEqual(asked(up.requests), ['/index/a', '/index/b', '/index/c'])
    assert.ok(up.requests.every((one) => one.headers['if-none-match'] !== undefined))
    assert.deepEqual([...new Set(again.items.map((one) => one.outcome))].sort(), ['held', 'unchanged'])
  })

  test('asks for an index however fresh it is for clients', async (t) => {
    const { up, at } = await mirrorOf(t, tree, { policy: { freshFor: 99 * day } })
    await at.sync(['d'])
    at.clock.pass(1)
    up.reset()
    await at.sync(['d'])
    assert.deepEqual(asked(up.requests), ['/index/d'])
  })

  test('takes what a client has fetched already', async (t) => {
    const { up, at } = await mirrorOf(t, tree)
    await at.get('/files/d/d.tgz')
    at.clock.pass(1)
    up.reset()
    assert.equal((await at.sync(['d'])).items.find((one) => one.path === '/files/d/d.tgz')?.outcome, 'held')
    assert.deepEqual(asked(up.requests), ['/index/d'])
  })

  test('shares a download with a client', async (t) => {
    const big = bytesOf(2_000_000, 5)
    const { up, at } = await mirrorOf(t, {
      '/index/a': json({ files: [item('a.tgz', big)] }),
      '/files/a/a.tgz': file(big, { bytesPerSecond: 8_000_000 }),
    })
    const [got, synced] = await Promise.all([at.get('/files/a/a.tgz'), at.sync(['a'])])
    assert.ok(got.bytes.equals(big))
    assert.deepEqual(synced.codes, [])
    assert.equal(up.count('/files/a/a.tgz'), 1)
  })

  test('holds only what policy allows, and says what lacks', async (t) => {
    const young = item('young.tgz', 'young', { version: '2.0.0', published: noon - hour })
    const old = item('old.tgz', 'old', { published: noon - 9 * day })
    const { up, at } = await mirrorOf(
      t,
      { ...tree, '/index/e': json({ files: [old, young] }), '/files/e/old.tgz': text('old') },
      {
        policy: {
          deny: [rule('pkg:shelf/b')],
          cooldown: cooldown({ packages: [{ ...rule('pkg:shelf/e'), cooldown: day }] }),
        },
      },
    )
    const synced = await at.sync(['a', 'e'])
    assert.deepEqual(
      synced.faults.map(({ error, name }) => [error.code, name]),
      [['DENIED', 'b']],
    )
    assert.match(synced.faults[0]?.error.message ?? '', /denied by pkg:shelf\/b \(test\.yaml:1\)/)
    assert.ok(!paths(synced).some((path) => path.includes('/files/b/') || path.includes('young')))
    assert.equal(up.count('/files/b/b.tgz') + up.count('/files/e/young.tgz'), 0)
    assert.equal(code(synced), 5)
  })

  test('tells the rule and the date of what waits', async (t) => {
    const young = item('young.tgz', 'young', { version: '2.0.0', published: noon - hour })
    const policy = { cooldown: cooldown({ packages: [{ ...rule('pkg:shelf/e'), cooldown: day }] }) }
    const { at } = await mirrorOf(t, { '/index/e': json({ files: [young] }) }, { policy })
    const [fault] = (await at.sync(['e'])).faults
    assert.deepEqual([fault?.error.code, fault?.error.facts.until], ['COOLDOWN', noon + day - hour])
    assert.match(fault?.error.message ?? '', /e 2\.0\.0 is withheld: .*pkg:shelf\/e .*2026-01-03T11:00/)
  })
})

describe('a sync with faults', () => {
  const rows: readonly (readonly [what: string, path: string, step: Script, code: string, exit: number])[] = [
    ['an upstream that fails', '/files/b/b.tgz', status(503), 'UPSTREAM_STATUS', 6],
    ['a file that is not there', '/files/b/b.tgz', status(404), 'NOT_FOUND', 3],
    ['wrong bytes', '/files/b/b.tgz', text('wrong of b'), 'WRONG_DIGEST', 4],
    ['an index that is not there', '/index/b', status(404), 'UNSATISFIED', 3],
    ['credentials that are refused', '/files/b/b.tgz', status(401), 'UPSTREAM_AUTH', 6],
  ]
  for (const [what, path, step, is, exit] of rows) {
    test(`${what}: the rest is held, and the code says so`, async (t) => {
      const { up, at } = await mirrorOf(t, { ...tree, [path]: step })
      const synced = await at.sync(['a', 'd'])
      assert.deepEqual([synced.codes, code(synced)], [[is], exit])
      await replays(at, {
        '/files/a/a.tgz': 'bytes of a',
        '/files/c/c.tgz': 'bytes of c',
        '/files/d/d.tgz': 'bytes of d',
      })
      assert.deepEqual(await at.leftovers(), [])
      up.set(path, tree[path] ?? status(404))
      at.clock.pass(1)
      assert.deepEqual((await at.sync(['a', 'd'])).codes, [])
      await replays(at, { '/files/b/b.tgz': 'bytes of b' })
    })
  }

  test('an entry that no route fits is one fault, not the end of all', async (t) => {
    const odd = item('x', 'x', { path: '/index/a/more/and/more' })
    const { at } = await mirrorOf(t, {
      '/index/a': json({ files: [odd, item('a.tgz', 'a')] }),
      '/files/a/a.tgz': text('a'),
    })
    const synced = await at.sync(['a'])
    assert.deepEqual(synced.codes, ['NO_ROUTE'])
    assert.ok(paths(synced).includes('/files/a/a.tgz'))
  })
})

describe('a dry run', () => {
  test('fetches documents alone, and tells what would come', async (t) => {
    const { up, at } = await mirrorOf(t, tree)
    await at.get('/files/c/c.tgz')
    up.reset()
    at.clock.pass(1)
    const planned = await at.sync(['a'], { dryRun: true })
    assert.deepEqual(asked(up.requests), ['/index/a', '/index/b', '/index/c'])
    const files = planned.items.filter((one) => one.path.startsWith('/files/'))
    assert.deepEqual(files.map(({ path, outcome, bytes }) => [path, outcome, bytes]).sort(), [
      ['/files/a/a.tgz', 'missing', 10],
      ['/files/b/b.tgz', 'missing', 10],
      ['/files/c/c.tgz', 'held', 0],
    ])
  })
})

describe('a stopped sync', () => {
  test('ends at once, keeps what is whole, and goes on the next time', async (t) => {
    const names = Array.from({ length: 30 }, (_, index) => `p${index}`)
    const routes = shelfOf(Object.fromEntries(names.map((name) => [name, []])))
    for (const name of names) routes[`/files/${name}/${name}.tgz`] = text(`bytes of ${name}`, { delay: 50 })
    routes['/files/p29/p29.tgz'] = text('bytes of p29', { bytesPerSecond: 1, times: 1, next: text('bytes of p29') })
    const { up, at } = await mirrorOf(t, routes)
    const stopping = new AbortController()
    const started = performance.now()
    const held = () => [...at.mirror.catalog.refs.scan('shelf')].filter((ref) => ref.kind === 'artifact').length
    const watch = setInterval(() => held() > 0 && stopping.abort(), 20)
    const cut = await at.sync(names, { signal: stopping.signal, concurrency: 4 })
    clearInterval(watch)
    // the slow file alone takes twelve seconds
    assert.ok(performance.now() - started < 8000)
    assert.deepEqual(cut.codes, ['STOPPED'])
    assert.deepEqual(await at.leftovers(), [])
    const kept = held()
    assert.ok(kept > 0 && kept < names.length, `${kept} are held`)
    up.reset()
    at.clock.pass(1)
    assert.deepEqual((await at.sync(names)).codes, [])
    assert.ok(asked(up.requests).filter((path) => path.startsWith('/files/')).length <= names.length - kept)
    await replays(at, Object.fromEntries(names.map((name) => [`/files/${name}/${name}.tgz`, `bytes of ${name}`])))
  })
})

describe('what is held', () => {
  test('is served offline with the very bytes that were served online, by the next process too', async (t) => {
    const { at } = await mirrorOf(t, tree)
    await at.sync(['a', 'd'])
    const before: Record<string, { text: string; etag?: string; modified?: number }> = {}
    const all = ['a', 'b', 'c', 'd'].flatMap((name) => [`/index/${name}`, `/files/${name}/${name}.tgz`])
    for (const path of all) before[path] = await at.get(path)
    const again = await at.reopen({ offline: true })
    t.after(() => again.close())
    again.clock.pass(99 * day)
    for (const path of all) {
      const { text, etag, modified } = await again.get(path)
      assert.deepEqual([text, etag, modified], [before[path]?.text, before[path]?.etag, before[path]?.modified], path)
    }
  })
})

describe('run()', () => {
  async function ran(at: TestMirror, wants: readonly string[], dryRun = false) {
    const selectors = wants.map((name) => ({ name, from: { file: 'manifest.yaml' } }))
    const context = {
      settings: { keepFree: { bytes: 0 }, maxGrowth: Number.POSITIVE_INFINITY, origins: {} },
      signal: new AbortController().signal,
      files: [],
      json: true,
      quiet: true,
    } as unknown as Parameters<typeof run>[0]
    const events = { ...at.mirror.events }
    const workspace = {
      ...{ mirror: at.mirror, events, cleaned: { files: 0, bytes: 0 } },
      places: { catalog: '', store: '' },
    } as unknown as Parameters<typeof run>[1]
    return run(context, workspace, {
      command: 'sync',
      holder: 'manifest.yaml',
      dryRun,
      wants: new Map([['shelf', selectors]]),
    })
  }

  test('counts requests, proofs and bytes, and remembers who holds what', async (t) => {
    const { at } = await mirrorOf(t, tree)
    const summary = await ran(at, ['a'])
    assert.equal(summary.code, 0)
    assert.equal(summary.changed, true)
    const { requests, fetched, items } = summary.repositories.shelf ?? {}
    assert.deepEqual([requests, fetched, items], [6, 6, 6])
    assert.deepEqual(at.mirror.catalog.holds.of('shelf', '/files/c/c.tgz'), ['manifest.yaml'])
    at.clock.pass(1)
    const again = await ran(at, ['a'])
    assert.equal(again.changed, false)
    assert.equal(again.repositories.shelf?.requests, 3)
    assert.equal(at.mirror.catalog.runs.list(9).length, 2)
  })

  test('lets go of what is no longer wanted, but not after faults', async (t) => {
    const { up, at } = await mirrorOf(t, tree)
    await ran(at, ['a', 'd'])
    at.clock.pass(1)
    up.set('/index/a', status(503))
    assert.equal((await ran(at, ['a'])).code, 6)
    assert.deepEqual(at.mirror.catalog.holds.of('shelf', '/files/d/d.tgz'), ['manifest.yaml'])
    at.clock.pass(1)
    up.set('/index/a', tree['/index/a'] ?? status(404))
    assert.equal((await ran(at, ['a'])).code, 0)
    assert.deepEqual(at.mirror.catalog.holds.of('shelf', '/files/d/d.tgz'), [])
    assert.deepEqual(at.mirror.catalog.holds.of('shelf', '/files/a/a.tgz'), ['manifest.yaml'])
  })

  test('of a dry run changes nothing', async (t) => {
    const { at } = await mirrorOf(t, tree)
    const summary = await ran(at, ['a'], true)
    assert.equal(summary.code, 0)
    assert.equal(at.mirror.catalog.holds.holders().length, 0)
    assert.equal(at.mirror.catalog.refs.get('shelf', '/files/a/a.tgz', '', 0), undefined)
    assert.equal(at.mirror.catalog.blobs.get(sha256('bytes of a')), undefined)
  })
})

describe('a lockfile that names files', () => {
  const index = json({ files: [item('a.jar', 'jar', { digests: {} }), item('a.pom', 'pom', { digests: {} })] })
  const routes = { '/index/a': index, '/files/a/a.jar': text('jar'), '/files/a/a.pom': text('pom') }
  const wanting = (content: string) => {
    const digests = { sha256: sha256(content) }
    const files = [{ name: 'a.jar', digests }]
    return [{ name: 'a', range: '=1.0.0', digests: [digests], files, from: { file: 'lock' } }]
  }

  test('vouches for those alone, and not for the others of the version', async (t) => {
    const { at } = await mirrorOf(t, routes)
    assert.deepEqual((await at.sync(wanting('jar'))).codes, [])
    const proofs = ['jar', 'pom'].map((end) => at.mirror.catalog.refs.get('shelf', `/files/a/a.${end}`, '', 0)?.proof)
    assert.deepEqual(proofs, ['lockfile', 'first-seen'])
  })

  test('refuses another file under that name', async (t) => {
    const { at } = await mirrorOf(t, routes)
    assert.deepEqual((await at.sync(wanting('another'))).codes, ['WRONG_DIGEST'])
  })
})
