import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHits } from '../../src/server/hits.ts'
import { item, mirrorOf } from '../builders/mirror.ts'
import { file, json } from '../fakes/upstream.ts'

test('hits that cannot be written are told, and wait for the next time', async (t) => {
  const routes = { '/index/a': json({ files: [item('a-1', 'one')] }), '/files/a/a-1': file(Buffer.from('one')) }
  const { at } = await mirrorOf(t, routes)
  const { resource } = await at.get('/files/a/a-1')
  const { catalog } = at.mirror
  const full = Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' })
  let isFull = true
  const refs = {
    ...catalog.refs,
    used(uses: Parameters<typeof catalog.refs.used>[0]) {
      if (isFull) throw full
      catalog.refs.used(uses)
    },
  }
  const told: string[] = []
  const hits = createHits({ ...catalog, refs }, at.mirror.now, ({ code }) => void told.push(code))
  t.after(() => hits.close())
  const held = () => catalog.refs.get('shelf', '/files/a/a-1', '', 0)?.hits
  hits.count(resource)
  hits.flush()
  hits.count(resource)
  isFull = false
  hits.flush()
  hits.flush()
  assert.deepEqual([told, held()], [['DISK_FULL'], 2])
})
