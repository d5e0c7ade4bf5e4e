import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { algorithmOf, parseChecksums } from '../../src/formats/checksums.ts'
import { processorTime } from '../builders/processor-time.ts'

const a = 'a'.repeat(64)
const b = 'b'.repeat(128)

const read = (text: string, name = 'SHA256SUMS'): readonly string[] =>
  parseChecksums(Buffer.from(text), name).flatMap(({ checksum }) =>
    checksum === undefined ? [] : `${checksum.algorithm} ${checksum.hex.slice(0, 2)} ${checksum.name}`,
  )

describe('lists of checksums', () => {
  const rows: readonly (readonly [what: string, text: string, lines: readonly string[], name?: string])[] = [
    ['coreutils, text', `${a}  kit.tgz\n`, ['sha256 aa kit.tgz']],
    ['coreutils, binary', `${a} *kit.tgz\n`, ['sha256 aa kit.tgz']],
    ['a name with blanks', `${a}  a b  c.txt\n`, ['sha256 aa a b  c.txt']],
    ['a name that begins with an asterisk', `${a} **x\n`, ['sha256 aa *x']],
    ['an escaped name', `\\${a}  a\\nb\\\\c\n`, ['sha256 aa a\nb\\c']],
    ['a backslash in a name that is not escaped', `${a}  a\\nb\n`, ['sha256 aa a\\nb']],
    ['a folder', `${a}  ./dir/kit.tgz\n`, ['sha256 aa dir/kit.tgz']],
    ['one blank, or a tab', `${a} kit.tgz\n${a}\tbolt.tgz\n`, ['sha256 aa kit.tgz', 'sha256 aa bolt.tgz']],
    [
      'BSD',
      `SHA256 (kit.tgz) = ${a}\nSHA512 (kit.tgz) = ${b}\n`,
      ['sha256 aa kit.tgz', 'sha512 bb kit.tgz'],
      'CHECKSUM',
    ],
    ['BSD, a name with brackets', `SHA256 (a (1).tgz) = ${a}\n`, ['sha256 aa a (1).tgz']],
    ['BSD, BLAKE2', `BLAKE2b (kit.tgz) = ${b}\n`, ['blake2b512 bb kit.tgz']],
    ['openssl', `SHA2-256(kit.tgz)= ${a}\n`, ['sha256 aa kit.tgz']],
    ['an algorithm that is not computed', `SHA3-256 (kit.tgz) = ${a}\n`, []],
    ['upper case', `${a.toUpperCase()}  kit.tgz\n`, ['sha256 aa kit.tgz']],
    ['CRLF, a byte order mark, blanks at the end', `\uFEFF${a}  kit.tgz \r\n\r\n`, ['sha256 aa kit.tgz']],
    ['comments', `# kit.tgz: 5 bytes\n; more\n${a}  kit.tgz`, ['sha256 aa kit.tgz']],
    ['a digest alone', `${a}\n`, ['sha256 aa '], 'kit.tgz.sha256'],
    [
      'a digest with the path where it was made',
      `${a}  /build/out/kit.tgz\n`,
      ['sha256 aa /build/out/kit.tgz'],
      'kit.tgz.sha256',
    ],
    ['by the length where no name tells', `${b}  kit.tgz\n`, ['sha512 bb kit.tgz'], 'checksums.txt'],
    ['by the name of the list', `${b}  kit.tgz\n`, ['blake2b512 bb kit.tgz'], 'B2SUMS'],
    ['the same twice', `${a}  kit.tgz\n${a}  ./kit.tgz\n`, ['sha256 aa kit.tgz', 'sha256 aa kit.tgz']],
    ['nothing', '', []],
  ]
  for (const [what, text, lines, name] of rows) it(`are read: ${what}`, () => assert.deepEqual(read(text, name), lines))

  const broken: readonly (readonly [what: string, text: string | Uint8Array])[] = [
    ['a web page', '<!DOCTYPE html>\n<html></html>\n'],
    ['a digest of another length than the name of the list says', `${b}  kit.tgz\n`],
    ['a digest cut short', `${a.slice(1)}  kit.tgz\n`],
    ['two digests for one file', `${a}  kit.tgz\n${'c'.repeat(64)}  kit.tgz\n`],
    ['what is no text', Buffer.from([0xff, 0xfe, 0x61, 0x00])],
    ['a line without end', `${a}  ${'x'.repeat(10_000)}`],
  ]
  for (const [what, text] of broken) {
    it(`are refused: ${what}`, () => {
      assert.throws(() => parseChecksums(Buffer.from(text), 'SHA256SUMS'), { code: 'UNREADABLE' })
    })
  }

  it('tell their algorithm by their name', () => {
    const names = [
      'SHA256SUMS',
      'sha512sum.txt',
      'kit.tgz.sha256',
      'kit_1.0_SHA256SUMS',
      'SHA-256',
      'B2SUMS',
      'checksums.txt',
    ]
    assert.deepEqual(names.map(algorithmOf), [
      'sha256',
      'sha512',
      'sha256',
      'sha256',
      'sha256',
      'blake2b512',
      undefined,
    ])
  })

  it('are read in linear time', () => {
    const started = processorTime()
    for (const line of [`SHA256 (${'('.repeat(8000)}`, `${a}${' '.repeat(8000)}`, `\\${a}  ${'\\'.repeat(8000)}`])
      assert.doesNotThrow(() => {
        try {
          parseChecksums(Buffer.from(line), 'SHA256SUMS')
        } catch {
          // refused or not, but soon
        }
      })
    assert.ok(processorTime() - started < 500)
  })
})
