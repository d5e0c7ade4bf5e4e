import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Settings } from '../../src/config/types.ts'
import { collect } from '../../src/engine/collect.ts'
import { open } from '../../src/engine/open.ts'
import { isBlob } from '../../src/engine/served.ts'
import { openSnapshot } from '../../src/engine/snapshot.ts'
import { asMirrorError } from '../../src/errors.ts'
import {
  cooldown,
  day,
  hour,
  item,
  mirrorOf,
  rule,
  sha256,
  suite,
  type TestMirror,
  type TestMirrorOptions,
} from '../builders/mirror.ts'
import { json, text, type Upstream } from '../fakes/upstream.ts'

const never = Number.POSITIVE_INFINITY

interface Past {
  get(path: string, base?: string): Promise<string>
  close(): Promise<void>
}

/** The mirror as a snapshot saw it; what a client gets there, or the code of the failure. */
function past(t: TestContext, { mirror }: TestMirror, name: string): Past {
  const snapshot = mirror.catalog.snapshots.get(name)
  assert.ok(snapshot)
  const opened = openSnapshot(mirror, snapshot)
  let closed = false
  async function close(): Promise<void> {
    if (!closed) await opened.close()
    closed = true
  }
  t.after(close)
  return {
    close,
    async get(path, base = 'http://mirror.test') {
      const [mounted] = opened.mirror.repos.values()
      assert.ok(mounted)
      const directives = { revalidate: false, onlyIfCached: false }
      const request = { method: 'GET', path, query: new URLSearchParams(), accept: undefined, base, directives }
      try {
        const { body } = await open(opened.mirror, mounted, request, (_, types) => types[0] ?? '')
        assert.ok(isBlob(body))
        return Buffer.concat(await Array.fromAsync(mirror.store.stream(body.sha256))).toString()
      } catch (error) {
        return asMirrorError(error).code
      }
    },
  }
}

const snap = ({ mirror }: TestMirror, name: string): void =>
  void mirror.catalog.snapshots.create({ name, time: mirror.now() })

async function bring(at: TestMirror, path: string): Promise<string> {
  const { text: body } = await at.get(path)
  await at.mirror.flights.idle()
  await at.mirror.holder.settle()
  return body
}

const gc = ({ mirror }: TestMirror, keep: Partial<Settings['keep']> = {}) =>
  collect(mirror, {
    keep: { unusedFor: never, maxSize: never, maxAge: never, grace: day, pinned: [], ...keep },
    ...{ dryRun: false, force: true, signal: new AbortController().signal },
  })

function shelve(up: Upstream, versions: Readonly<Record<string, string>>): void {
  const files = Object.entries(versions).map(([version, content]) => ({ ...item(`a-${version}`, content), version }))
  up.set('/index/a', json({ files }))
  for (const [version, content] of Object.entries(versions)) up.set(`/files/a/a-${version}`, text(content))
}

async function shelf(t: TestContext, options: Partial<TestMirrorOptions> = {}) {
  const { up, at } = await mirrorOf(t, {}, { now: Date.now(), ...options })
  return { up, at }
}

const filesOf = (index: string): readonly string[] =>
  (JSON.parse(index) as { files: { file: string }[] }).files.map(({ file }) => file)

test('documents and files are those of then, while the newest state goes on', async (t) => {
  const { up, at } = await shelf(t)
  shelve(up, { '1.0.0': 'one' })
  await bring(at, '/files/a/a-1.0.0')
  snap(at, 'then')
  at.clock.pass(hour)
  shelve(up, { '2.0.0': 'two' })
  await bring(at, '/files/a/a-2.0.0')
  const then = past(t, at, 'then')
  assert.deepEqual(filesOf(await then.get('/index/a')), ['a-1.0.0'])
  assert.deepEqual([await then.get('/files/a/a-1.0.0'), await then.get('/files/a/a-2.0.0')], ['one', 'NOT_HELD'])
  assert.deepEqual(filesOf(await bring(at, '/index/a')), ['a-2.0.0'])
  assert.deepEqual(JSON.parse(await then.get('/made/holdings')), ['/files/a/a-1.0.0'])
})

test('views of then and of now do not disturb each other, in either order', async (t) => {
  const { up, at } = await shelf(t)
  shelve(up, { '1.0.0': 'one' })
  await bring(at, '/files/a/a-1.0.0')
  const first = await at.get('/index/a')
  snap(at, 'then')
  const then = past(t, at, 'then')
  const old = await then.get('/index/a')
  const views = (): readonly unknown[] =>
    at.mirror.catalog.views.all().map(({ key, used, modified }) => [key, used, modified])
  const before = views()
  at.clock.pass(hour)
  const again = await at.get('/index/a')
  assert.deepEqual([again.modified, again.etag, await then.get('/index/a')], [first.modified, first.etag, old])
  assert.deepEqual(views(), before)
})

