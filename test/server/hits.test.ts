import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHits, type Use } from '../../src/server/hits.ts'
import { item, mirrorOf } from '../builders/mirror.ts'
import { file, json } from '../fakes/upstream.ts'

test('hits that cannot be written are told, and wait for the next time', async (t) => {
  const routes = { '/index/a': json({ files: [item('a-1', 'one')] }), '/files/a/a-1': file(Buffer.from('one')) }
  const { at } = await mirrorOf(t, routes)
  await at.get('/files/a/a-1')
  const { refs } = at.mirror.catalog
  const full = Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' })
  let isFull = true
  const write = (uses: readonly Use[]): void => {
    if (isFull) throw full
    refs.used(uses)
  }
  const told: string[] = []
  const hits = createHits(write, at.mirror.now, ({ code }) => void told.push(code))
  t.after(() => hits.close())
  const one = { repo: 'shelf', path: '/files/a/a-1' }
  const held = () => refs.get('shelf', '/files/a/a-1', '', 0)?.hits
  hits.count(one)
  hits.flush()
  hits.count(one)
  isFull = false
  hits.flush()
  hits.flush()
  assert.deepEqual([told, held()], [['DISK_FULL'], 2])
})
