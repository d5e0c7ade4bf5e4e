// ASCII armour (RFC 9580 §6): base64 between a BEGIN and an END line. Read by hand because the OpenPGP library reads only the
// first block of a file, and ignores whatever stands around it.

import { MirrorError } from '../errors.ts'

export interface Block {
  readonly bytes: Uint8Array
  /** Index of the line after the block. */
  readonly next: number
}

export type BlockKind = 'SIGNATURE' | 'PUBLIC KEY BLOCK'

export const beginLine = (kind: BlockKind): string => `-----BEGIN PGP ${kind}-----`

const knownHeader = /^(Version|Comment|MessageID|Hash|Charset):( |$)/
const anyHeader = /^[A-Za-z][A-Za-z-]*:( |$)/
const wholeBase64 = /^[A-Za-z0-9+/]*={0,2}$/

/**
 * Reads the block whose BEGIN line is `lines[start]`; blanks at line ends do not count.
 * Throws BAD_FRAMING for a missing END line, a foreign header, text that is not base64, and a wrong checksum.
 */
export function readBlock(lines: readonly string[], start: number, kind: BlockKind): Block {
  const broken = (line: number, what: string) =>
    new MirrorError('BAD_FRAMING', `The armour ${what} in line ${line + 1}.`, { line: line + 1 })
  const header = kind === 'SIGNATURE' ? knownHeader : anyHeader
  const end = `-----END PGP ${kind}-----`
  let at = start + 1
  for (; lines[at]?.trimEnd() !== ''; at += 1) {
    if (at >= lines.length) throw broken(start, 'has no body: it begins')
    if (!header.test(lines[at] ?? '')) throw broken(at, 'has an unknown header')
  }
  const body: string[] = []
  let checksum: string | undefined
  for (at += 1; lines[at]?.trimEnd() !== end; at += 1) {
    if (at >= lines.length) throw broken(start, 'never ends: it begins')
    const line = (lines[at] ?? '').trimEnd()
    if (line.startsWith('-')) throw broken(at, 'breaks off')
    if (checksum !== undefined) throw broken(at, 'goes on behind its checksum')
    if (line.length === 5 && line.startsWith('=')) checksum = line.slice(1)
    else body.push(line)
  }
  const bytes = decode(body.join(''))
  if (bytes === undefined) throw broken(start, 'is not base64: it begins')
  if (checksum !== undefined && checksum !== crc24(bytes)) throw broken(at - 1, 'has a wrong checksum')
  return { bytes, next: at + 1 }
}

function decode(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !wholeBase64.test(text)) return undefined
  return Buffer.from(text, 'base64')
}

const table = new Int32Array(256).map((_, index) => {
  let value = index << 16
  for (let bit = 0; bit < 8; bit += 1) value = (value << 1) ^ ((value & 0x800000) === 0 ? 0 : 0x1864cfb)
  return value & 0xffffff
})

/** The armour checksum (RFC 9580 §6.1.1) as base64. */
function crc24(bytes: Uint8Array): string {
  let value = 0xb704ce
  for (const byte of bytes) value = ((value << 8) ^ (table[((value >> 16) ^ byte) & 0xff] ?? 0)) & 0xffffff
  return Buffer.from([value >> 16, (value >> 8) & 0xff, value & 0xff]).toString('base64')
}
