import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Source } from '../../src/config/types.ts'
import { item, openTestMirror, type TestMirror } from '../builders/mirror.ts'
import { json, type Script, startUpstream, text, type Upstream } from '../fakes/upstream.ts'

type Routes = Readonly<Record<string, Script>>

interface Union {
  readonly corp: Upstream
  readonly world: Upstream
  readonly at: TestMirror
}

/** A repository of two sources, the company's own first. */
async function union(t: TestContext, corp: Routes, world: Routes, limits: Partial<Source> = {}): Promise<Union> {
  const [first, second] = [await startUpstream(corp), await startUpstream(world)]
  const none = { only: [], not: [] }
  const sources = [
    { name: 'corp', upstreams: [first.url], ...none, ...limits },
    { name: 'world', upstreams: [second.url], ...none },
  ]
  const at = await openTestMirror({
    repositories: [{ ecosystem: 'shelf', upstreams: [first.url, second.url], sources }],
  })
  t.after(async () => {
    await at.close()
    await Promise.all([first.close(), second.close()])
  })
  return { corp: first, world: second, at }
}

const index = (content: string) => json({ files: [item('a.tgz', content)] })

test('a name is taken from the first source that has it', async (t) => {
  const { world, at } = await union(
    t,
    { '/index/a': index('ours'), '/files/a/a.tgz': text('ours') },
    { '/index/a': index('theirs'), '/files/a/a.tgz': text('theirs') },
  )
  assert.equal((await at.get('/files/a/a.tgz')).text, 'ours')
  assert.equal(world.count(), 0)
})

test('what the first source does not have is asked of the next, and stays with it', async (t) => {
  const { corp, at } = await union(t, {}, { '/index/a': index('theirs'), '/files/a/a.tgz': text('theirs') })
  assert.equal((await at.get('/files/a/a.tgz')).text, 'theirs')
  // a newcomer of the same name in the first source does not take its place
  corp.set('/index/a', index('ours'))
  await at.get('/index/a')
  assert.equal(corp.count('/index/a'), 1)
  assert.match((await at.get('/index/a')).text, /a\.tgz/)
  assert.equal((await at.get('/files/a/a.tgz')).text, 'theirs')
})

test('a name that has been found stays, even when its source has lost it', async (t) => {
  const { corp, world, at } = await union(t, { '/index/a': index('ours') }, { '/index/a': index('theirs') })
  await at.get('/index/a')
  corp.set('/index/a', { status: 404 })
  assert.equal((await at.failure('/index/a')).code, 'NOT_FOUND')
  assert.equal(world.count(), 0)
})

test('a source that fails is never passed over', async (t) => {
  for (const status of [500, 401, 403, 429]) {
    const { world, at } = await union(t, { '/index/a': { status } }, { '/index/a': index('theirs') })
    assert.notEqual((await at.failure('/index/a')).code, 'OK')
    assert.equal(world.count(), 0)
  }
})

test('wrong bytes of one source are not made good by another', async (t) => {
  const { world, at } = await union(
    t,
    { '/index/a': index('ours'), '/files/a/a.tgz': text('else') },
    { '/files/a/a.tgz': text('ours') },
  )
  assert.equal((await at.failure('/files/a/a.tgz')).code, 'WRONG_DIGEST')
  assert.equal(world.count(), 0)
})

test('reserved names are asked of their source alone, and it is asked for no others', async (t) => {
  const both = { '/index/corp-a': index('x'), '/index/b': index('x') }
  const { corp, world, at } = await union(t, { '/index/b': index('x') }, both, { only: ['corp-*'] })
  assert.equal((await at.failure('/index/corp-a')).code, 'NOT_FOUND')
  assert.equal(world.count(), 0)
  await at.get('/index/b')
  assert.deepEqual([corp.count('/index/b'), world.count('/index/b')], [0, 1])
})

test('a source is never asked for the names that it is not for', async (t) => {
  const { corp, world, at } = await union(t, { '/index/b': index('x') }, { '/index/b': index('x') }, { not: ['b'] })
  await at.get('/index/b')
  assert.deepEqual([corp.count(), world.count()], [0, 1])
})

test('a name stays with its source across a restart', async (t) => {
  const { corp, at } = await union(t, {}, { '/index/a': index('theirs') })
  await at.get('/index/a')
  corp.set('/index/a', index('ours'))
  const again = await at.reopen()
  t.after(() => again.close())
  await again.get('/index/a')
  assert.equal(corp.count('/index/a'), 1)
})
