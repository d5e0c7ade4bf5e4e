import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseManifest } from '../../src/formats/gentoo-manifest.ts'

const blake = `BLAKE2B ${'a'.repeat(128)}`
const sha = `SHA512 ${'b'.repeat(128)}`
const read = (text: string) => parseManifest(text, '/Manifest')

describe('Manifest', () => {
  it('states size and digests of each file, of every algorithm that is computed here', () => {
    const { lines } = read(`DIST nano-8.2.tar.xz 1692320 ${blake} ${sha} WHIRLPOOL ${'c'.repeat(128)}\n`)
    assert.deepEqual(lines, [
      {
        type: 'DIST',
        name: 'nano-8.2.tar.xz',
        size: 1692320,
        digests: { blake2b512: 'a'.repeat(128), sha512: 'b'.repeat(128) },
      },
    ])
  })

  it('has types, ignored paths, a time, and escaped names', () => {
    const text = `TIMESTAMP 2026-01-02T12:00:00Z\nIGNORE distfiles\nMANIFEST a/Manifest.gz 1 ${sha}\nDATA a\\x20b\\u00e9 1 ${sha}\nDIST x 1 ${sha}\nAUX x 1 ${sha}\n`
    const { lines, ignored, timestamp } = read(text)
    assert.deepEqual(
      lines.map(({ type, name }) => `${type} ${name}`),
      ['MANIFEST a/Manifest.gz', 'DATA a bé', 'DIST x', 'AUX x'],
    )
    assert.deepEqual([ignored, timestamp], [['distfiles'], Date.UTC(2026, 0, 2, 12)])
  })

  const rows: readonly (readonly [text: string, code: string])[] = [
    [`DIST x 1 MD5 ${'a'.repeat(32)} SHA1 ${'b'.repeat(40)}`, 'WEAK_DIGEST'],
    [`DIST x 1 WHIRLPOOL ${'a'.repeat(128)}`, 'WEAK_DIGEST'],
    ['DIST x 1', 'WEAK_DIGEST'],
    [`DIST x 1 SHA512 ${'b'.repeat(127)}`, 'UNREADABLE'],
    [`DIST x 1 ${sha} SHA512`, 'UNREADABLE'],
    [`DIST x 1 ${sha} ${sha}`, 'UNREADABLE'],
    [`DIST x one ${sha}`, 'UNREADABLE'],
    [`DIST x -1 ${sha}`, 'UNREADABLE'],
    [`DIST ${'9'.repeat(30)} ${'9'.repeat(30)} ${sha}`, 'UNREADABLE'],
    [`DIST a/b 1 ${sha}`, 'UNREADABLE'],
    [`DIST .. 1 ${sha}`, 'UNREADABLE'],
    [`DIST a\\x2fb 1 ${sha}`, 'UNREADABLE'],
    [`DIST a\\x00 1 ${sha}`, 'UNREADABLE'],
    [`DIST a\\q 1 ${sha}`, 'UNREADABLE'],
    [`DATA ../x 1 ${sha}`, 'UNREADABLE'],
    [`DATA /x 1 ${sha}`, 'UNREADABLE'],
    [`DIST x 1 ${sha}\nDIST x 2 ${sha}`, 'UNREADABLE'],
    ['TIMESTAMP yesterday', 'UNREADABLE'],
    ['TIMESTAMP 2026-01-02T12:00:00Z\nTIMESTAMP 2026-01-02T12:00:00Z', 'UNREADABLE'],
    ['<!DOCTYPE html>', 'UNREADABLE'],
    ['x'.repeat(20_000), 'UNREADABLE'],
  ]
  for (const [text, code] of rows) {
    it(`is refused: ${text.slice(0, 60)}`, () => assert.throws(() => read(text), { code }))
  }
})
