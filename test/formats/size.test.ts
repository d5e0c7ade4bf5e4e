// What people write as a size, and that reading and writing are inverses.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatSize, parseSize } from '../../src/formats/size.ts'

const good: readonly (readonly [string, number])[] = [
  ['0', 0],
  ['17', 17],
  ['17B', 17],
  ['2kB', 2000],
  ['2KB', 2000],
  ['2KiB', 2048],
  ['500MB', 500_000_000],
  ['10GiB', 10_737_418_240],
  ['1.5 GB', 1_500_000_000],
]

for (const [text, bytes] of good) {
  test(`reads ${text}`, () => assert.equal(parseSize(text), bytes))
}

for (const text of ['', '10G', '10mb', '-1B', '1e3', '5 parsecs', '9999999999PB', 'none']) {
  test(`refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseSize(text), { code: 'CONFIG', message: /is not a size such as 500MB or 10GiB/ })
  })
}

test('reads a word for "no limit" only where it is allowed', () => assert.equal(parseSize('none', ['none']), Infinity))

test('reads back what it writes', () => {
  fc.assert(fc.property(fc.maxSafeNat(), (bytes) => assert.equal(parseSize(formatSize(bytes)), bytes)))
  fc.assert(fc.property(fc.nat(8000), (n) => assert.equal(parseSize(formatSize(n * 2 ** 30)), n * 2 ** 30)))
})

test('writes the unit that fits exactly', () => {
  assert.equal(formatSize(10_737_418_240), '10GiB')
  assert.equal(formatSize(500_000_000), '500MB')
})
