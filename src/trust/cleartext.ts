// The cleartext signature framework (RFC 9580 §7), read as strictly as apt does: nothing unsigned before, between or after,
// because verifiers skip such text while parsers may read it.

import { MirrorError } from '../errors.ts'
import { beginLine, readBlock } from './armour.ts'

export interface Cleartext {
  /** The signed text: LF line ends, a final LF, dash escapes undone, blanks at line ends gone. */
  readonly text: string
  /** The same text as it is signed: CRLF line ends, none at the end. */
  readonly signed: Uint8Array
  /** The packets of all signature blocks. */
  readonly signatures: Uint8Array
}

const begin = '-----BEGIN PGP SIGNED MESSAGE-----'
const hashHeader = /^Hash: [A-Za-z0-9-]+(, ?[A-Za-z0-9-]+)*$/

/** Does it begin as a clear-signed file does? */
export const isClearSigned = (bytes: Uint8Array): boolean =>
  Buffer.from(bytes.subarray(0, begin.length)).toString('latin1') === begin

/**
 * Splits a clear-signed file. Throws NO_SIGNATURE when it is not clear-signed at all and BAD_FRAMING when it holds text
 * outside its signature, an unescaped dash line, a header other than Hash, NUL, a stray CR, or bytes that are not UTF-8.
 */
export function splitCleartext(bytes: Uint8Array): Cleartext {
  const lines = decode(bytes).split('\n')
  if (lines.at(-1) === '') lines.pop()
  if (withoutBlanks(lines[0] ?? '') !== begin) {
    if (!lines.some((line) => line.includes(begin))) {
      throw new MirrorError('NO_SIGNATURE', 'The file is not clear-signed.')
    }
    throw broken(0, 'is not the line that begins a signed message')
  }
  let at = 1
  for (; withoutBlanks(lines[at] ?? '') !== ''; at += 1) {
    if (!hashHeader.test(withoutBlanks(lines[at] ?? ''))) throw broken(at, 'is no Hash header')
  }
  const text: string[] = []
  for (at += 1; at < lines.length; at += 1) {
    const line = withoutBlanks(lines[at] ?? '')
    if (line === beginLine('SIGNATURE')) break
    if (line.includes('\r')) throw broken(at, 'holds a carriage return')
    if (line.startsWith('-') && !line.startsWith('- ') && line !== '-')
      throw broken(at, 'begins with an unescaped dash')
    // A line that is an escape and nothing else has lost the blank of its escape with the blanks at its end.
    text.push(line.startsWith('-') ? line.slice(2) : line)
  }
  return {
    text: `${text.join('\n')}\n`,
    signed: Buffer.from(text.join('\r\n')),
    signatures: signatureBlocks(lines, at),
  }
}

function signatureBlocks(lines: readonly string[], from: number): Uint8Array {
  if (from >= lines.length) throw broken(from, 'should begin a signature, but the file ends')
  const blocks: Uint8Array[] = []
  for (let at = from; at < lines.length; ) {
    if (withoutBlanks(lines[at] ?? '') !== beginLine('SIGNATURE')) throw broken(at, 'is outside the signature')
    const block = readBlock(lines, at, 'SIGNATURE')
    blocks.push(block.bytes)
    at = block.next
  }
  return Buffer.concat(blocks)
}

function decode(bytes: Uint8Array): string {
  if (bytes.includes(0)) throw new MirrorError('BAD_FRAMING', 'The signed file holds a NUL byte.')
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new MirrorError('BAD_FRAMING', 'The signed file is not UTF-8.', { cause })
  }
}

/** Without the blanks that a cleartext signature does not cover. */
function withoutBlanks(line: string): string {
  let end = line.length
  while (end > 0 && ' \t\r'.includes(line[end - 1] ?? '')) end -= 1
  return end === line.length ? line : line.slice(0, end)
}

const broken = (line: number, what: string): MirrorError =>
  new MirrorError('BAD_FRAMING', `Line ${line + 1} of the signed file ${what}.`, { line: line + 1 })
