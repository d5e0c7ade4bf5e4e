// The table of errors holds what can happen, and says in sentences what to do about it.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Code, failures } from '../../src/errors.ts'
import { sources, textOf } from './sources.ts'

const codes = Object.keys(failures) as Code[]
const texts = sources.filter((file) => file !== 'src/errors.ts').map(textOf)
/** `DISK_FULL` is made of a system's own code, in the table's file. */
const mapped = /systemCodes[^}]*\}/.exec(textOf('src/errors.ts'))?.[0] ?? ''

describe('errors', () => {
  for (const code of codes) {
    it(`${code} can happen`, () => {
      const thrown = new RegExp(`'${code}'`)
      assert.ok(
        thrown.test(mapped) || texts.some((text) => thrown.test(text)),
        'nothing throws it: delete it from the table',
      )
    })
  }

  it('say what to do, in whole sentences', () => {
    const wrong = codes.filter((code) => !/^[A-Z`].*[^.\s]\.$/.test(failures[code].hint))
    assert.deepEqual(wrong, [])
  })

  it('have a status that fits their exit code', () => {
    for (const code of codes) {
      const { status, exit, retry } = failures[code]
      assert.ok(status >= 400 && status < 600, code)
      // what policy refuses is forbidden, what upstream or the network did is a gateway's failure
      if (exit === 5) assert.equal(status, 403, code)
      if (exit === 6) assert.ok([429, 502, 504].includes(status), code)
      if (retry) assert.ok(exit !== 4 && exit !== 2, `${code}: trying again mends no integrity and no mistake`)
    }
  })

  it('are thrown with codes of the table alone', () => {
    const unknown = texts.flatMap((text) =>
      [...text.matchAll(/new MirrorError\(\s*'([A-Z_]+)'/g)]
        .map(([, code]) => code ?? '')
        .filter((code) => !(code in failures)),
    )
    assert.deepEqual(unknown, [])
  })
})
