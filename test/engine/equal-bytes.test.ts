import assert from 'node:assert/strict'
import { test } from 'node:test'
import { item, mirrorOf } from '../builders/mirror.ts'
import { bytesOf, file, json } from '../fakes/upstream.ts'

test('two paths with equal bytes, asked for at once, are fetched once and both held under their own names', async (t) => {
  const bytes = bytesOf(200_000, 3)
  const { up, at } = await mirrorOf(t, {
    '/index/a': json({ files: [item('one.bin', bytes), item('two.bin', bytes)] }),
    '/files/a/one.bin': file(bytes),
    '/files/a/two.bin': file(bytes),
  })
  await at.get('/index/a')

  const [one, two] = await Promise.all([at.get('/files/a/one.bin'), at.get('/files/a/two.bin')])

  assert.deepEqual([one.bytes.equals(bytes), two.bytes.equals(bytes)], [true, true])
  assert.equal(up.count('/files/a/one.bin') + up.count('/files/a/two.bin'), 1)
  for (const path of ['/files/a/one.bin', '/files/a/two.bin']) {
    assert.equal(at.mirror.catalog.refs.get('shelf', path, '', 0)?.path, path)
  }
})
