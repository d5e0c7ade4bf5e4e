// A repository of very many tags: others have their turn while it is read and while its tags move.

import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { put, shelf, tag } from '../../replica/oci.ts'
import { image } from './builders.ts'
import { harbour } from './mirror.ts'

async function tagged(t: TestContext, count: number) {
  const held = shelf()
  const one = image('one')
  put(held, one)
  for (let at = 0; at < count; at += 1) tag(held, `1.0.${String(at).padStart(5, '0')}`, one.manifest)
  return harbour(t, { a: held }, { page: 1000 })
}

/** Counts the turns of the event loop. */
function turns(t: TestContext): () => number {
  let turn = 0
  let on = true
  const next = (): void => {
    turn += 1
    if (on) setImmediate(next)
  }
  next()
  t.after(() => {
    on = false
  })
  return () => turn
}

describe('a repository of very many tags', () => {
  it('is read in groups, of which no two share a turn', async (t) => {
    const { at } = await tagged(t, 6000)
    const turn = turns(t)
    const { facts } = at.mirror.catalog
    const groups: { readonly turn: number; readonly size: number }[] = []
    const add = facts.add.bind(facts)
    t.mock.method(facts, 'add', (...given: Parameters<typeof add>) => {
      groups.push({ turn: turn(), size: given[2].length })
      add(...given)
    })
    await at.get('/a/tags/list')
    assert.equal(
      groups.reduce((sum, { size }) => sum + size, 0),
      6000,
    )
    assert.equal(new Set(groups.map((group) => group.turn)).size, groups.length)
    assert.ok(groups.every(({ size }) => size <= 500))
  })

  it('moves its tags in several turns', async (t) => {
    const { at } = await tagged(t, 400)
    const turn = turns(t)
    const { generations } = at.mirror.catalog
    const flips: number[] = []
    const flip = generations.flip.bind(generations)
    t.mock.method(generations, 'flip', (...given: Parameters<typeof flip>) => {
      flips.push(turn())
      // as long as one takes in a catalog of many
      const until = performance.now() + 1
      while (performance.now() < until);
      flip(...given)
    })
    const { codes } = await at.sync([{ name: 'a', range: '*', keep: 400, from: { file: 'test.yaml' } }])
    assert.deepEqual(codes, [])
    assert.equal(flips.length, 400)
    assert.ok(new Set(flips).size >= 20, String(new Set(flips).size))
  })
})
