import assert from 'node:assert/strict'
import { chmod, truncate, writeFile } from 'node:fs/promises'
import { type TestContext, test } from 'node:test'
import type { EngineEvent } from '../../src/engine/events.ts'
import type { Verified } from '../../src/engine/verify.ts'
import { day, hour, item, mirrorOf, sha256, suite, type TestMirror } from '../builders/mirror.ts'
import { verified } from '../builders/verify.ts'
import { json, type Script, text, type Upstream } from '../fakes/upstream.ts'

const brief = (items: readonly Verified[]): string[] =>
  items.map(({ path, proof, error, repaired, unnamed }) =>
    [path, error?.code ?? proof, ...(repaired ? ['repaired'] : []), ...(unnamed ? ['unnamed'] : [])].join(' '),
  )

const shelf = (contents: Readonly<Record<string, string>>): Record<string, Script> => ({
  '/index/a': json({ files: Object.entries(contents).map(([file, content]) => item(file, content)) }),
  ...Object.fromEntries(Object.entries(contents).map(([file, content]) => [`/files/a/${file}`, text(content)])),
})

/** A mirror that holds `/index/a` and the files it names. */
async function holding(
  t: TestContext,
  contents: Readonly<Record<string, string>> = { one: 'first', two: 'second' },
): Promise<{ readonly up: Upstream; readonly at: TestMirror }> {
  const made = await mirrorOf(t, shelf(contents))
  for (const file of Object.keys(contents)) await bring(made.at, `/files/a/${file}`)
  return made
}

async function bring(at: TestMirror, path: string): Promise<void> {
  await at.get(path)
  await at.mirror.flights.idle()
  await at.mirror.holder.settle()
}

async function chained(t: TestContext, pool: Readonly<Record<string, string>>) {
  const files = suite('stable', 1, { main: pool })
  const routes = Object.fromEntries(Object.entries(files).map(([path, content]) => [path, text(content)]))
  const made = await mirrorOf(t, routes, { ecosystem: 'chain' })
  await made.at.sync(['stable'], { item: () => undefined })
  return made
}

const fileOf = ({ data }: TestMirror, digest: string): string => `${data}/blobs/sha256/${digest.slice(0, 2)}/${digest}`

async function damage(at: TestMirror, content: string, instead: string): Promise<void> {
  const file = fileOf(at, sha256(content))
  await chmod(file, 0o644)
  await writeFile(file, instead)
}

test('proves what is held, and says how', async (t) => {
  const { at } = await holding(t)
  assert.deepEqual(brief(await verified(at)), ['/files/a/one digest', '/files/a/two digest', '/index/a first-seen'])
})

test('proves a chain by the signature of its root', async (t) => {
  const { at } = await chained(t, { '/pool/a/one': 'first' })
  assert.deepEqual(brief(await verified(at)), [
    '/pool/a/one signature',
    '/stable/lists/main signature',
    '/stable/root signature',
  ])
})

test('asks nobody', async (t) => {
  const { at, up } = await holding(t)
  up.reset()
  await verified(at)
  assert.equal(up.count(), 0)
})

test('finds a flipped byte', async (t) => {
  const { at } = await holding(t)
  await damage(at, 'first', 'fIrst')
  assert.deepEqual(brief(await verified(at)), ['/files/a/one DAMAGED', '/files/a/two digest', '/index/a first-seen'])
})

test('finds bytes that are missing', async (t) => {
  const { at } = await holding(t)
  await at.mirror.store.delete(sha256('first'))
  assert.match((await verified(at))[0]?.error?.message ?? '', /missing/)
})

test('finds a file that was cut off', async (t) => {
  const { at } = await holding(t)
  await truncate(fileOf(at, sha256('first')), 2)
  assert.match((await verified(at))[0]?.error?.message ?? '', /2 bytes in place of 5/)
})

test('names every path of damaged bytes', async (t) => {
  const { at } = await holding(t, { one: 'same', two: 'same' })
  await damage(at, 'same', 'game')
  assert.deepEqual(brief(await verified(at)), ['/files/a/one DAMAGED', '/files/a/two DAMAGED', '/index/a first-seen'])
})

test('finds bytes that are not those which their index states', async (t) => {
  const { at } = await holding(t)
  const { refs } = at.mirror.catalog
  const [one, two] = ['/files/a/one', '/files/a/two'].map((path) => refs.get('shelf', path, '', 0))
  if (one === undefined || two === undefined) throw new Error('not held')
  refs.put({ ...one, sha256: two.sha256 })
  assert.deepEqual(brief(await verified(at)), [
    '/files/a/one WRONG_DIGEST',
    '/files/a/two digest',
    '/index/a first-seen',
  ])
})

