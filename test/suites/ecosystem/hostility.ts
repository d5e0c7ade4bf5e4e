// Documents of a hostile upstream are read, shown and checked like any other: without a crash, and without delay.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Trust } from '../../../src/contract.ts'
import { MirrorError } from '../../../src/errors.ts'
import { isHex } from '../../../src/formats/digest.ts'
import { safePath } from '../../../src/formats/safe-path.ts'
import { processorTime } from '../../builders/processor-time.ts'
import { type Bench, bytesOf } from './bench.ts'
import { docOf, find, read, repoOf, type Shelf, show } from './documents.ts'
import { hostile } from './hostile.ts'

/** No document may cost its reader more of a processor, milliseconds. */
const PATIENCE = 1000

export function testHostility(bench: Bench): void {
  const { ecosystem, paths, sourceAt, shelf, releases } = bench

  describe('hostile documents', () => {
    it('never crash, hang, or speak of what is not theirs', { timeout: 60_000 }, async () => {
      const names = [...new Set((await releases()).map(({ name }) => name))]
      for (const path of paths()) {
        const { route } = find(ecosystem, path)
        if (route.read === undefined && route.view === undefined && route.check === undefined) continue
        for (const [what, bytes] of hostile(bytesOf(sourceAt(path)), names)) {
          const started = processorTime()
          await survives(path, bytes, what)
          const taken = processorTime() - started
          assert.ok(taken < PATIENCE, `${path}: ${what} took ${Math.round(taken)} ms`)
        }
      }
    })

    async function survives(path: string, bytes: Uint8Array, what: string): Promise<void> {
      const at = shelf()
      const { route, p } = find(ecosystem, path)
      const own = route.known?.(p).name
      const said = await orRefused(read(at, path, bytes), `${path}: ${what}`)
      for (const entry of said?.entries ?? []) {
        const where = `${path}: ${what}: ${JSON.stringify(entry).slice(0, 300)}`
        assert.equal(safePath(entry.path), entry.path, where)
        assert.ok(['artifact', 'index'].includes(find(ecosystem, entry.path).route.kind), where)
        if (own !== undefined) assert.equal(entry.name, own, where)
        for (const [algorithm, digest] of Object.entries(entry.digests ?? {})) {
          if (algorithm.startsWith('sha')) assert.ok(isHex(algorithm, digest), where)
        }
        assert.ok(entry.size === undefined || (Number.isSafeInteger(entry.size) && entry.size >= 0), where)
        assert.ok(entry.published === undefined || Number.isSafeInteger(entry.published), where)
        structuredClone(entry)
      }
      for (const type of route.view === undefined ? [] : (route.types ?? [''])) {
        await orRefused(show(at, path, type, bytes), `${path}: ${what}`)
      }
      const doc = docOf(at, path, bytes)
      if (route.check !== undefined && doc !== undefined) {
        await orRefused(route.check(doc, p, repoOf(at), trust(at), {}), `${path}: ${what}`)
      }
      assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false, what)
    }

    const trust = (at: Shelf): Trust => ({
      now: at.now,
      document: async (path) => docOf(at, path),
      unproven: async (path) => docOf(at, path),
      keys: async () => (bench.archive.keyring === undefined ? [] : [bench.archive.keyring.bytes]),
      recall: () => undefined,
      remember: () => {},
      proven: () => {},
      expired: () => {},
    })
  })
}

/** A refusal is a coded error; anything else is a crash. */
async function orRefused<T>(work: Promise<T>, what: string): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    assert.ok(error instanceof MirrorError, `${what}: ${error instanceof Error ? error.stack : String(error)}`)
    assert.notEqual(error.code, 'FAULT', what)
    return undefined
  }
}
