import assert from 'node:assert/strict'
import { test } from 'node:test'
import { want } from '../../../src/ecosystems/debian/want.ts'

const rows: readonly (readonly [text: string, selector: object])[] = [
  ['curl', { name: 'curl', options: {} }],
  [' libssl* ', { name: 'libssl*', options: {} }],
  ['g++', { name: 'g++', options: {} }],
  ['jq=1.6-2.1', { name: 'jq', range: '1.6-2.1', options: {} }],
  ['jq (>= 1.6)', { name: 'jq', range: '>= 1.6', options: {} }],
  ['curl:arm64', { name: 'curl', options: { architectures: ['arm64'] } }],
  ['src:hello', { name: 'hello', options: { source: true } }],
  ['src:hello=2.*', { name: 'hello', range: '2.*', options: { source: true } }],
]
for (const [text, selector] of rows) {
  test(`understands ${JSON.stringify(text)}`, () => assert.deepEqual(want(text), selector))
}

for (const text of ['', 'a b', 'x'.repeat(300), 'jq (< 2)', 'jq=', 'jq (', '../x', 'jq (>= 1.*)', '-x']) {
  test(`refuses ${JSON.stringify(text)}`, () => assert.throws(() => want(text), { code: 'CONFIG' }))
}
