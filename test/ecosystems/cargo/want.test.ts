import assert from 'node:assert/strict'
import { test } from 'node:test'
import { activation, want } from '../../../src/ecosystems/cargo/want.ts'
import { repo } from './builders.ts'

const ask = (text: string) => want(text, repo())

test('a name, with or without a requirement', () => {
  assert.deepEqual(ask('serde'), { name: 'serde' })
  assert.deepEqual(ask('Serde@latest'), { name: 'serde' })
  assert.deepEqual(ask(' serde@1 '), { name: 'serde', range: '1' })
  assert.deepEqual(ask('serde@>= 1.0, <1.5'), { name: 'serde', range: '>= 1.0, <1.5' })
  assert.deepEqual(ask('serde@=1.0.0+build'), { name: 'serde', range: '=1.0.0+build' })
})

test('features are turned on with +, the default ones off with -default', () => {
  const features = ['derive', 'rc']
  assert.deepEqual(ask('serde@1 +derive,+rc'), {
    name: 'serde',
    range: '1',
    options: { features, default_features: true, all_features: false },
  })
  assert.deepEqual(ask('serde +derive +rc -default').options, {
    features,
    default_features: false,
    all_features: false,
  })
  assert.deepEqual(ask('serde@1 +*').options, { features: [], default_features: true, all_features: true })
})

test('what is no crate is refused with the way to write it', () => {
  for (const text of [
    '',
    '*',
    '../etc',
    'a/b',
    'serde@',
    'serde@x.y',
    'serde@1 -derive',
    'serde@1 +',
    'serde@1 || 2',
    'sérde',
  ]) {
    assert.throws(() => ask(text), { name: 'MirrorError', code: 'CONFIG' }, text)
  }
})

test('the long form has defaults, and no other options', () => {
  const from = { file: 'm.yaml', line: 3 }
  assert.deepEqual(activation({ name: 'serde', from }), { features: [], default_features: true, all_features: false })
  assert.throws(() => activation({ name: 'serde', from, options: { feature: ['x'] } }), {
    code: 'CONFIG',
    located: /^m\.yaml:3: /,
  })
})
