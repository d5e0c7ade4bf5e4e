import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { npmVersions } from '../../src/versions/npm.ts'
import { processorTime } from '../builders/processor-time.ts'

describe('npm versions', () => {
  it('are in the order of semver', () => {
    const sorted = [
      'nonsense',
      '0.0.1',
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-beta',
      '1.0.0',
      '1.2.0',
      '1.10.0',
      '2.0.0',
    ]
    assert.deepEqual([...sorted].reverse().sort(npmVersions.compare), sorted)
  })

  it('have one order, whatever the text', () => {
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom('1.0.0', 'v1.0.0', '1.0.0+a', '1.0.0+b', '1.0.0beta', '1.0.0-beta'),
    )
    fc.assert(
      fc.property(text, text, (a, b) => {
        assert.equal(Math.sign(npmVersions.compare(a, b)), -Math.sign(npmVersions.compare(b, a)) + 0)
        if (a !== b) assert.notEqual(npmVersions.compare(a, b), 0)
      }),
    )
  })

  it('satisfy ranges as npm reads them', () => {
    assert.ok(npmVersions.satisfies('1.2.3', '^1.2.0'))
    assert.ok(npmVersions.satisfies('1.0.0beta', '>=1.0.0-alpha'))
    assert.ok(!npmVersions.satisfies('2.0.0-rc.1', '^2.0.0'))
    assert.ok(!npmVersions.satisfies('nonsense', '*'))
    assert.ok(!npmVersions.satisfies('1.0.0', 'nonsense'))
  })

  it('have a range of their own', () => {
    for (const version of ['1.2.3', '1.0.0-rc.1', '1.0.0beta']) {
      const exact = npmVersions.exact(version)
      assert.ok(npmVersions.satisfies(version, exact), version)
      assert.ok(!['1.2.4', '1.0.0'].some((other) => npmVersions.satisfies(other, exact)), version)
    }
  })

  it('tell prereleases', () => {
    assert.ok(npmVersions.prerelease('1.0.0-rc.1'))
    assert.ok(!npmVersions.prerelease('1.0.0'))
    assert.ok(!npmVersions.prerelease('nonsense'))
  })

  it('say what is wrong with a range', () => {
    assert.equal(npmVersions.fault('>=1 <2 || 3.x'), undefined)
    assert.match(npmVersions.fault('newest please') ?? '', /"newest please" is no semver range/)
    assert.match(npmVersions.fault('1'.repeat(2000)) ?? '', /2000 characters/)
  })

  it('are compared in linear time', () => {
    const start = processorTime()
    for (const text of [`1.0.0-${'a.'.repeat(50_000)}`, '1'.repeat(100_000), `${' '.repeat(100_000)}1`]) {
      npmVersions.compare(text, '1.0.0')
      npmVersions.satisfies('1.0.0', text)
      npmVersions.satisfies(text, '*')
    }
    assert.ok(processorTime() - start < 500)
  })
})
