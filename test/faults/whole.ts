// What has to hold of a mirror after any fault: the next start takes up what is there in under a second and says what it
// dropped, everything that is held verifies and is what upstream has, and nothing unfinished lies about.

import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { contextOf } from '../../src/cli/options.ts'
import { openWorkspace } from '../../src/commands/workspace.ts'
import { verify } from '../../src/engine/verify.ts'
import { processorTime } from '../builders/processor-time.ts'
import type { Mirror } from '../clients/mirror.ts'

/** Milliseconds of processor time that a start may take for what a crash left: those of the clock tell how busy the machine is. */
const REPAIR = 1000

/** `known`: the digests of upstream's files, by path. Returns how many of them are held. */
export async function whole({ data, config }: Mirror, known: ReadonlyMap<string, string>): Promise<number> {
  if (!existsSync(`${data}/catalog.db`)) return 0
  const { settings } = await contextOf({ data, config }, [], new AbortController().signal)
  const left = existsSync(`${data}/tmp`) ? readdirSync(`${data}/tmp`).length : 0
  const started = processorTime()
  const workspace = await openWorkspace(settings, { offline: true })
  const { mirror, cleaned } = workspace
  try {
    const repair = processorTime() - started
    assert.ok(repair < REPAIR, `the next start took ${Math.round(repair)} ms`)
    assert.equal(cleaned.files, left, 'the start says what it dropped')
    assert.deepEqual(readdirSync(`${data}/tmp`), [])
    const wrong: string[] = []
    await verify(mirror, {
      sample: 1,
      repair: false,
      signal: new AbortController().signal,
      threads: 1,
      random: Math.random,
      item: ({ path, error }) => void (error !== undefined && wrong.push(`${path}: ${error.message}`)),
    })
    assert.deepEqual(wrong, [])
    let held = 0
    for (const ref of mirror.catalog.refs.scan()) {
      if (ref.sha256 === undefined || ref.kind !== 'artifact') continue
      assert.equal(ref.sha256, known.get(ref.path), `${ref.path} is what upstream has`)
      held += 1
    }
    return held
  } finally {
    await workspace.close()
  }
}
