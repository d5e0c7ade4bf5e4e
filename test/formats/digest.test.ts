import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareDigests, formatSri, hashers, hashOf, isHex, parseSri, strength } from '../../src/formats/digest.ts'

const algorithms = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'blake2b512']
const bytes = Buffer.from('abc')
const hex = (algorithm: string): string => createHash(algorithm).update(bytes).digest('hex')

test('all digests come from one pass, whatever the pieces', () => {
  const all = hashers(algorithms)
  all.update(bytes.subarray(0, 1))
  all.update(bytes.subarray(1))
  assert.deepEqual(all.digests(), Object.fromEntries(algorithms.map((algorithm) => [algorithm, hex(algorithm)])))
  assert.equal(hashOf(bytes), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})

test('a kind that is not computed here is left out, and a doubled one computed once', () => {
  const some = hashers(['h1', 'sha256', 'sha256', '__proto__'])
  some.update(bytes)
  assert.deepEqual(some.digests(), { sha256: hex('sha256') })
})

test('hex has the right length and lower case', () => {
  for (const algorithm of algorithms) {
    assert.ok(isHex(algorithm, hex(algorithm)))
    assert.ok(!isHex(algorithm, hex(algorithm).slice(1)))
    assert.ok(!isHex(algorithm, `${hex(algorithm).slice(1)}G`))
    assert.ok(!isHex(algorithm, `${hex(algorithm).slice(1)}\n`))
  }
  assert.ok(!isHex('sha256', 'A'.repeat(64)))
  assert.ok(!isHex('h1', 'a'.repeat(64)))
})

test('broken algorithms are weaker than short ones, and those than sound ones', () => {
  const order = ['h1', 'md5', 'sha224', 'sha256', 'sha384', 'sha512'].map(strength)
  assert.deepEqual(order, [...order].sort())
  assert.equal(strength('md5'), strength('sha1'))
  assert.ok(strength('sha224') > strength('sha1') && strength('sha256') >= 3 && strength('h1') === 0)
})

test('one shared digest that differs outweighs any that agree', () => {
  assert.equal(compareDigests({ sha256: 'a', md5: 'b' }, { sha256: 'a', sha1: 'c' }), 'equal')
  assert.equal(compareDigests({ sha256: 'a', md5: 'b' }, { sha256: 'a', md5: 'c' }), 'different')
  assert.equal(compareDigests({ sha256: 'a' }, { sha512: 'a' }), 'incomparable')
  assert.equal(compareDigests({}, {}), 'incomparable')
  assert.equal(compareDigests({ constructor: 'x' }, {}), 'incomparable')
})

test('an integrity text gives its digests by algorithm and leaves out what is malformed', () => {
  const [one, other] = [formatSri('sha512', hex('sha512')), formatSri('sha1', hex('sha1'))]
  assert.deepEqual(parseSri(`${one}?foo ${other}`), { sha512: hex('sha512'), sha1: hex('sha1') })
  assert.deepEqual(parseSri(`  ${one}\n`), { sha512: hex('sha512') })
  assert.deepEqual(parseSri(`${one} ${formatSri('sha512', '00'.repeat(64))}`), { sha512: hex('sha512') })
  for (const bad of [
    '',
    'sha512',
    'sha512-',
    'sha512-AAAA',
    'sha9-AAAA',
    `SHA512-${one.slice(7)}`,
    `${one}!`,
    'sha256-\u0000',
    '__proto__-AAAA',
  ]) {
    assert.deepEqual(parseSri(bad), {}, bad)
  }
})

test('an integrity text is read as it was written', () => {
  fc.assert(
    fc.property(fc.constantFrom('sha256', 'sha384', 'sha512', 'md5'), fc.uint8Array(), (algorithm, content) => {
      const digest = createHash(algorithm).update(content).digest('hex')
      assert.deepEqual(parseSri(formatSri(algorithm, digest)), { [algorithm]: digest })
    }),
  )
})
