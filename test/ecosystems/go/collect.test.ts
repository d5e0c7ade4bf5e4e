// What gc leaves of a checksum database: all that clients need offline to prove the records of what stays.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHeld } from '../../../src/catalog/rows.ts'
import { collect } from '../../../src/engine/collect.ts'
import { mustContain } from '../../../src/trust/tile-log.ts'
import { day, type TestMirror } from '../../builders/mirror.ts'
import { clientTree, fileOf, latest, lookupOf, proxyOf, shown } from './builders.ts'

const kit = 'example.test/Kit'
const never = Number.POSITIVE_INFINITY

const collectUnused = ({ mirror }: TestMirror) =>
  collect(mirror, {
    keep: { unusedFor: 30 * day, maxSize: never, maxAge: never, grace: day, pinned: [] },
    dryRun: false,
    force: true,
    signal: new AbortController().signal,
  })
const held = (at: TestMirror): readonly string[] =>
  [...at.mirror.catalog.refs.scan('go')].flatMap((ref) => (isHeld(ref) ? [ref.path] : []))

test('tiles and heads that nobody asked for stay as long as something does that they prove', async (t) => {
  const { at, add, grow, publish } = await proxyOf(t)
  grow(300)
  for (const version of ['v1.0.0', 'v1.1.0']) add(kit, version)
  grow(300)
  publish()
  for (const version of ['v1.0.0', 'v1.1.0']) await at.get(fileOf(kit, version, 'zip'))
  at.clock.pass(40 * day)
  at.mirror.catalog.refs.used([{ repo: 'go', path: fileOf(kit, 'v1.1.0', 'zip'), hits: 1, used: at.clock.now }])
  const { repositories } = await collectUnused(at)
  assert.ok(held(at).includes(latest) && !held(at).includes(fileOf(kit, 'v1.0.0', 'zip')), held(at).join(' '))
  assert.ok((repositories.go?.kept['what proofs of the rest stand on']?.items ?? 0) > 1)

  at.offline = true
  const { head, id, record } = shown((await at.get(lookupOf(kit, 'v1.1.0'))).text)
  await mustContain(clientTree(at, head), id, Buffer.from(record), 'the test')

  at.clock.pass(40 * day)
  await collectUnused(at)
  assert.deepEqual(held(at), [])
})
