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
export async function whole(at: Mirror, known: ReadonlyMap<string, string>): Promise<number> {
  const { held, wrong } = await looked(at)
  assert.deepEqual(wrong, [])
  for (const [path, sha256] of held) assert.equal(sha256, known.get(path), `${path} is what upstream has`)
  return held.size
}

/** The same start, with what a verification says is wrong by now. */
export async function looked({ data, config }: Mirror): Promise<{
  /** Digests of files, by path. */
  readonly held: ReadonlyMap<string, string>
  /** What is wrong, by path. */
  readonly wrong: readonly string[]
}> {
  const held = new Map<string, string>()
  const wrong: string[] = []
  if (!existsSync(`${data}/catalog.db`)) return { held, wrong }
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
    await verify(mirror, {
      sample: 1,
      repair: false,
      signal: new AbortController().signal,
      threads: 1,
      random: Math.random,
      item: ({ path, error }) => void (error !== undefined && wrong.push(`${path}: ${error.message}`)),
    })
    for (const { path, sha256, kind } of mirror.catalog.refs.scan())
      if (sha256 !== undefined && kind === 'artifact') held.set(path, sha256)
    return { held, wrong }
  } finally {
    await workspace.close()
  }
}

/** Nothing that was being written lies about any more, once what was begun has been done. */
export function tidy(folder: string): void {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  assert.deepEqual(
    names.filter((name) => /\.(?:part|new)$|^tmp\/./.test(name)),
    [],
  )
}
