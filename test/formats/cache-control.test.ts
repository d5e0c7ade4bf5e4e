import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { deltaSeconds, fieldsOf, parseCacheControl, secondsOf } from '../../src/formats/cache-control.ts'
import { processorTime } from '../builders/processor-time.ts'

describe('Cache-Control', () => {
  const rows: readonly (readonly [text: string, directives: Readonly<Record<string, readonly string[]>>])[] = [
    ['no-store', { 'no-store': [''] }],
    ['Public, MAX-AGE=60', { public: [''], 'max-age': ['60'] }],
    ['max-age=60, max-age=5', { 'max-age': ['60', '5'] }],
    ['max-age="60"', { 'max-age': ['60'] }],
    ['max-age = 60', { 'max-age': ['60'] }],
    [' , ,max-age=60,,', { 'max-age': ['60'] }],
    ['extension="max-age=60, no-store", public', { extension: ['max-age=60, no-store'], public: [''] }],
    ['a="say \\"no-store\\", please"', { a: ['say "no-store", please'] }],
    ['a="no end, no-store', { a: ['no end, no-store'] }],
    ['private="x", private', { private: ['x', ''] }],
    ['(nothing), public', { public: [''] }],
    ['', {}],
  ]
  for (const [text, directives] of rows) {
    test(JSON.stringify(text), () => assert.deepEqual(Object.fromEntries(parseCacheControl(text)), directives))
  }

  test('numbers: of several the smallest, what is none counts as 0, what is huge as 2^31', () => {
    const seconds = (text: string) => secondsOf(parseCacheControl(text), 'max-age')
    assert.deepEqual(
      ['max-age=60, max-age=5', 'max-age=sixty, max-age=60', 'max-age=-1', 'max-age', 'public'].map(seconds),
      [5, 0, 0, 0, undefined],
    )
    assert.equal(deltaSeconds('9'.repeat(400)), 2 ** 31)
    assert.equal(deltaSeconds('1e3'), undefined)
  })

  test('fields by which a directive is qualified; unqualified anywhere, it counts for the whole', () => {
    const fields = (text: string) => fieldsOf(parseCacheControl(text), 'private')
    assert.deepEqual(['private="Set-Cookie, X-User"', 'private', 'private="x", private', 'public'].map(fields), [
      ['set-cookie', 'x-user'],
      [],
      [],
      undefined,
    ])
  })

  test('a long value is read in linear time', () => {
    const started = processorTime()
    for (const text of [
      `${'a='.repeat(50_000)}"`,
      'a = '.repeat(50_000),
      `a${' '.repeat(100_000)}`,
      '"'.repeat(100_000),
    ])
      parseCacheControl(text)
    parseCacheControl(`a="${'\\'.repeat(100_000)}`)
    assert.ok(processorTime() - started < 1000)
  })
})
