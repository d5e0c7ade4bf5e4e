import assert from 'node:assert/strict'
import { test } from 'node:test'
import { activate, allFeatures } from '../../../src/ecosystems/cargo/features.ts'
import { parseLine } from '../../../src/ecosystems/cargo/line.ts'
import { crate, dep } from './builders.ts'

const parsed = parseLine(
  crate('log 1.0.0', {
    deps: [
      dep('always ^1'),
      dep('plain ^1', { optional: true, default_features: false, features: ['own'] }),
      dep('named ^1', { optional: true }),
      dep('weak ^1', { optional: true }),
    ],
    features: {
      default: ['std'],
      std: ['always/std'],
      full: ['std', 'plain/extra', 'full'],
      byname: ['dep:named'],
      faint: ['weak?/std'],
    },
  }),
)
assert.ok(parsed !== undefined)
const { release } = parsed

const active = (...features: string[]) =>
  Object.fromEntries(activate(release, features).active.map((each) => [each.dependency.name, each.features]))

test('optional dependencies are off until a feature turns them on', () => {
  assert.deepEqual(active('default'), { always: ['default', 'std'] })
})

test('an optional dependency is turned on by its own name', () => {
  assert.deepEqual(active('plain'), { always: ['default'], plain: ['own'] })
})

test('pkg/feature turns the dependency on and asks it for the feature', () => {
  assert.deepEqual(active('full'), { always: ['default', 'std'], plain: ['extra', 'own'] })
})

test('dep: turns it on under a feature of another name', () => {
  assert.deepEqual(active('byname').named, ['default'])
})

test('a weak dependency is held, since Cargo.lock names it', () => {
  assert.deepEqual(active('faint').weak, ['default', 'std'])
})

test('what is no feature is said', () => {
  assert.deepEqual(activate(release, ['default', 'nonsense', '__proto__', 'toString']).unknown.toSorted(), [
    '__proto__',
    'nonsense',
    'toString',
  ])
})

test('all features are those written down and those implied', () => {
  assert.deepEqual(allFeatures(release).toSorted(), [
    'byname',
    'default',
    'faint',
    'full',
    'named',
    'plain',
    'std',
    'weak',
  ])
})
