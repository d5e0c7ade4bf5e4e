// Order and ranges of Python's versions, by the examples of the specification and the cases that other readers get wrong.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  canonicalVersion,
  isPin,
  namesPrerelease,
  normalVersion,
  pep440Versions,
  within,
} from '../../src/versions/pep440.ts'

const { compare, satisfies, fault, exact, prerelease } = pep440Versions

describe('versions of Python packages', () => {
  it('have one canonical and one normal spelling', () => {
    for (const [text, canonical, normal] of [
      ['1.0.0', '1', '1.0.0'],
      ['v1.0-RC.1', '1rc1', '1.0rc1'],
      ['1.0.post', '1.post0', '1.0.post0'],
      ['1.0-2', '1.post2', '1.0.post2'],
      ['1!2.0+Ubuntu-1', '1!2+ubuntu.1', '1!2.0+ubuntu.1'],
      ['0.0', '0', '0.0'],
      ['1.0.DEV3', '1.dev3', '1.0.dev3'],
    ] as const) {
      assert.deepEqual([canonicalVersion(text), normalVersion(text)], [canonical, normal], text)
    }
    for (const none of ['', 'one', '1.0-', '1..0', '1.0+', '2004d', `1${'.0'.repeat(200)}`])
      assert.equal(normalVersion(none), undefined, none)
  })

  it('compare by epoch, numbers, stage and local part', () => {
    assert.equal(compare('1.0', '1.0.0'), 0)
    assert.ok(compare('1.0.dev1', '1.0a1') < 0)
    assert.ok(compare('1.0a1', '1.0a1.post1') < 0)
    assert.ok(compare('1.0+1', '1.0+abc') > 0)
    assert.ok(compare('1.0+abc.1', '1.0+abc') > 0)
    assert.ok(compare('nonsense', '0.dev0') < 0)
    assert.deepEqual([prerelease('1.0rc1'), prerelease('1.0.dev1'), prerelease('1.0.post1')], [true, true, false])
  })
})

describe('specifiers', () => {
  const cases: readonly (readonly [range: string, yes: readonly string[], no: readonly string[]])[] = [
    ['~=2.2', ['2.2', '2.3', '2.9.post1'], ['2.1', '3.0', '2.2rc1']],
    ['~=1.4.5', ['1.4.5', '1.4.9'], ['1.5', '1.4.4']],
    ['~=2.2.post3', ['2.2.post3', '2.3'], ['2.2', '3']],
    ['==1.1', ['1.1', '1.1.0', '1.1+local'], ['1.1.post1', '1.1a1', '1.1.1']],
    ['==1.1.*', ['1.1', '1.1.2', '1.1.post1'], ['1.2', '1.10', '1.1a1']],
    ['==1.1+local', ['1.1+local'], ['1.1', '1.1+other']],
    ['!=1.1.*', ['1.2', '1.0'], ['1.1', '1.1.5']],
    ['>1.7', ['1.7.1', '1.8'], ['1.7', '1.7.0.post1', '1.7+local']],
    ['>1.7.post2', ['1.7.post3', '1.7.1'], ['1.7.post2', '1.7']],
    ['>1.0a1', ['1.0', '1.0a2', '1.0rc1'], ['1.0a1']],
    ['<1.0', ['0.9', '0.9.post1'], ['1.0', '1.0rc1', '1.0.dev1']],
    ['<1.0rc2', ['1.0rc1', '0.9'], ['1.0rc2', '1.0']],
    ['>=1.0,<2', ['1.0', '1.99'], ['2.0', '0.9', '2.0rc1', '1.5rc1']],
    ['>=1.0rc1', ['1.0rc1', '1.5a1', '2'], ['1.0b1']],
    ['===1.0', ['1.0', '1.0.0'], ['1.0+x', '1.0.post1']],
    ['', ['1', '2.post1'], ['1rc1']],
    ['1.2.0', ['1.2'], ['1.2.1']],
    ['>=1!1.0', ['1!1.0', '2!0'], ['2.0']],
  ]
  for (const [range, yes, no] of cases) {
    it(`${range === '' ? 'none' : range} hold what they say`, () => {
      assert.equal(fault(range), undefined)
      for (const version of yes) assert.equal(satisfies(version, range), true, version)
      for (const version of no) assert.equal(satisfies(version, range), false, version)
    })
  }

  it('hold early versions where bounds alone are asked', () => {
    assert.equal(within('1.5rc1', '>=1.0,<2'), true)
    assert.equal(within('2.0rc1', '>=1.0,<2'), false)
    assert.deepEqual(
      [namesPrerelease('>=1.0rc1'), namesPrerelease('!=1.0rc1'), namesPrerelease('>=1')],
      [true, false, false],
    )
  })

  it('that pin a version are told from those that do not', () => {
    assert.deepEqual(['==1.0', '===1', '==1.*', '>=1', '==1.0,!=2'].map(isPin), [true, true, false, false, true])
  })

  it('are refused with the reason', () => {
    for (const range of [
      '>=',
      '=>1',
      '>=1.*',
      '~=1',
      '<1+local',
      '==1.0a1.*',
      '>=one',
      '1 || 2',
      '>=1;<2',
      'x'.repeat(5000),
    ])
      assert.match(fault(range) ?? '', /./, range)
  })

  it('of a lockfile fit the same version however a file writes it', () => {
    assert.equal(exact('1.0.0'), exact('1.0'))
    assert.equal(satisfies('1.0', exact('1.0.0')), true)
  })
})
