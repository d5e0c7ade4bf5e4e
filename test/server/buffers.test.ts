import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createBuffers } from '../../src/server/buffers.ts'

const KiB = 1024

describe('lent buffers', () => {
  for (const [bytes, size] of [
    [0, 64],
    [100 * KiB, 64],
    [400 * KiB, 256],
    [600 * KiB, 512],
    [5000 * KiB, 512],
  ] as const)
    it(`have ${size} KiB for a body of ${bytes} bytes`, () => {
      assert.equal(createBuffers().lend(bytes).length, size * KiB)
    })

  it('are used again', () => {
    const buffers = createBuffers()
    const buffer = buffers.lend(5000 * KiB)
    buffers.giveBack(buffer)
    assert.equal(buffers.lend(5000 * KiB), buffer)
  })

  it('are not used again once written off', () => {
    const buffers = createBuffers()
    const buffer = buffers.lend(5000 * KiB)
    buffers.writeOff(buffer)
    assert.notEqual(buffers.lend(5000 * KiB), buffer)
  })

  it('are small for newcomers while very much is lent, until some comes back', () => {
    const buffers = createBuffers()
    const lent = Array.from({ length: 128 }, () => buffers.lend(5000 * KiB))
    assert.equal(buffers.lend(5000 * KiB).length, 64 * KiB)
    for (const buffer of lent) buffers.giveBack(buffer)
    assert.equal(buffers.lend(5000 * KiB).length, 512 * KiB)
  })
})
