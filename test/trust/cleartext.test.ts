import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { splitCleartext } from '../../src/trust/cleartext.ts'
import { processorTime } from '../builders/processor-time.ts'
import { bytesOf, code } from './builders.ts'

const frame = (text: string): string =>
  [
    '-----BEGIN PGP SIGNED MESSAGE-----',
    'Hash: SHA256',
    '',
    text,
    '-----BEGIN PGP SIGNATURE-----',
    '',
    'YWJj',
    '-----END PGP SIGNATURE-----',
    '',
  ].join('\n')

const line = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', '-', '- ', '-- x', '- - x', '-----BEGIN PGP SIGNATURE-----', 'From x', 'x \t '),
)
/** What a line may hold: anything but line ends and NUL. */
const texts = fc
  .array(line, { minLength: 1, maxLength: 8 })
  .map((lines) => lines.map((one) => one.replace(/[\r\n\0]/g, '')))

test('undoes dash escapes and drops blanks at line ends, and nothing else', () => {
  fc.assert(
    fc.property(texts, (lines) => {
      const escaped = lines.map((one) => (one.startsWith('-') ? `- ${one}` : one))
      const { text, signed, signatures } = splitCleartext(bytesOf(frame(escaped.join('\n'))))
      const plain = lines.map((one) => one.replace(/[ \t]+$/, ''))
      assert.equal(text, `${plain.join('\n')}\n`)
      assert.equal(Buffer.from(signed).toString(), plain.join('\r\n'))
      assert.equal(Buffer.from(signatures).toString(), 'abc')
    }),
  )
})

test('long runs of blanks take no more than a moment', () => {
  const started = processorTime()
  splitCleartext(bytesOf(frame(`${' \t'.repeat(200_000)}x`)))
  assert.ok(processorTime() - started < 500)
})

test('a file without the BEGIN line is not signed', () => {
  assert.throws(() => splitCleartext(bytesOf('<html>Log in</html>')), code('NO_SIGNATURE'))
  assert.throws(() => splitCleartext(bytesOf('')), code('NO_SIGNATURE'))
})

test('bytes that are not UTF-8 are refused', () => {
  assert.throws(() => splitCleartext(Buffer.from(frame('Origin: \xff'), 'latin1')), code('BAD_FRAMING'))
})

test('a byte order mark is text before the message', () => {
  assert.throws(() => splitCleartext(bytesOf(`\ufeff${frame('x')}`)), code('BAD_FRAMING'))
})

test('a file that ends in its text is cut off', () => {
  const file = frame('x')
  assert.throws(
    () => splitCleartext(bytesOf(file.slice(0, file.indexOf('-----BEGIN PGP SIGNATURE')))),
    code('BAD_FRAMING'),
  )
})