test('finds a signature that does not hold', async (t) => {
  const { at } = await chained(t, { '/pool/a/one': 'first' })
  const { refs, blobs, facts } = at.mirror.catalog
  const root = [...refs.scan()].find((ref) => ref.path === '/stable/root')
  if (root?.sha256 === undefined) throw new Error('not held')
  const forged = JSON.stringify({ date: 1, signature: 'forged', lists: {} })
  const made = await at.mirror.store.put(
    (async function* () {
      yield Buffer.from(forged)
    })(),
  )
  blobs.put(made.sha256, made.size, { sha256: made.sha256 }, at.clock.now)
  refs.put({ ...root, sha256: made.sha256, size: made.size })
  facts.drop(facts.reading('chain', '/stable/root', root.sha256) ?? 0)
  assert.equal(
    brief(await verified(at)).find((line) => line.startsWith('/stable/root')),
    '/stable/root BAD_SIGNATURE',
  )
})

test('finds a document that does not say what the catalog remembers of it', async (t) => {
  const { at } = await holding(t)
  const { facts, refs } = at.mirror.catalog
  const index = refs.get('shelf', '/index/a', '', 0)?.sha256 ?? ''
  facts.drop(facts.reading('shelf', '/index/a', index) ?? 0)
  const reading = facts.begin('shelf', '/index/a', index, at.clock.now)
  facts.add('shelf', reading, [{ path: '/files/a/one', digests: { sha256: sha256('first') } }])
  facts.add('shelf', reading, [{ path: '/files/a/two', digests: { sha256: sha256('other') } }])
  facts.complete(reading)
  assert.deepEqual(brief(await verified(at)), ['/files/a/one digest', '/files/a/two WRONG_DIGEST', '/index/a DAMAGED'])
})

test('reports what no index names any more, and does not call it wrong', async (t) => {
  const { at, up } = await holding(t)
  up.set('/index/a', json({ files: [item('two', 'second')] }))
  await bring(at, '/index/a')
  const items = await verified(at)
  assert.equal(brief(items)[0], '/files/a/one digest unnamed')
})

test('finds a damaged view', async (t) => {
  const { at } = await holding(t)
  await bring(at, '/index/a')
  const view = at.mirror.catalog.views.all()[0]?.sha256 ?? ''
  await chmod(fileOf(at, view), 0o644)
  await writeFile(fileOf(at, view), 'nonsense')
  const found = (await verified(at)).filter(({ proof }) => proof === 'made')
  assert.deepEqual(brief(found), ['/index/a DAMAGED'])
  await verified(at, { repair: true })
  assert.match((await at.get('/index/a')).text, /one/)
})

test('fetches again what is damaged, documents first', async (t) => {
  const { at, up } = await holding(t)
  const index = at.mirror.catalog.refs.get('shelf', '/index/a', '', 0)?.sha256 ?? ''
  await chmod(fileOf(at, index), 0o644)
  await writeFile(fileOf(at, index), 'nonsense')
  await damage(at, 'first', 'worst')
  up.reset()
  const repaired = brief(await verified(at, { repair: true }))
  assert.deepEqual(repaired, ['/files/a/one DAMAGED repaired', '/files/a/two digest', '/index/a DAMAGED repaired'])
  assert.deepEqual(
    up.requests.map(({ path }) => path),
    ['/index/a', '/files/a/one'],
  )
  assert.deepEqual(brief(await verified(at)), ['/files/a/one digest', '/files/a/two digest', '/index/a first-seen'])
})

test('repairs a chain in the generation that is served', async (t) => {
  const { at } = await chained(t, { '/pool/a/one': 'first' })
  for (const ref of at.mirror.catalog.refs.scan('chain')) await at.mirror.store.delete(ref.sha256 ?? '')
  const repaired = await verified(at, { repair: true })
  assert.deepEqual(
    repaired.map(({ repaired }) => repaired),
    [true, true, true],
  )
  assert.deepEqual(
    brief(await verified(at)).map((line) => line.split(' ')[1]),
    ['signature', 'signature', 'signature'],
  )
})

test('drops what it could not fetch again, and says so', async (t) => {
  const { at, up } = await holding(t)
  await damage(at, 'first', 'worst')
  up.remove('/files/a/one')
  const [one] = await verified(at, { repair: true })
  assert.deepEqual([one?.error?.code, one?.repaired], ['DAMAGED', undefined])
  assert.equal(at.mirror.catalog.refs.get('shelf', '/files/a/one', '', 0), undefined)
  assert.equal(await at.mirror.store.stat(sha256('first')), undefined)
})

