// Lists of checksums as the tools write them: coreutils (`sha256sum`, `b2sum`), BSD (`SHA256 (name) = hex`), openssl
// (`SHA2-256(name)= hex`), and files beside one file that hold its digest alone.
// https://www.gnu.org/software/coreutils/manual/html_node/cksum-output-modes.html

import { MirrorError } from '../errors.ts'
import { isHex } from './digest.ts'

export interface Checksum {
  /** As written, relative to the list, without a leading `./`; '' when the line names no file. */
  readonly name: string
  readonly algorithm: string
  /** Lower case. */
  readonly hex: string
}

/** A line of a list; a comment or a blank line has no checksum. */
export interface ChecksumLine {
  readonly text: string
  readonly checksum?: Checksum
}

const byLength = new Map([
  [32, 'md5'],
  [40, 'sha1'],
  [56, 'sha224'],
  [64, 'sha256'],
  [96, 'sha384'],
  [128, 'sha512'],
])

const named = new Map([
  ['md5', 'md5'],
  ['sha1', 'sha1'],
  ['sha224', 'sha224'],
  ['sha256', 'sha256'],
  ['sha384', 'sha384'],
  ['sha512', 'sha512'],
  ['sha2224', 'sha224'],
  ['sha2256', 'sha256'],
  ['sha2384', 'sha384'],
  ['sha2512', 'sha512'],
  ['b2', 'blake2b512'],
  ['blake2b', 'blake2b512'],
  ['blake2b512', 'blake2b512'],
])

/** `SHA2-256` and `sha256` are one name; undefined for an algorithm that is not computed here. */
const algorithmNamed = (text: string): string | undefined => named.get(text.toLowerCase().replace(/[-_]/g, ''))

/** The algorithm that the name of a list tells: `SHA512SUMS`, `tool.tgz.sha256`, `B2SUMS`. */
export function algorithmOf(fileName: string): string | undefined {
  const found = /(sha-?(?:1|224|256|384|512)|md5|blake2b|b2)(?:sums?)?(?:\.(?:txt|asc))?$/i.exec(fileName)
  return found?.[1] === undefined ? undefined : algorithmNamed(found[1])
}

/** A list longer than this is none that a person publishes, bytes. */
export const LARGEST_LIST = 32 * 1024 * 1024
const longestLine = 8192

/** The longest label is `SHA2-512/256`. */
const bsd = /^([A-Za-z0-9/-]{2,16}) ?\((.+)\) ?= ?([0-9A-Fa-f]{32,128})$/
const coreutils = /^(\\?)([0-9A-Fa-f]{32,128})(?: [ *]|[ \t]+)(.+)$/
const bare = /^[0-9A-Fa-f]{32,128}$/

/** `\n`, `\r` and `\\` in the name of a line that begins with a backslash. */
const unescaped = (name: string): string =>
  name.replace(/\\([nr\\])/g, (_, letter: string) => (letter === 'n' ? '\n' : letter === 'r' ? '\r' : '\\'))

/**
 * The lines of a list, in order. `fileName` tells the algorithm where the lines do not. Digests of algorithms that are not
 * computed here are passed over.
 * @throws MirrorError UNREADABLE for a line that is none, for a digest whose length is not that of its algorithm, and for two
 * different digests of one file by one algorithm.
 */
export function parseChecksums(bytes: Uint8Array, fileName: string): readonly ChecksumLine[] {
  if (bytes.length > LARGEST_LIST) throw unreadable(fileName, `has ${bytes.length} bytes, too many for one`)
  const text = decode(bytes, fileName)
  const told = algorithmOf(fileName)
  const known = new Map<string, string>()
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.map((raw, index) => {
    const line = raw.replace(/[ \t\r]+$/, '')
    if (line === '' || line.startsWith('#') || line.startsWith(';')) return { text: raw }
    if (line.length > longestLine) throw unreadable(fileName, `has a line ${index + 1} without end`)
    const checksum = read(line, told)
    if (checksum === 'broken') throw unreadable(fileName, `has a line ${index + 1} that states no digest`)
    if (checksum === undefined) return { text: raw }
    const key = `${checksum.algorithm} ${checksum.name}`
    const before = known.get(key)
    if (before !== undefined && before !== checksum.hex)
      throw unreadable(fileName, `states two digests for ${JSON.stringify(checksum.name.slice(0, 200))}`)
    known.set(key, checksum.hex)
    return { text: raw, checksum }
  })
}

function decode(bytes: Uint8Array, fileName: string): string {
  try {
    // a byte order mark at the beginning is left out by the decoder
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw unreadable(fileName, 'is not UTF-8')
  }
}

/** Undefined for an algorithm that is not computed here. */
function read(line: string, told: string | undefined): Checksum | 'broken' | undefined {
  const labelled = bsd.exec(line)
  if (labelled !== null) {
    const [, label = '', name = '', digits = ''] = labelled
    const algorithm = algorithmNamed(label)
    return algorithm === undefined ? undefined : checksum(name, algorithm, digits)
  }
  const plain = coreutils.exec(line)
  const digits = plain?.[2] ?? (bare.test(line) ? line : undefined)
  if (digits === undefined) return 'broken'
  const [, escaped = '', , name = ''] = plain ?? []
  const algorithm = told ?? byLength.get(digits.length)
  if (algorithm === undefined) return 'broken'
  return checksum(escaped === '' ? name : unescaped(name), algorithm, digits)
}

function checksum(name: string, algorithm: string, digits: string): Checksum | 'broken' {
  const hex = digits.toLowerCase()
  return isHex(algorithm, hex) ? { name: name.replace(/^(?:\.\/)+/, ''), algorithm, hex } : 'broken'
}

const unreadable = (fileName: string, why: string): MirrorError =>
  new MirrorError('UNREADABLE', `the list of checksums ${fileName} ${why}`, { path: fileName })
