// What people write as a duration, and that reading and writing are inverses.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { endless, formatDuration, parseDuration } from '../../src/formats/duration.ts'

const good: readonly (readonly [string, number])[] = [
  ['0', 0],
  ['0d', 0],
  ['30s', 30_000],
  ['5m', 300_000],
  ['12h', 43_200_000],
  ['3d', 259_200_000],
  ['2w', 1_209_600_000],
  ['1h30m', 5_400_000],
  ['1w1d1h1m1s1ms', 694_861_001],
]

for (const [text, milliseconds] of good) {
  test(`reads ${text}`, () => assert.equal(parseDuration(text), milliseconds))
}

for (const text of [
  '',
  '5',
  '5 m',
  '-1s',
  '1.5h',
  '1m1h',
  '1s1s',
  '5min',
  'h',
  'forever',
  '9999999999999999w',
  '1d ',
]) {
  test(`refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseDuration(text), { code: 'CONFIG', message: /is not a duration such as 30s, 5m/ })
  })
}

test('reads the words for "without end" only where they are allowed', () => {
  for (const word of endless) assert.equal(parseDuration(word, endless), Infinity)
  assert.throws(() => parseDuration('never', ['forever']), /or forever$/)
})

test('reads back what it writes', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (milliseconds) => {
      assert.equal(parseDuration(formatDuration(milliseconds)), milliseconds)
    }),
  )
  assert.equal(parseDuration(formatDuration(Infinity), endless), Infinity)
})

test('writes the largest units first', () => assert.equal(formatDuration(90_000), '1m30s'))
