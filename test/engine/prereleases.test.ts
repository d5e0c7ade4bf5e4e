import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withPrereleases } from '../../src/engine/prereleases.ts'
import { cargoVersions } from '../../src/versions/cargo.ts'
import { npmVersions } from '../../src/versions/npm.ts'

const npm = withPrereleases(npmVersions)
const cargo = withPrereleases(cargoVersions)

const inside: readonly (readonly [version: string, range: string])[] = [
  ['1.2.0-beta', '<1.3'],
  ['1.3.0-beta', '<1.3.0'],
  ['1.2.0-beta', '>=1.0.0 <2.0.0'],
  ['1.2.0-beta', '^1.0.0'],
  ['1.2.3-rc.1', '~1.2.2'],
  ['2.0.0-alpha', '1.0.0 - 3.0.0'],
  ['1.2.0-beta', '1.2.x'],
  ['1.0.0-beta', '1'],
  ['1.2.0-beta', '>=1.2'],
  ['1.2.0-beta', '*'],
  ['0.0.0-beta', '*'],
  ['1.2.0-beta', '=3.0.0 || <1.3'],
  ['2.0.0-beta', '>=1.0.0 <2.0.0'],
]
const outside: readonly (readonly [version: string, range: string])[] = [
  ['1.2.0-beta', '>=1.2.0'],
  ['1.2.0-beta', '^1.2.0'],
  ['1.2.0-beta', '=1.2.0'],
  ['1.2.0-beta', '>1.2.0'],
  ['1.2.0-beta', '<1.2.0-alpha'],
  ['1.4.0-beta', '<1.3'],
  ['3.0.0-beta', '>=1 <2'],
  ['2.0.0-beta', '^1.0.0'],
  ['2.0.0-beta', '<2'],
  ['1.3.0-beta', '1.2.x'],
  ['0.0.0-beta', '>=0.0.0'],
]

for (const [version, range] of inside)
  test(`${version} is within ${range}`, () => assert.ok(npm.satisfies(version, range)))
for (const [version, range] of outside) {
  test(`${version} is not within ${range}`, () => assert.ok(!npm.satisfies(version, range)))
}

test('releases stay as they were', () => {
  for (const version of ['0.9.0', '1.0.0', '1.2.0', '2.0.0'])
    for (const range of ['<1.3', '^1.0.0', '>=1.2.0', '1.x'])
      assert.equal(npm.satisfies(version, range), npmVersions.satisfies(version, range), `${version} ${range}`)
})

test('Cargo has the same bounds in its own syntax', () => {
  assert.ok(cargo.satisfies('1.2.0-beta', '<1.3'))
  assert.ok(cargo.satisfies('1.2.0-beta', '>=1.0, <2.0'))
  assert.ok(!cargo.satisfies('1.2.0-beta', '>=1.2.0, <2.0'))
})
