import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { mustSpeakOf, readStatement } from '../../src/trust/in-toto.ts'
import { bytesOf } from './builders.ts'

const subject = { name: 'one', digest: { sha256: 'aa', sha512: 'bb' } }
const whole = {
  _type: 'https://in-toto.io/Statement/v1',
  subject: [subject],
  predicateType: 'type',
  predicate: { a: 1 },
}
const read = (json: unknown) => readStatement(bytesOf(JSON.stringify(json)))

describe('an in-toto statement', () => {
  test('is read in both its versions', () => {
    for (const version of ['v1', 'v0.1']) {
      const { subjects, predicateType, predicate } = read({
        ...whole,
        _type: `https://in-toto.io/Statement/${version}`,
      })
      assert.deepEqual(
        subjects.map(({ name, digests }) => [name, { ...digests }]),
        [['one', subject.digest]],
      )
      assert.deepEqual([predicateType, predicate], ['type', { a: 1 }])
    }
  })

  test('is refused when it is none', () => {
    for (const json of [
      null,
      [],
      { ...whole, _type: 'https://in-toto.io/Statement/v9' },
      { ...whole, _type: undefined },
      { ...whole, subject: undefined },
      { ...whole, subject: [] },
      { ...whole, subject: [null] },
      { ...whole, subject: [{ name: 'one' }] },
      { ...whole, subject: [{ name: 'one', digest: { sha256: 1 } }] },
      { ...whole, subject: Array(1025).fill(subject) },
      { ...whole, predicateType: undefined },
    ]) {
      assert.throws(() => read(json), { code: 'BAD_FRAMING' })
    }
    assert.throws(() => readStatement(bytesOf('{')), { code: 'BAD_FRAMING' })
    assert.throws(() => readStatement(Buffer.of(0x22, 0xff, 0x22)), { code: 'BAD_FRAMING' })
  })

  test('may have digests by any name', () => {
    const text = JSON.stringify(whole).replace('"sha256"', '"__proto__"')
    const [one] = readStatement(bytesOf(text)).subjects
    assert.deepEqual(Object.keys(one?.digests ?? {}), ['__proto__', 'sha512'])
  })
})

describe('what a statement speaks of', () => {
  const named = (name: string) => name === 'one'

  test('is its one subject', () => {
    mustSpeakOf(read(whole), named, 'sha256', 'aa')
    mustSpeakOf(read(whole), named, 'sha512', 'bb')
  })

  test('is nothing else', () => {
    for (const [json, algorithm, hex, code] of [
      [{ ...whole, subject: [subject, subject] }, 'sha256', 'aa', 'BAD_FRAMING'],
      [{ ...whole, subject: [{ ...subject, name: 'two' }] }, 'sha256', 'aa', 'BAD_SIGNATURE'],
      [{ ...whole, subject: [{ digest: subject.digest }] }, 'sha256', 'aa', 'BAD_SIGNATURE'],
      [whole, 'sha256', 'ab', 'WRONG_DIGEST'],
      [whole, 'sha1', 'aa', 'WRONG_DIGEST'],
      [whole, 'toString', 'aa', 'WRONG_DIGEST'],
    ] as const) {
      assert.throws(() => mustSpeakOf(read(json), named, algorithm, hex), { code })
    }
  })
})
