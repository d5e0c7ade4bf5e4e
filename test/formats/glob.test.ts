import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { MirrorError } from '../../src/errors.ts'
import { compileGlob } from '../../src/formats/glob.ts'
import { processorTime } from '../builders/processor-time.ts'

const table: readonly { readonly pattern: string; readonly yes: readonly string[]; readonly no: readonly string[] }[] =
  [
    { pattern: 'a/b', yes: ['a/b'], no: ['a/B', 'a/b/', 'xa/b', 'a/bc'] },
    { pattern: '*', yes: ['a', '', '.hidden'], no: ['a/b', '/'] },
    { pattern: '*.deb', yes: ['a.deb', '.deb'], no: ['a.debx', 'a/b.deb'] },
    { pattern: 'lib*-dev', yes: ['lib-dev', 'libx-y-dev'], no: ['libx-de', 'lib/x-dev'] },
    { pattern: 'a?c', yes: ['abc', 'a.c', 'a🙂c'], no: ['ac', 'a/c', 'abbc'] },
    { pattern: '**', yes: ['', 'a', 'a/b/.c', '/'], no: [] },
    {
      pattern: '/dists/**',
      yes: ['/dists', '/dists/', '/dists/a', '/dists/a/b'],
      no: ['/distsx', '/x/dists/a', 'dists/a'],
    },
    {
      pattern: '/dists/**/Release',
      yes: ['/dists/Release', '/dists/a/b/Release'],
      no: ['/dists/xRelease', '/dists/a/Release.gpg'],
    },
    { pattern: '**/*.json', yes: ['a.json', 'a/b/c.json', '/a.json'], no: ['a.jsonl', 'json'] },
    { pattern: '/**/x/**', yes: ['/x', '/a/x/b', '/a/b/x/c/d'], no: ['/a/xx/b', 'x'] },
    { pattern: 'a/**/**/b', yes: ['a/b', 'a/x/b', 'a/x/y/z/b'], no: ['ab', 'a/xb'] },
    { pattern: 'a/**/**', yes: ['a/', 'a/b', 'a/b/c'], no: ['ab', 'b'] },
    { pattern: 'a**b', yes: ['ab', 'axb'], no: ['a/b'] },
    { pattern: '@corp/*', yes: ['@corp/x'], no: ['@corp/x/y', '@corpx/y', '@corp'] },
    { pattern: '[a-c]x', yes: ['ax', 'cx'], no: ['dx', 'x', '-x'] },
    { pattern: '[!a-c]x', yes: ['dx', '!x'], no: ['ax', '/x'] },
    { pattern: '[^a]', yes: ['b'], no: ['a', '^a'] },
    { pattern: '[]a]', yes: [']', 'a'], no: ['[]a]'] },
    { pattern: '[a-]', yes: ['a', '-'], no: ['b'] },
    { pattern: '[\\]\\-]', yes: [']', '-'], no: ['\\'] },
    { pattern: '{a,b}/c', yes: ['a/c', 'b/c'], no: ['{a,b}/c', 'c'] },
    { pattern: 'x{,.gz,.{xz,bz2}}', yes: ['x', 'x.gz', 'x.xz', 'x.bz2'], no: ['x.', 'x.zst'] },
    { pattern: '{*.c,**/h}', yes: ['a.c', 'h', 'a/b/h'], no: ['a/b.c'] },
    { pattern: '{[,}],a}', yes: [',', '}', 'a'], no: ['{'] },
    { pattern: '\\*\\{', yes: ['*{'], no: ['x{', '\\*\\{'] },
    { pattern: 'a.b+(c)|$^', yes: ['a.b+(c)|$^'], no: ['axb+(c)|$^', 'a.bc'] },
    { pattern: '!a', yes: ['!a'], no: ['b'] },
  ]

for (const { pattern, yes, no } of table) {
  test(`${pattern} means what doublestar says`, () => {
    const fits = compileGlob(pattern)
    for (const value of yes) assert.ok(fits(value), `fits ${value}`)
    for (const value of no) assert.ok(!fits(value), `does not fit ${value}`)
  })
}

describe('a malformed pattern', () => {
  for (const pattern of [
    '',
    '[a',
    '[',
    '[]',
    '[!]',
    '[z-a]',
    '{a',
    'a}',
    '{a,{b}',
    'a\\',
    '{[a}',
    'x'.repeat(513),
    '{a,b}'.repeat(9),
    '{'.repeat(400),
  ]) {
    test(`${pattern.slice(0, 20)} is an error of the configuration`, () => {
      assert.throws(
        () => compileGlob(pattern),
        (error) => error instanceof MirrorError && error.code === 'CONFIG',
      )
    })
  }
})

test('no value takes long, whatever the pattern', () => {
  const started = processorTime()
  for (const pattern of [`${'*a'.repeat(200)}b`, `${'**/'.repeat(100)}b`, `${'{*a,*b}'.repeat(8)}c`]) {
    assert.ok(!compileGlob(pattern)('a/'.repeat(30) + 'a'.repeat(900)))
  }
  assert.ok(processorTime() - started < 2000)
})

test('every literal fits itself alone', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 30 }), fc.string(), (text, other) => {
      const fits = compileGlob(text.replace(/[*?[\]{}\\,]/g, '\\$&'))
      assert.ok(fits(text))
      assert.equal(fits(other), other === text)
    }),
  )
})

test('stars fit as a regular expression of the same meaning does', () => {
  const pattern = fc
    .array(fc.constantFrom('a', 'b', '/', '*', '?'), { minLength: 1, maxLength: 8 })
    .map((parts) => parts.join(''))
  const value = fc.array(fc.constantFrom('a', 'b', '/'), { maxLength: 10 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(pattern, value, (glob, text) => {
      fc.pre(!glob.includes('**'))
      const expression = new RegExp(`^${glob.replaceAll('*', '[^/]*').replaceAll('?', '[^/]')}$`)
      assert.equal(compileGlob(glob)(text), expression.test(text))
    }),
  )
})
