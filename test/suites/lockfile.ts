// What every lockfile format has to do, run over its fixtures.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import type { Locked, LockFormat, LockInput } from '../../src/contract.ts'
import { MirrorError } from '../../src/errors.ts'
import { recognise } from '../../src/lockfiles/index.ts'

const fixtures = path.join(import.meta.dirname, '../fixtures/lockfiles')

export interface LockCase {
  /** Under test/fixtures/lockfiles. */
  readonly file: string
  /** `name@version source digest-algorithms`, one a line, in any order. */
  readonly holds: readonly string[]
}

/** Input from text or bytes, handed over in small pieces. */
function lockInput(name: string, content: string | Uint8Array): LockInput {
  const bytes = Buffer.from(content)
  return {
    name,
    async *bytes() {
      for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000)
    },
    near: () => undefined,
  }
}

export const readAll = (format: LockFormat, name: string, content: string | Uint8Array): Promise<Locked[]> =>
  Array.fromAsync(format.read(lockInput(name, content)))

/** `name@version source digest-algorithms`. */
export function inShort({ name, version, source, digests }: Locked): string {
  const algorithms = digests.flatMap((each) => Object.keys(each.digests)).sort()
  return [`${name}@${version ?? '-'}`, source, ...algorithms].join(' ')
}

export function lockfileSuite(format: LockFormat, cases: readonly LockCase[]): void {
  for (const { file, holds } of cases) {
    const content = readFileSync(path.join(fixtures, file))
    const text = content.toString()

    test(`${file}: holds what the tool wrote`, async () => {
      const found = await readAll(format, file, content)
      assert.deepEqual(found.map(inShort).sort(), [...holds].sort())
    })

    test(`${file}: every line is one that names the package`, async () => {
      const lines = text.split('\n')
      for (const { name, line } of await readAll(format, file, content)) {
        const near = lines.slice((line ?? 0) - 1, (line ?? 0) + 2).join('\n')
        assert.ok(
          line !== undefined && near.includes(name.split('/').at(-1) ?? name),
          `${name} is not near line ${line}`,
        )
      }
    })

    test(`${file}: digests are lower-case hex`, async () => {
      const digests = (await readAll(format, file, content)).flatMap((locked) => locked.digests)
      for (const { of, digests: some } of digests) {
        if (of === 'file') for (const hex of Object.values(some)) assert.match(hex, /^([0-9a-f]{2})+$/)
      }
    })

    test(`${file}: is recognised by its name and by its beginning`, () => {
      assert.equal(recognise(`/x/${path.basename(file)}`, new Uint8Array()), format)
      assert.equal(recognise('renamed.lock', content.subarray(0, 4096)), format)
    })

    test(`${file}: cut off anywhere it is an error of the file, or less of the same`, async () => {
      const whole = new Set((await readAll(format, file, content)).map(inShort))
      for (let share = 0; share < 20; share++) {
        const part = content.subarray(0, Math.floor((content.length * share) / 20))
        const found = await readAll(format, file, part).catch((error: unknown) => error)
        if (Array.isArray(found))
          assert.ok(found.every((locked) => whole.has(inShort(locked)) || locked.digests.length === 0))
        else
          assert.ok(
            found instanceof MirrorError && found.code === 'LOCKFILE' && found.facts.file === file,
            String(found),
          )
      }
    })
  }

  for (const [what, content] of garbage) {
    test(`refuses ${what}`, async () => {
      await assert.rejects(readAll(format, 'bad.lock', content), { code: 'LOCKFILE' })
    })
  }
}

const garbage: readonly (readonly [string, string | Uint8Array])[] = [
  ['bytes that are no text', new Uint8Array([0x7b, 0xff, 0xfe, 0x00])],
  ['another document', '<html><body>Sign in</body></html>'],
]

/** Each broken text is an error whose text, file and line are these. */
export function rejectsAt(
  format: LockFormat,
  broken: readonly (readonly [what: string, text: string, located: string])[],
): void {
  for (const [what, text, located] of broken) {
    test(`names the line of ${what}`, async () => {
      await assert.rejects(readAll(format, 'lock', text), (error: { located?: string }) => {
        assert.equal(error.located, located)
        return true
      })
    })
  }
}
