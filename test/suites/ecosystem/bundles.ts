// What is held can be carried to a mirror without a network, which proves it again and answers the same.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { openEntries } from '../../../src/catalog/entries.ts'
import { isHeld } from '../../../src/catalog/rows.ts'
import { fill } from '../../../src/commands/bundle-fill.ts'
import { carriedClient } from '../../../src/engine/carried.ts'
import { takeIn } from '../../../src/engine/take.ts'
import { formatLine, parseLine } from '../../../src/formats/bundle.ts'
import type { TestMirror } from '../../builders/mirror.ts'
import { type Bench, gotUnlessRefused } from './bench.ts'

const signal = new AbortController().signal

export function testBundles(bench: Bench): void {
  describe('bundles', () => {
    it('bring over what is held with its proofs, and answer as the mirror that they come from', async (t) => {
      const near = await bench.mirror()
      await near.sync(bench.archive.wants, { item: () => {} })
      for (const asking of bench.archive.requests) await gotUnlessRefused(near, asking)
      const snapshot = near.mirror.catalog.snapshots.create({ name: 'carried', time: near.clock.now })
      const entries = openEntries(join(bench.folder, `entries-${Math.random()}.db`))
      t.after(() => entries.close())
      await fill(near.mirror, entries, snapshot, [], signal)
      for (const entry of entries.scan()) assert.deepEqual(parseLine(formatLine(entry), 'entries', 1), entry)

      const far = await bench.mirror()
      far.clock.pass(60_000)
      const carried = { entries, bytes: ({ sha256 }: { sha256: string }) => near.mirror.store.stream(sha256) }
      const copy = { ...far.mirror, client: carriedClient(far.mirror, carried) }
      const asked = bench.upstream.count()
      const taken = await takeIn(copy, entries, { mark: 'bundle 1', holder: 'bundles', signal, concurrency: 4 })
      assert.deepEqual(
        taken.faults.map(({ path, error }) => `${path}: ${error.message}`),
        [],
      )
      assert.equal(bench.upstream.count(), asked, 'nobody is asked')
      assert.equal(taken.unnamed, 0)
      assert.deepEqual(proofs(far), proofs(near))
      far.offline = true
      near.offline = true
      for (const asking of bench.archive.requests) {
        const [there, here] = [await gotUnlessRefused(near, asking), await gotUnlessRefused(far, asking)]
        assert.deepEqual(here?.bytes, there?.bytes, asking.path)
        assert.deepEqual(here?.type, there?.type, asking.path)
      }
    })
  })
}

/** Of all that is held in what is current, with the digests. */
function proofs({ mirror }: TestMirror): readonly string[] {
  const { catalog } = mirror
  const current = new Set([
    0,
    ...catalog.generations.all().flatMap(({ id, state }) => (state === 'current' ? [id] : [])),
  ])
  return [...catalog.refs.scan()]
    .filter((ref) => isHeld(ref) && current.has(ref.generation))
    .map(({ path, variant, kind, sha256, proof, name, version }) =>
      // what a document is called depends on which other one was read first
      [path, variant, sha256, proof, ...(kind === 'artifact' ? [name, version] : [])].join(' '),
    )
}
