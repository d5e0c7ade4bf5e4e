// Every lockfile of the corpus is read, and every format meets what strangers may send. To look at what the corpus holds
// after a change: UPDATE_CORPUS=1 npm test test/lockfiles/corpus.test.ts, then read the difference.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import type { Locked, LockFormat } from '../../src/contract.ts'
import { MirrorError } from '../../src/errors.ts'
import { isHex } from '../../src/formats/digest.ts'
import { lockFormats, recognise } from '../../src/lockfiles/index.ts'
import { corpus, corpusCases, corpusInput, holdsText } from '../suites/corpus.ts'
import { hostile } from '../suites/hostile-lockfiles.ts'
import { readAll } from '../suites/lockfile.ts'

/** Files up to this size are cut at every byte. */
const SMALL = 1500
/** Rounds of edits of each file; the n-th changes up to eight bytes. */
const EDITS = 40

const cases = corpusCases()
const formatOf = (id: string): LockFormat => {
  const format = lockFormats.find((one) => one.id === id)
  assert.ok(format !== undefined, `there is no format ${id}`)
  return format
}

for (const one of cases) {
  const { file, content } = one
  const lines = content.toString().split(/\r\n|\r|\n/)
  describe(file, () => {
    const read = () => Array.fromAsync(formatOf(one.format).read(corpusInput(one)))

    it('holds what its tool wrote', async () => {
      const found = holdsText(await read())
      if (process.env.UPDATE_CORPUS !== undefined)
        writeFileSync(path.join(corpus, path.dirname(file), 'holds.txt'), found)
      else assert.equal(found, one.holds)
    })

    it('names true lines, canonical digests and no empty names', async () => {
      for (const locked of await read()) {
        assertSane(locked)
        if (locked.file !== undefined || locked.line === undefined) continue
        const near = lines.slice(locked.line - 1, locked.line + 3).join('\n')
        // what a variable stands for stands elsewhere
        const known = near.includes('$') || resembles(near, locked)
        assert.ok(known, `${locked.name} is not near line ${locked.line}: ${near.slice(0, 200)}`)
      }
    })

    it('is recognised by its name and by its beginning', () => {
      assert.equal(recognise(`/x/${path.basename(file)}`, content.subarray(0, 4096))?.id, one.format)
      assert.equal(recognise('renamed', content.subarray(0, 4096))?.id, one.format)
    })

    it('is an error of the file, or less of the same, when it is cut off', async () => {
      const whole = new Set((await read()).map(({ ecosystem, name }) => `${ecosystem} ${name}`))
      const cuts = content.length <= SMALL ? content.length : 20
      for (let share = 0; share < cuts; share++) {
        const part = content.subarray(0, Math.floor((content.length * share) / cuts))
        const found = await Array.fromAsync(formatOf(one.format).read(corpusInput({ ...one, content: part }))).catch(
          (error: unknown) => error,
        )
        if (!Array.isArray(found)) mustBeOfFile(found, file)
        // the name that the cut goes through
        else assert.ok(found.filter(({ ecosystem, name }) => !whole.has(`${ecosystem} ${name}`)).length <= 1)
      }
    })

    it('is an error of the file, or sane, when bytes of it are others', async () => {
      const random = randomFrom(content.length)
      for (let round = 0; round < EDITS; round++) {
        const edited = Buffer.from(content)
        for (let edit = 0; edit <= round % 8; edit++) edited[random(edited.length)] = pick(random)
        const found = await Array.fromAsync(formatOf(one.format).read(corpusInput({ ...one, content: edited }))).catch(
          (error: unknown) => error,
        )
        if (!Array.isArray(found)) mustBeOfFile(found, file)
        else for (const locked of found) assertSane(locked)
      }
    })
  })
}

describe('every format', () => {
  it('has a lockfile in the corpus', () => {
    const there = new Set(cases.map(({ format }) => format))
    assert.deepEqual(
      lockFormats.map(({ id }) => id).filter((id) => !there.has(id)),
      [],
    )
  })

  for (const format of lockFormats) {
    for (const [what, content] of hostile) {
      it(`${format.id} withstands ${what}`, async () => {
        const begun = process.cpuUsage()
        const found = await readAll(format, 'hostile', content).catch((error: unknown) => error)
        const { user, system } = process.cpuUsage(begun)
        if (Array.isArray(found)) for (const locked of found) assertSane(locked)
        else mustBeOfFile(found, 'hostile')
        assert.ok(user + system < 5_000_000, `took ${(user + system) / 1000} ms of a processor`)
      })
    }
  }
})

function assertSane({ name, version, digests }: Locked): void {
  assert.ok(name.length > 0 && name.length <= 4096)
  assert.ok(version === undefined || version.length > 0)
  for (const { of, digests: some } of digests) {
    assert.ok(Object.keys(some).length > 0)
    if (of === 'file') for (const [algorithm, hex] of Object.entries(some)) assert.ok(isHex(algorithm, hex), hex)
  }
}

/** Names are canonical in the entry and as people write them in the file. */
function resembles(text: string, { name, version, url }: Locked): boolean {
  const plain = (some: string): string => some.toLowerCase().replace(/[^a-z0-9]+/g, '-')
  const last = name.split(/[/:]/).at(-1) ?? name
  const others = [url, version].filter((other) => other !== undefined)
  return plain(text).includes(plain(last)) || others.some((other) => text.includes(other))
}

function mustBeOfFile(error: unknown, file: string): void {
  assert.ok(
    error instanceof MirrorError && error.code === 'LOCKFILE',
    String(error instanceof Error ? error.stack : error),
  )
  assert.ok(String(error.facts.file).startsWith(file.replace(/[^/]*$/, '')), String(error.facts.file))
}

/** The same numbers below a bound for the same seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed + 1
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Any byte, or one that lockfiles are made of. */
const pick = (random: (below: number) => number): number =>
  random(2) === 0 ? random(256) : '{}[]():,;@#"\'\\/-=+. \n\r\t&*!|>%\0'.charCodeAt(random(32)) || 0