test('what a cooldown hid then stays hidden, and what is denied today is denied', async (t) => {
  const { up, at } = await shelf(t, { policy: { cooldown: cooldown({ default: 3 * day }) } })
  const aged = (version: string, published: number) => ({ ...item(`a-${version}`, version), version, published })
  up.set('/index/a', json({ files: [aged('1.0.0', at.clock.now - 9 * day), aged('2.0.0', at.clock.now - day)] }))
  for (const version of ['1.0.0', '2.0.0']) up.set(`/files/a/a-${version}`, text(version))
  await bring(at, '/files/a/a-1.0.0')
  snap(at, 'then')
  at.clock.pass(9 * day)
  await bring(at, '/files/a/a-2.0.0')
  assert.deepEqual(filesOf(await past(t, at, 'then').get('/index/a')), ['a-1.0.0'])
  assert.deepEqual(filesOf(await bring(at, '/index/a')), ['a-1.0.0', 'a-2.0.0'])
  const stricter = await at.reopen({ policy: { deny: [rule('pkg:shelf/a')] } })
  t.after(() => stricter.close())
  assert.equal(await past(t, stricter, 'then').get('/files/a/a-1.0.0'), 'DENIED')
})

test('a suite is the whole state of then, also when gc has dropped its generation', async (t) => {
  const { up, at } = await mirrorOf(t, {}, { now: Date.now(), ecosystem: 'chain' })
  const publish = (files: Record<string, string>): void => {
    for (const [path, content] of Object.entries(files)) up.set(path, text(content))
  }
  publish(suite('s', 1, { main: { '/pool/a/a1': 'one' } }))
  await at.sync(['s'])
  snap(at, 'then')
  at.clock.pass(hour)
  publish(suite('s', 2, { main: { '/pool/a/a2': 'two' } }))
  up.set('/pool/a/a1', { status: 404 })
  await at.sync(['s'])
  at.clock.pass(9 * day)
  await gc(at, { unusedFor: hour })
  assert.equal(at.mirror.catalog.generations.all().length, 1)
  const then = past(t, at, 'then')
  assert.equal((JSON.parse(await then.get('/s/root')) as { date: number }).date, 1)
  assert.deepEqual([await then.get('/pool/a/a1'), await then.get('/pool/a/a2')], ['one', 'NOT_HELD'])
})

test('gc keeps exactly what snapshots see: all of it while they are there, nothing of it after', async (t) => {
  const { up, at } = await shelf(t)
  const { catalog, store } = at.mirror
  shelve(up, { '1.0.0': 'one' })
  await bring(at, '/files/a/a-1.0.0')
  const index = sha256((await catalogBytes(at, '/index/a')) ?? '')
  snap(at, 'then')
  shelve(up, { '2.0.0': 'two' })
  await bring(at, '/files/a/a-2.0.0')
  const before = await past(t, at, 'then').get('/index/a')
  at.clock.pass(400 * day)
  const bytes = async () =>
    Promise.all(['one', 'two'].map(async (one) => (await store.stat(sha256(one))) !== undefined))
  // the file of the old version is unused, as that of the new one is; an index is kept by nothing but the snapshot
  await gc(at, { unusedFor: day })
  assert.deepEqual([await bytes(), [...catalog.refs.scan('shelf')].length], [[true, false], 0])
  assert.notEqual(await store.stat(index), undefined)
  const then = past(t, at, 'then')
  assert.deepEqual([await then.get('/files/a/a-1.0.0'), await then.get('/index/a')], ['one', before])
  await then.close()
  assert.ok(catalog.facts.of('shelf', '/files/a/a-1.0.0').length > 0)
  catalog.snapshots.drop(catalog.snapshots.get('then')?.id ?? 0)
  at.clock.pass(2 * day)
  await gc(at)
  assert.deepEqual([await bytes(), await store.stat(index), catalog.facts.readings()], [[false, false], undefined, []])
  assert.deepEqual([[...(await Array.fromAsync(store.list()))].length, [...catalog.blobs.scan()].length], [0, 0])
})

test('a size cap takes nothing from the newest state whose bytes a snapshot keeps anyway', async (t) => {
  const { up, at } = await shelf(t)
  shelve(up, { '1.0.0': 'one' })
  await bring(at, '/files/a/a-1.0.0')
  snap(at, 'then')
  at.clock.pass(2 * day)
  await gc(at, { maxSize: 1 })
  assert.deepEqual(
    [...at.mirror.catalog.refs.scan('shelf')].map(({ path }) => path),
    ['/files/a/a-1.0.0', '/index/a'],
  )
})

test('what superseded documents said is kept for the snapshot, and speaks of nothing else', async (t) => {
  const { up, at } = await shelf(t)
  const { facts } = at.mirror.catalog
  shelve(up, { '1.0.0': 'one' })
  await bring(at, '/index/a')
  snap(at, 'then')
  shelve(up, { '2.0.0': 'two' })
  await bring(at, '/index/a')
  assert.equal(facts.of('shelf', '/files/a/a-1.0.0').length, 1)
  assert.equal((await at.failure('/files/a/a-1.0.0')).code, 'NOT_FOUND')
})

async function catalogBytes({ mirror }: TestMirror, path: string): Promise<string | undefined> {
  const ref = mirror.catalog.refs.get('shelf', path, '', 0)
  if (ref?.sha256 === undefined) return undefined
  return Buffer.concat(await Array.fromAsync(mirror.store.stream(ref.sha256))).toString()
}
