import assert from 'node:assert/strict'
import { test } from 'node:test'
import { goVersions, isCanonical, isExact, isPseudo } from '../../src/versions/go.ts'

const { compare, satisfies, fault } = goVersions

test('canonical versions have three numbers, a v, and no metadata but +incompatible', () => {
  for (const version of ['v0.0.0', 'v1.2.3', 'v1.2.3-rc.1', 'v2.0.0+incompatible', 'v0.0.1-go1.26.0.linux-amd64']) {
    assert.ok(isCanonical(version), version)
  }
  for (const text of [
    '',
    '1.2.3',
    'v1',
    'v1.2',
    'v01.2.3',
    'v1.2.3+meta',
    'v1.2.3-01',
    'vv1.2.3',
    'v1.2.3 ',
    'master',
    `v1.2.${'9'.repeat(17)}`,
  ]) {
    assert.ok(!isCanonical(text), text)
  }
})

test('pseudo-versions are told from tags', () => {
  for (const version of [
    'v0.0.0-20190101000000-abcdefabcdef',
    'v1.2.4-0.20190101000000-abcdefabcdef',
    'v1.2.3-pre.0.20190101000000-abcdefabcdef',
    'v2.0.0-20190101000000-abcdefabcdef+incompatible',
  ]) {
    assert.ok(isPseudo(version), version)
    assert.ok(isCanonical(version), version)
  }
  for (const version of ['v1.2.3', 'v1.2.3-rc.1', 'v1.2.3-20190101', 'v0.0.0-2019-abc'])
    assert.ok(!isPseudo(version), version)
})

test('order is that of semantic versioning', () => {
  assert.ok(compare('v1.10.0', 'v1.9.0') > 0)
  assert.ok(compare('v1.0.0', 'v1.0.0-rc.1') > 0)
  assert.ok(compare('v0.0.0-20200101000000-abcdefabcdef', 'v0.0.0-20190101000000-abcdefabcdef') > 0)
  assert.ok(compare('master', 'v0.0.0') < 0)
})

test('ranges are queries of the go command, and carets and tildes', () => {
  const meet: readonly (readonly [string, string, boolean])[] = [
    ['v1.2.3', 'v1.2.3', true],
    ['v1.2.4', 'v1.2.3', false],
    ['v1.9.0', 'v1', true],
    ['v2.0.0', 'v1', false],
    ['v1.2.9', 'v1.2', true],
    ['v1.3.0', 'v1.2', false],
    ['v1.5.0', '>=v1.2.0 <v2.0.0', true],
    ['v1.5.0', '>=v1.2.0, <v1.5.0', false],
    ['v1.5.0', '^v1.2.0', true],
    ['v1.5.0', '~v1.2.0', false],
    ['v1.5.0', '*', true],
    ['v2.0.0+incompatible', 'v2.0.0+incompatible', true],
    ['v1.5.0-rc.1', '>=v1.2.0', false],
    ['v1.5.0-rc.1', '>=v1.5.0-rc.0', true],
    ['v0.0.0-20200101000000-abcdefabcdef', 'v0.0.0-20200101000000-abcdefabcdef', true],
    ['master', '*', false],
  ]
  for (const [version, range, expected] of meet)
    assert.equal(satisfies(version, range), expected, `${version} ${range}`)
})

test('what is no range is said to be none', () => {
  for (const range of [
    '',
    ' ',
    'master',
    'v1.x',
    'v1 || v2',
    '=>v1',
    'v1.2.3.4',
    `v${'1'.repeat(20)}`,
    'v1 '.repeat(1000),
  ]) {
    assert.notEqual(fault(range), undefined, range)
  }
  for (const range of ['v1', '*', '<v2', '>=v1.2.3-rc.1', 'v1.2.3+incompatible'])
    assert.equal(fault(range), undefined, range)
})

test('an exact range names one version', () => {
  assert.ok(isExact('v1.2.3'))
  assert.ok(!isExact('v1'))
  assert.ok(!isExact('>=v1.2.3'))
})
