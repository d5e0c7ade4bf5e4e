import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createDescriptors } from '../../src/server/descriptors.ts'
import { fakeStore } from './harness.ts'

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('open blobs', () => {
  it('are shared, and stay open while one of their readers is left', async () => {
    const store = fakeStore()
    const { sha256 } = store.add(Buffer.from('a'))
    const descriptors = createDescriptors(store, 8, Date.now)
    const [first, second] = await Promise.all([descriptors.hold(sha256), descriptors.hold(sha256)])
    descriptors.close()
    first?.release()
    first?.release()
    await settled()
    assert.deepEqual([store.opens, store.closes], [1, 0])
    second?.release()
    await settled()
    assert.equal(store.closes, 1)
  })

  it('are closed when nobody has used them for a minute', async (context) => {
    context.mock.timers.enable({ apis: ['setInterval', 'Date'] })
    const store = fakeStore()
    const [idle, busy] = [store.add(Buffer.from('idle')), store.add(Buffer.from('busy'))]
    const descriptors = createDescriptors(store, 8, Date.now)
    const held = await descriptors.hold(idle.sha256)
    held?.release()
    await descriptors.hold(busy.sha256)
    context.mock.timers.tick(120_000)
    await settled()
    assert.deepEqual([store.opens, store.closes], [2, 1])
    descriptors.close()
  })

  it('are not remembered as missing', async () => {
    const store = fakeStore()
    const descriptors = createDescriptors(store, 8, Date.now)
    const blob = store.add(Buffer.from('a'))
    store.remove(blob)
    assert.equal(await descriptors.hold(blob.sha256), undefined)
    store.add(Buffer.from('a'))
    assert.ok(await descriptors.hold(blob.sha256))
    descriptors.close()
  })
})
