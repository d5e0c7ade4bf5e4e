import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { armor, enums } from 'openpgp'
import { readBlock } from '../../src/trust/armour.ts'
import { bytesOf, code, detached, key } from './builders.ts'

const block = (...body: readonly string[]): string[] => [
  '-----BEGIN PGP SIGNATURE-----',
  ...body,
  '-----END PGP SIGNATURE-----',
]
const read = (lines: readonly string[]) => Buffer.from(readBlock(lines, 0, 'SIGNATURE').bytes).toString()

test('reads what the library armours', async () => {
  const signature = await detached(bytesOf('x'), [await key()])
  fc.assert(
    fc.property(fc.integer({ min: 1, max: signature.length }), (length) => {
      const bytes = signature.slice(0, length)
      const lines = armor(enums.armor.signature, bytes, undefined, undefined, undefined, true).split('\n')
      assert.deepEqual(Buffer.from(readBlock(lines, 0, 'SIGNATURE').bytes), Buffer.from(bytes))
    }),
    { numRuns: 50 },
  )
})

test('the checksum may be missing, and says where the next line is', () => {
  assert.deepEqual({ ...readBlock([...block('', 'YWJj'), 'next'], 0, 'SIGNATURE'), bytes: 0 }, { bytes: 0, next: 4 })
})

test('known headers and blanks at line ends do not count', () => {
  assert.equal(read(block('Version: 1', 'Comment: x', ' \t', 'YWJj\r')), 'abc')
})

const faults: Readonly<Record<string, readonly string[]>> = {
  'an unknown header': block('Foo: x', '', 'YWJj'),
  'no empty line': block('YWJj'),
  'no end': block('', 'YWJj').slice(0, -1),
  'a header that never ends': ['-----BEGIN PGP SIGNATURE-----', 'Version: 1'],
  'the end of another kind': [...block('', 'YWJj').slice(0, -1), '-----END PGP PUBLIC KEY BLOCK-----'],
  'a wrong checksum': block('', 'YWJj', '=AAAA'),
  'text behind the checksum': block('', '=uhsz', 'YWJj'),
  'a character that is not base64': block('', 'YW-j'),
  'padding inside': block('', 'YQ==', 'YWJj'),
  'a cut quantum': block('', 'YWJjY'),
}
for (const [name, lines] of Object.entries(faults)) {
  test(`refuses ${name}`, () => {
    assert.throws(() => read(lines), code('BAD_FRAMING'))
  })
}
