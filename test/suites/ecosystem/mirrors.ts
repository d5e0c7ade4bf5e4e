// A sync holds what clients ask for: offline they get what they got online.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isHeld } from '../../../src/catalog/rows.ts'
import type { Entry } from '../../../src/contract.ts'
import type { Got } from '../../builders/mirror.ts'
import { type Bench, gotUnlessRefused } from './bench.ts'
import type { Asking } from './fixtures.ts'

export function testMirrors(bench: Bench): void {
  const { ecosystem, mirror, views, releases } = bench

  describe('mirrors', () => {
    it('answer offline after a sync as upstream did online', async () => {
      const online = await mirror()
      const expected = new Map<Asking, Got>()
      for (const asking of bench.archive.requests) {
        // asked again when it is held, since a body that still arrives has no tag yet
        await online.get(asking.path, asking)
        await online.mirror.flights.idle()
        expected.set(asking, await online.get(asking.path, asking))
      }
      const one = await mirror()
      const { faults } = await one.sync(bench.archive.wants, { item: () => {} })
      assert.deepEqual(
        faults.map(({ error }) => error.message),
        [],
      )
      one.offline = true
      bench.upstream.reset()
      for (const asking of bench.archive.requests) {
        const got = await one.get(asking.path, asking)
        const was = expected.get(asking)
        const where = `${asking.path} (${asking.accept ?? 'any type'})`
        assert.equal(got.text, was?.text, where)
        assert.equal(got.type, was?.type, where)
        assert.equal(got.etag, was?.etag, where)
      }
      assert.equal(bench.upstream.count(), 0)
    })

    it('need no second sync', async () => {
      const one = await mirror()
      await one.sync(bench.archive.wants, { item: () => {} })
      one.clock.pass(60_000)
      const fetched: string[] = []
      await one.sync(bench.archive.wants, {
        item: ({ path, outcome }) => void (outcome === 'fetched' && fetched.push(path)),
      })
      assert.deepEqual(fetched, [])
    })

    it('show offline in no index a version that is not held', async () => {
      const all = await releases()
      const one = await mirror()
      await one.sync(bench.archive.wants.slice(0, 1), { item: () => {} })
      one.offline = true
      const held = (entry: Entry) => isHeld(one.mirror.catalog.refs.get(ecosystem.id, entry.path, '', 0))
      const partly = all.filter(
        (entry) => !held(entry) && all.some((other) => other.name === entry.name && held(other)),
      )
      for (const asking of views()) {
        const got = await gotUnlessRefused(one, asking)
        for (const entry of partly) {
          assert.ok(got === undefined || !offers(got.text, entry), `${asking.path} offers ${entry.path}`)
        }
      }
    })
  })
}

/** Does a view lead a resolver to this file? A protocol may mark a version instead of leaving it out. */
function offers(text: string, { version = '', digests = {} }: Entry): boolean {
  return text.split('\n').some((line) => {
    const named = Object.values(digests).some((hex) => line.includes(hex)) || line.includes(version)
    return named && !/"yanked": ?true/.test(line)
  })
}
