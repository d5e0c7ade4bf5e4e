import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compare, matchesGlob, versions } from '../../src/versions/debian.ts'
import { processorTime } from '../builders/processor-time.ts'

/** Each is older than the next. */
const ascending = [
  '0~',
  '0',
  '1.0~~',
  '1.0~~a',
  '1.0~rc1-1',
  '1.0',
  '1.0-1~bpo12+1',
  '1.0-1',
  '1.0-1+b1',
  '1.0-1.1',
  '1.0a',
  '1.0+dfsg-1',
  '1.0.1',
  '1.2',
  '1.10',
  '1.10a',
  '1.10b',
  '1:0.1',
  '2:0~a',
]

test('orders versions as dpkg does', () => {
  const shuffled = ascending.toReversed().sort(compare)
  assert.deepEqual(shuffled, ascending)
})

test('leading zeros, a zero epoch and a zero revision do not count', () => {
  for (const [a, b] of [
    ['1.01', '1.1'],
    ['0:1.1', '1.1'],
    ['1.1-0', '1.1'],
    ['1.000', '1.0'],
  ] as const) {
    assert.equal(compare(a, b), 0, `${a} ${b}`)
  }
})

test('numbers longer than a float are compared exactly', () => {
  assert.ok(compare('1.20240101000000000001', '1.20240101000000000002') < 0)
})

const version = fc.stringMatching(/^([0-9]:)?[0-9][0-9a-c.+~-]{0,10}$/)

test('the order is total', () => {
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      assert.equal(Math.sign(compare(a, b)), -Math.sign(compare(b, a)) + 0)
      if (compare(a, b) <= 0 && compare(b, c) <= 0) assert.ok(compare(a, c) <= 0)
    }),
  )
})

test('long hostile versions take linear time', () => {
  const begun = processorTime()
  compare(`${'1a'.repeat(100_000)}1`, `${'1a'.repeat(100_000)}2`)
  compare('0'.repeat(200_000), '~'.repeat(200_000))
  assert.ok(processorTime() - begun < 500)
})

const ranges: readonly (readonly [range: string, version: string, satisfied: boolean])[] = [
  ['>= 1.2', '1.2', true],
  ['>=1.2', '1.2~rc1', false],
  ['<< 2', '2~', true],
  ['<< 2', '2', false],
  ['<= 2', '2-0', true],
  ['>> 2', '2-1', true],
  ['= 1.6-2.1', '1.6-2.1', true],
  ['1.6-2.1', '1.6-2.1', true],
  ['1.6-2.1', '1.6-2.1+b1', false],
  ['1.6-*', '1.6-2.1', true],
  ['= 1.6-*', '1.6-2.1', true],
  ['1.6-*', '1.60-1', false],
  ['>= 1.2, << 2', '1.9', true],
  ['>= 1.2, << 2', '2.1', false],
  ['*', '1', true],
  ['', '1', true],
  ['nonsense here', '1', false],
]
for (const [range, text, satisfied] of ranges) {
  test(`${JSON.stringify(range)} ${satisfied ? 'takes' : 'leaves'} ${text}`, () => {
    assert.equal(versions.satisfies(text, range), satisfied)
  })
}

test('says why a range is none', () => {
  assert.match(versions.fault('< 2') ?? '', /ambiguous/)
  assert.match(versions.fault('>= 1.*') ?? '', /glob/)
  assert.match(versions.fault('>= ') ?? '', /no version/)
  assert.match(versions.fault('1,,2') ?? '', /empty/)
  assert.match(versions.fault('1'.repeat(300)) ?? '', /longer/)
  for (const fine of ['', '*', '>= 1:2.3~rc1-4+deb12u1', '1.2', '1.*', '>> 1, <= 2'])
    assert.equal(versions.fault(fine), undefined)
})

test('a rebuild for a release is no prerelease', () => {
  assert.ok(versions.prerelease('1.0~rc1-1'))
  assert.ok(!versions.prerelease('1.0-1~bpo12+1'))
  assert.ok(!versions.prerelease('1.0-1~deb12u1'))
})

test('globs match names', () => {
  assert.ok(matchesGlob('libssl3', 'libssl*'))
  assert.ok(matchesGlob('libssl3', 'lib???3'))
  assert.ok(matchesGlob('a-b-c', '*-*-c'))
  assert.ok(!matchesGlob('openssl', 'libssl*'))
  assert.ok(!matchesGlob('libssl', 'libssl?'))
})