test('a repair that is cut off leaves nothing damaged to be linked as if it were good', async (t) => {
  const { at } = await holding(t)
  await damage(at, 'first', 'worst')
  await damage(at, 'second', 'damage')
  const { store } = at.mirror
  let calls = 0
  const cutOff = async (): Promise<never> => {
    calls += 1
    throw new Error('the power fails')
  }
  const mirror = { ...at.mirror, store: { ...store, delete: cutOff } }
  await assert.rejects(verified({ ...at, mirror }, { repair: true }), /the power fails/)
  assert.equal(calls, 1)
  const told = brief(await verified(at))
  for (const [file, content] of Object.entries({ one: 'first', two: 'second' })) {
    if (told.includes(`/files/a/${file} DAMAGED`)) continue
    assert.equal((await at.get(`/files/a/${file}`)).text, content)
  }
  await verified(at, { repair: true })
  assert.deepEqual(brief(await verified(at)), ['/files/a/one digest', '/files/a/two digest', '/index/a first-seen'])
})

test('looks at one repository, or at a sample', async (t) => {
  const { at } = await holding(t)
  const draws = [0.9, 0.01, 0.9]
  assert.deepEqual(brief(await verified(at, { repo: 'other' })), [])
  assert.equal((await verified(at, { sample: 0.05, random: () => draws.pop() ?? 1 })).length, 1)
})

test('keeps time apart from truth: what was in time when it came is not wrong later', async (t) => {
  const files = suite('stable', 1, { main: {} }, { until: Date.UTC(2026, 0, 3) })
  const routes = Object.fromEntries(Object.entries(files).map(([path, content]) => [path, text(content)]))
  const { at } = await mirrorOf(t, routes, { ecosystem: 'chain' })
  await at.sync(['stable'], { item: () => undefined })
  at.clock.pass(30 * day)
  assert.deepEqual(brief(await verified(at)), ['/stable/lists/main signature', '/stable/root signature'])
})

test('an older generation is not held against the newer one', async (t) => {
  const { at, up } = await chained(t, { '/pool/a/one': 'first' })
  at.clock.pass(hour)
  for (const [path, content] of Object.entries(suite('stable', 2, { main: { '/pool/a/two': 'second' } })))
    up.set(path, text(content))
  await at.sync(['stable'], { item: () => undefined })
  assert.deepEqual(
    (await verified(at)).filter(({ error }) => error !== undefined),
    [],
  )
})

test('tells progress: what is planned, bytes, and every finished path', async (t) => {
  const { at } = await holding(t)
  const told: EngineEvent[] = []
  at.mirror.events.subscribe((event) => told.push(event))
  await verified(at)
  const of = (type: EngineEvent['type']) => told.filter((event) => event.type === type)
  assert.deepEqual([of('planned').length, of('finished').length, of('progress').length], [1, 3, 3])
})

test('stops when it is told to', async (t) => {
  const { at } = await holding(t)
  await assert.rejects(verified(at, { signal: AbortSignal.abort() }), { code: 'STOPPED' })
})

test('looks at what only snapshots name, and mends it from elsewhere alone', async (t) => {
  const { at, up } = await holding(t)
  at.mirror.catalog.snapshots.create({ name: 'before', time: at.clock.now })
  const ref = at.mirror.catalog.refs.get('shelf', '/files/a/one', '', 0)
  assert.ok(ref !== undefined)
  at.mirror.catalog.refs.drop(ref)
  const [first] = await verified(at)
  assert.deepEqual([first?.path, first?.error], ['/files/a/one', undefined])
  assert.match(first?.proven ?? '', /for a snapshot$/)
  await damage(at, 'first', 'worst')
  up.reset()
  assert.deepEqual(brief(await verified(at)).at(0), '/files/a/one DAMAGED')
  assert.deepEqual(brief(await verified(at, { repair: true })).at(0), '/files/a/one DAMAGED')
  assert.equal(up.count(), 0, 'upstream may have moved on')
  const elsewhere = () => [() => pieces('other'), () => pieces('first')]
  assert.deepEqual(brief(await verified(at, { repair: true, elsewhere })).at(0), '/files/a/one DAMAGED repaired')
  assert.deepEqual(brief(await verified(at)).at(0), '/files/a/one digest')
})

async function* pieces(content: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(content)
}
