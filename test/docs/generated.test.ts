// Tables that are generated from declarations are up to date. UPDATE_DOCS=1 writes them anew.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { generatedParts, withParts } from '../../scripts/docs.ts'
import { root } from './pages.ts'

for (const [name, parts] of Object.entries(await generatedParts())) {
  test(`${name} says what the code declares`, () => {
    const file = path.join(root, name)
    const old = readFileSync(file, 'utf8')
    const fresh = withParts(old, parts)
    if (process.env.UPDATE_DOCS === '1') writeFileSync(file, fresh)
    else assert.equal(old, fresh, 'run this test with UPDATE_DOCS=1')
  })
}

test('a part without a place is an error', () => {
  assert.throws(() => withParts('# Nothing generated here\n', { errors: 'x' }), /no place/)
})

test('a part takes the place of the old one and leaves the rest', () => {
  const text = 'before\n<!-- a: generated from x -->\n\nold\n\n<!-- end -->\nafter\n'
  assert.equal(
    withParts(text, { a: '$& new' }),
    text.replace('old', () => '$& new'),
  )
})
