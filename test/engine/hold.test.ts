import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openCatalog } from '../../src/catalog/catalog.ts'
import { createHolder } from '../../src/engine/hold.ts'
import { openDiskStore } from '../../src/store/disk.ts'
import { refOf } from '../suites/catalog.ts'

test('what cannot be held takes nothing along of what is held in the same round', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'hold-'))
  t.after(() => rm(data, { recursive: true }))
  const catalog = openCatalog(join(data, 'catalog.db'))
  t.after(() => catalog.close())
  const store = await openDiskStore(data)
  const holder = createHolder(catalog, store, () => 0)
  const paths = ['/a', '/b', '/c']
  const held = await Promise.allSettled(
    paths.map((path) =>
      holder.hold({
        blobs: [],
        refs: [refOf({ path })],
        also() {
          if (path === '/b') throw new Error('no')
        },
      }),
    ),
  )
  assert.deepEqual(
    held.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  assert.deepEqual(
    paths.map((path) => catalog.refs.get('r', path, '', 0) !== undefined),
    [true, false, true],
  )
})
