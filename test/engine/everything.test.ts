// Lists of everything: as upstream has them online, made of what is held offline and in an exported tree.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { INLINE_LIMIT } from '../../src/engine/read.ts'
import { ecosystems } from '../builders/everything.ts'
import { exportTo } from '../builders/export.ts'
import { item, mirrorOf, rule } from '../builders/mirror.ts'
import { json, text } from '../fakes/upstream.ts'

const module = new URL('../builders/everything.ts', import.meta.url)
const upstream = (list: string) => ({
  '/all': text(list),
  '/index/a': json({ files: [item('one.tgz', 'one'), item('two.tgz', 'two', { version: '2.0.0' })] }),
  '/files/a/one.tgz': text('one'),
  '/files/a/two.tgz': text('two'),
})
const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex')

for (const [how, list] of [
  ['on the main thread', 'everything'],
  ['in a worker thread', 'x'.repeat(INLINE_LIMIT + 1)],
] as const) {
  test(`a view made ${how} has the digests that its route asks for, and the tag that it makes of them`, async (t) => {
    const { at } = await mirrorOf(t, upstream(list), { ecosystems, module })
    const got = await at.get('/all')
    assert.equal(got.etag, `"${md5(got.bytes)}"`)
    assert.equal(got.twinTags, 'weak')
    assert.equal(got.headers.digest, `sha-256=${createHash('sha256').update(got.bytes).digest('hex')}`)
    // of a view that is kept the same is known
    assert.equal((await at.get('/all')).etag, got.etag)
  })
}

test('offline a list of everything is made of what is held, whether upstream’s own is held or not', async (t) => {
  for (const first of ['/all', '/index/a']) {
    const { at } = await mirrorOf(t, upstream('everything'), { ecosystems, module })
    await at.get(first)
    await at.get('/files/a/one.tgz')
    at.offline = true
    const got = await at.get('/all')
    assert.equal(got.text, '/files/a/one.tgz')
    assert.equal(got.etag, `"${md5(got.bytes)}"`)
  }
})

test('what policy hides is in no list of what is held', async (t) => {
  const { at } = await mirrorOf(t, upstream('everything'), { ecosystems, module })
  await at.get('/files/a/one.tgz')
  await at.get('/files/a/two.tgz')
  const strict = await at.reopen({ policy: { deny: [rule('pkg:shelf/a@2.0.0')] }, offline: true })
  t.after(() => strict.close())
  assert.equal((await strict.get('/all')).text, '/files/a/one.tgz')
})

function folder(t: TestContext): string {
  const made = mkdtempSync(path.join(tmpdir(), 'everything-'))
  t.after(() => rmSync(made, { recursive: true, force: true }))
  return path.join(made, 'tree')
}

test('an exported tree has the list of what is held once, though upstream’s own is held, too', async (t) => {
  const { at } = await mirrorOf(t, upstream('everything'), { ecosystems, module })
  await at.get('/all')
  await at.get('/files/a/one.tgz')
  const tree = folder(t)
  const { faults } = await exportTo(tree, at, { letterCase: 'apart' })
  assert.deepEqual(faults, [])
  assert.ok(readdirSync(path.join(tree, 'shelf')).includes('all'))
  assert.equal(readFileSync(path.join(tree, 'shelf/all'), 'utf8'), '/files/a/one.tgz')
})
