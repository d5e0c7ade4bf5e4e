import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import { admitsPrereleases, compareNumbers, gemVersions, splitVersion } from '../../src/versions/gem.ts'

const { satisfies, fault, exact, prerelease } = gemVersions

const cases: readonly (readonly [range: string, met: readonly string[], unmet: readonly string[]])[] = [
  ['~> 1.2.3', ['1.2.3', '1.2.10', '1.2.3.1'], ['1.2.2', '1.3', '1.3.0.a', '2']],
  ['~> 1.2', ['1.2', '1.9.9'], ['1.1.9', '2', '2.0.a']],
  ['~> 1', ['1', '1.5'], ['0.9', '2']],
  ['~> 1.2.b', ['1.2.b', '1.2.rc', '1.2', '1.9'], ['1.2.a', '2']],
  ['>= 1, < 3', ['1', '2.9', '3.a'], ['0.9', '3', '3.0']],
  ['1.0', ['1', '1.0.0'], ['1.0.1', '1.0.a']],
  ['!= 1.0', ['1.1'], ['1', '1.0.0']],
  ['> 1.0.a', ['1.0', '1.0.b'], ['1.0.a', '0.9']],
  ['<= 1.0', ['1.0', '1.0.rc1'], ['1.0.1']],
  ['= 1.0', ['1.0', '1.0-java', '1-x86_64-linux'], ['1.1-java']],
  ['= 1.0-ruby', ['1.0', '1.0.0'], ['1.0-java']],
  ['= 1.0-java', ['1.0-java', '1-java'], ['1.0', '1.0-x86_64-linux']],
  ['>= 99999999999999999999.1', ['99999999999999999999.2'], ['99999999999999999998.9']],
]

for (const [range, met, unmet] of cases) {
  test(`${range} is met by ${met.join(', ')}, and not by ${unmet.join(', ')}`, () => {
    assert.equal(fault(range), undefined)
    for (const version of met) assert.equal(satisfies(version, range), true, version)
    for (const version of unmet) assert.equal(satisfies(version, range), false, version)
  })
}

test('a platform can stand after = alone, and what is no requirement is told', () => {
  for (const range of ['', ' ', ',', '1,', '^1', '>= 1-java', '== 1', '1.0-', '>=', 'x', '~>', '1'.repeat(300)]) {
    assert.notEqual(fault(range), undefined, range)
    assert.equal(satisfies('1', range), false, range)
  }
})

test('the exact range of a version names one file', () => {
  assert.equal(exact('1.0'), '= 1.0-ruby')
  assert.equal(exact('1.0-java'), '= 1.0-java')
})

test('letters make a pre-release, those of a platform do not', () => {
  assert.deepEqual(['1.0', '1.0.rc1', '1.0-java', '1.0.a-java'].map(prerelease), [false, true, false, true])
  assert.deepEqual(['>= 1', '>= 1, < 2.a', '= 1-java'].map(admitsPrereleases), [false, true, false])
})

test('a version is a number and a platform', () => {
  assert.deepEqual(splitVersion('1.0-x86-mswin32-60'), { number: '1.0', platform: 'x86-mswin32-60' })
  for (const text of ['', 'a', '1.', '1..0', '1-', '1-2', '1.0-a/b', '1.0 ', '-1', `1.${'0'.repeat(300)}`])
    assert.equal(splitVersion(text), undefined, text)
})

test('the order is RubyGems’ own', (t) => {
  const word = fc.constantFrom('a', 'b', 'B', 'rc1', 'pre', 'a10', '0', '1', '10', '010', '99999999999999999999')
  const number = fc
    .tuple(fc.nat({ max: 3 }), fc.array(word, { maxLength: 4 }))
    .map(([first, rest]) => [first, ...rest].join('.'))
  const pairs = fc.sample(fc.tuple(number, number), { numRuns: 500, seed: 7 })
  const operators = ['=', '!=', '>', '<', '>=', '<=', '~>']
  const script = `require "json"; pairs = JSON.parse($stdin.read)
    print JSON.dump(pairs.map { |a, b| [Gem::Version.new(a) <=> Gem::Version.new(b), *${JSON.stringify(operators)}.map { |op|
      Gem::Requirement.new("#{op} #{b}").satisfied_by?(Gem::Version.new(a)) }] })`
  const { stdout, error, stderr } = spawnSync('ruby', ['-e', script], { input: JSON.stringify(pairs) })
  if (error !== undefined) return t.skip('ruby is not on this machine')
  const expected = JSON.parse(stdout.toString() || `"${stderr}"`) as readonly (readonly unknown[])[]
  for (const [index, [a, b]] of pairs.entries()) {
    const [order, ...met] = expected[index] ?? []
    assert.equal(Math.sign(compareNumbers(a, b)), order, `${a} <=> ${b}`)
    assert.deepEqual(
      operators.map((operator) => satisfies(a, `${operator} ${b}`)),
      met,
      `${a} and ${b}`,
    )
  }
})
