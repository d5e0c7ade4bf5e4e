// Gentoo's Manifest files, https://www.gentoo.org/glep/glep-0074.html: a line for each file, with its size and digests.

import type { Digests } from '../contract.ts'
import { MirrorError } from '../errors.ts'
import { isHex, strength } from './digest.ts'

export interface ManifestLine {
  readonly type: 'DIST' | 'DATA' | 'MANIFEST' | 'MISC' | 'OPTIONAL' | 'EBUILD' | 'AUX'
  /** Decoded; of a DIST a file name, else a path below the Manifest's folder. */
  readonly name: string
  readonly size: number
  /** Those that are computed here; at least one of them is sound. */
  readonly digests: Digests
}

export interface Manifest {
  readonly lines: readonly ManifestLine[]
  /** Paths that are not covered. */
  readonly ignored: readonly string[]
  /** When it was made, milliseconds since 1970. */
  readonly timestamp: number | undefined
}

/** The largest Manifest of a category has some MiB. */
export const LARGEST_MANIFEST = 32 * 1024 * 1024
const longestLine = 16 * 1024

const algorithms = new Map([
  ['BLAKE2B', 'blake2b512'],
  ['SHA512', 'sha512'],
  ['SHA256', 'sha256'],
  ['SHA1', 'sha1'],
  ['MD5', 'md5'],
])
const types = new Set(['DIST', 'DATA', 'MANIFEST', 'MISC', 'OPTIONAL', 'EBUILD', 'AUX'])
const isType = (text: string): text is ManifestLine['type'] => types.has(text)

/**
 * The text of a Manifest, without the frame of its signature. `path` names it in errors.
 * @throws MirrorError UNREADABLE; WEAK_DIGEST for a file of which no sound digest is stated.
 */
export function parseManifest(text: string, path: string): Manifest {
  const fault = (line: number, why: string): MirrorError =>
    new MirrorError('UNREADABLE', `line ${line} of the Manifest ${path} ${why}`, { path, line })
  if (text.length > LARGEST_MANIFEST) throw new MirrorError('TOO_LARGE', `the Manifest ${path} is too large`, { path })
  const found = new Map<string, ManifestLine>()
  const ignored: string[] = []
  let timestamp: number | undefined
  for (const [index, line] of text.split('\n').entries()) {
    if (line.length > longestLine) throw fault(index + 1, 'has no end')
    const [type = '', ...words] = line.split(' ').filter((word) => word !== '')
    if (type === '') continue
    if (type === 'TIMESTAMP') {
      if (timestamp !== undefined) throw fault(index + 1, 'is a second TIMESTAMP')
      timestamp = timeOf(words[0] ?? '')
      if (timestamp === undefined) throw fault(index + 1, 'has no readable time')
      continue
    }
    const name = nameOf(words[0] ?? '', type)
    if (name === undefined) throw fault(index + 1, 'names no file')
    if (type === 'IGNORE') {
      ignored.push(name)
      continue
    }
    if (!isType(type)) throw fault(index + 1, `is of the unknown type ${JSON.stringify(type.slice(0, 20))}`)
    const read: ManifestLine = { type, name, ...sizeAndDigests(words, (why) => fault(index + 1, why), path, name) }
    const key = `${type === 'DIST' ? 'DIST ' : ''}${name}`
    const known = found.get(key)
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(read))
      throw fault(index + 1, 'says something else of a file than a line before it')
    found.set(key, read)
  }
  return { lines: [...found.values()], ignored, timestamp }
}

function sizeAndDigests(
  [, size = '', ...pairs]: readonly string[],
  fault: (why: string) => MirrorError,
  path: string,
  name: string,
): Pick<ManifestLine, 'size' | 'digests'> {
  if (!/^\d{1,15}$/.test(size)) throw fault('states no size')
  if (pairs.length % 2 !== 0) throw fault('has an algorithm without a digest')
  const digests: Record<string, string> = {}
  for (let at = 0; at < pairs.length; at += 2) {
    const algorithm = algorithms.get(pairs[at] ?? '')
    const hex = (pairs[at + 1] ?? '').toLowerCase()
    if (algorithm === undefined) continue
    if (!isHex(algorithm, hex)) throw fault(`has no digest of the length of ${pairs[at]}`)
    if (digests[algorithm] !== undefined) throw fault(`states ${pairs[at]} twice`)
    digests[algorithm] = hex
  }
  if (!Object.keys(digests).some((algorithm) => strength(algorithm) >= 3))
    throw new MirrorError('WEAK_DIGEST', `the Manifest ${path} states no sound digest of ${name}`, { path })
  return { size: Number(size), digests }
}

/** `2026-01-02T12:00:00Z` */
function timeOf(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text)) return undefined
  const time = Date.parse(text)
  return Number.isNaN(time) ? undefined : time
}

/** A name with its escapes undone; undefined for one that leaves the folder or, of a DIST, is no plain file name. */
function nameOf(word: string, type: string): string | undefined {
  let broken = false
  const name = word.replace(/\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|)/g, (_, two, four, eight) => {
    const code = Number.parseInt(two ?? four ?? eight ?? '', 16)
    if (Number.isNaN(code) || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
      broken = true
      return ''
    }
    return String.fromCodePoint(code)
  })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (broken || name === '' || /[\u0000-\u001f\u007f\\]/.test(name)) return undefined
  if (type === 'DIST') return name.includes('/') || name === '.' || name === '..' ? undefined : name
  return name.split('/').some((part) => part === '' || part === '.' || part === '..') ? undefined : name
}
