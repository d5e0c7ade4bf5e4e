import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cargoVersions, compatible, isExact } from '../../src/versions/cargo.ts'
import { processorTime } from '../builders/processor-time.ts'

const { satisfies, compare, prerelease, fault } = cargoVersions

// What the Rust semver crate says: https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html
const cases: readonly (readonly [range: string, inside: readonly string[], outside: readonly string[]])[] = [
  ['1.2', ['1.2.0', '1.9.9'], ['1.1.9', '2.0.0', '2.0.0-alpha', '1.3.0-alpha']],
  ['1', ['1.0.0', '1.99.0'], ['0.9.9', '2.0.0']],
  ['0', ['0.0.1', '0.9.0'], ['1.0.0']],
  ['0.2.3', ['0.2.3', '0.2.9'], ['0.3.0', '0.2.2']],
  ['0.0', ['0.0.0', '0.0.9'], ['0.1.0']],
  ['0.0.3', ['0.0.3'], ['0.0.4']],
  ['^1.2.3-beta', ['1.2.3-beta', '1.2.3-rc.1', '1.2.3', '1.9.0'], ['1.2.3-alpha', '1.2.4-beta', '2.0.0']],
  ['~1.2', ['1.2.9'], ['1.3.0']],
  ['~1', ['1.9.0'], ['2.0.0']],
  ['~1.2.3', ['1.2.3', '1.2.9'], ['1.2.2', '1.3.0']],
  ['=1.2', ['1.2.0', '1.2.7'], ['1.3.0']],
  ['=1.2.3', ['1.2.3', '1.2.3+build'], ['1.2.4']],
  ['= 1.2.3+other', ['1.2.3', '1.2.3+build'], ['1.2.4']],
  ['1.*', ['1.0.0', '1.7.0'], ['2.0.0']],
  ['1.2.*', ['1.2.9'], ['1.3.0']],
  ['1.*.*', ['1.7.0'], ['2.0.0']],
  ['>=1.x', ['1.0.0', '3.0.0'], ['0.9.0']],
  ['*', ['0.0.0', '9.9.9'], ['1.0.0-alpha']],
  ['>1.2', ['1.3.0'], ['1.2.9']],
  ['<=1.2', ['1.2.9', '0.1.0'], ['1.3.0']],
  ['<1.2', ['1.1.9'], ['1.2.0', '1.2.0-alpha']],
  ['>=1.2.0, <1.5', ['1.2.0', '1.4.9'], ['1.5.0', '1.1.0']],
  [' >= 1.2.0 ,<1.5 ', ['1.3.0'], ['1.5.0']],
]
for (const [range, inside, outside] of cases) {
  test(`${range} holds what Cargo says`, () => {
    assert.equal(fault(range), undefined)
    for (const version of inside) assert.ok(satisfies(version, range), version)
    for (const version of outside) assert.ok(!satisfies(version, range), version)
  })
}

for (const range of [
  '',
  ',',
  '1,',
  '>=1 <2',
  '1 || 2',
  '>*',
  '*, 1',
  '1.*.3',
  '1.2-alpha',
  '01.2',
  'v1',
  'latest',
  '^^1',
  '1.2.3.4',
  `1${'0'.repeat(30)}`,
]) {
  test(`"${range.slice(0, 12)}" is no requirement`, () => {
    assert.notEqual(fault(range), undefined)
    assert.ok(!satisfies('1.2.3', range))
  })
}

test('versions that npm forgives are none', () => {
  for (const text of ['v1.2.3', '=1.2.3', ' 1.2.3', '1.2', '1.2.3 ', '']) assert.ok(!satisfies(text, '*'), text)
})

test('build metadata parts equal versions', () => {
  assert.equal(compare('1.0.0+a', '1.0.0+b'), -1)
  assert.equal(compare('1.0.0-rc.2', '1.0.0-rc.10'), -1)
})

test('the order is total, also over texts that are no versions', () => {
  const part = fc.oneof(
    fc.constantFrom('1.0.0', '1.0.0-rc.1', '0.9.9', '1.0.0+x', 'v1', '', '2'),
    fc.string({ maxLength: 8 }),
  )
  fc.assert(
    fc.property(part, part, part, (a, b, c) => {
      assert.equal(Math.sign(compare(a, b)) + Math.sign(compare(b, a)), 0)
      if (compare(a, b) <= 0 && compare(b, c) <= 0) assert.ok(compare(a, c) <= 0)
    }),
  )
})

test('a range compatible by Cargo’s rule is named by its first number that is not zero', () => {
  assert.deepEqual(['1.9.0', '0.3.9', '0.0.7', '2.0.0-rc.1'].map(compatible), ['1', '0.3', '0.0.7', '2'])
})

test('only a whole version behind = is exact', () => {
  assert.ok(isExact('=1.2.3'))
  assert.ok(isExact('= 1.2.3-rc.1'))
  for (const range of ['1.2.3', '=1.2', '=1.2.3, <2', '^1.2.3']) assert.ok(!isExact(range), range)
})

test('the exact range of a version holds it alone', () => {
  for (const version of ['1.2.3', '1.2.3-rc.1', '0.0.1+build']) {
    assert.ok(isExact(cargoVersions.exact(version)))
    assert.ok(satisfies(version, cargoVersions.exact(version)))
  }
  assert.ok(!satisfies('1.2.4', cargoVersions.exact('1.2.3')))
})

test('pre-releases are told apart', () => {
  assert.deepEqual(['1.0.0-a', '1.0.0', '1.0.0+a-b', 'x'].map(prerelease), [true, false, false, false])
})

test('a long hostile text is answered at once', () => {
  const start = processorTime()
  for (const text of [
    `1.${'0.'.repeat(50_000)}`,
    `1.0.0-${'a.'.repeat(50_000)}`,
    ' '.repeat(100_000),
    ','.repeat(100_000),
  ]) {
    assert.notEqual(fault(text), undefined)
    assert.ok(!satisfies(text, '*'))
  }
  assert.ok(processorTime() - start < 500)
})
