// The Release of a suite: dates, and the digest and size of every index below its folder.
// https://wiki.debian.org/DebianRepository/Format#A.22Release.22_files

import type { Digests, Entry } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { parseStanza } from '../../formats/deb822.ts'
import { safePath } from '../../formats/safe-path.ts'
import { isFlat } from './layout.ts'

/** A by-hash folder name with the digest that names the file in it. */
interface Hash {
  readonly folder: string
  readonly hex: string
}

export interface Listed {
  /** Below the folder of the suite, no leading slash. */
  readonly path: string
  readonly size: number
  /** All that the Release states, weak ones too: clients may ask by any of them. */
  readonly hashes: readonly Hash[]
}

export interface Release {
  /** Names in lower case. */
  readonly fields: ReadonlyMap<string, string>
  readonly architectures: readonly string[]
  readonly components: readonly string[]
  /** Milliseconds since 1970. */
  readonly date: number | undefined
  readonly validUntil: number | undefined
  /** Are the indexes upstream under `by-hash` too, so that they can be had while upstream changes? */
  readonly byHash: boolean
  /** By path below the suite's folder. */
  readonly files: ReadonlyMap<string, Listed>
}

/** As clients limit an InRelease. */
export const longestRelease = 10 << 20

/** The hash fields, the folder each has below `by-hash`, and the length of its digests; only the first two are strong. */
const algorithms = [
  { folder: 'SHA256', length: 64, strong: 'sha256' },
  { folder: 'SHA512', length: 128, strong: 'sha512' },
  { folder: 'SHA1', length: 40 },
  { folder: 'MD5Sum', length: 32 },
] as const

/** Tools that list a whole folder list the Release itself too, with the digest of an earlier state. */
const roots = new Set(['InRelease', 'Release', 'Release.gpg'])

/**
 * Parses the signed text of a Release.
 *
 * @throws MirrorError UNREADABLE when it is none, BAD_PATH for an unsafe path, WEAK_DIGEST when it states digests of weak
 * kinds alone.
 */
export function parseRelease(text: string): Release {
  const fields = parseStanza(text, { maxStanza: longestRelease })
  const words = (field: string): readonly string[] =>
    fields
      .get(field)
      ?.split(/\s+/)
      .filter((word) => word !== '') ?? []
  const files = new Map<string, { path: string; size: number; hashes: Hash[] }>()
  for (const { folder, length } of algorithms) {
    for (const { hex, size, path } of listing(fields.get(folder.toLowerCase()) ?? '', folder, length)) {
      if (roots.has(path)) continue
      const file = files.get(path) ?? { path, size, hashes: [] }
      const said = file.hashes.find((hash) => hash.folder === folder)
      if (file.size !== size || (said !== undefined && said.hex !== hex)) {
        throw new MirrorError('UNREADABLE', `the Release contradicts itself about ${path}`, { path })
      }
      if (said === undefined) file.hashes.push({ folder, hex })
      files.set(path, file)
    }
  }
  if (files.size > 0 && !fields.has('sha256') && !fields.has('sha512')) {
    throw new MirrorError('WEAK_DIGEST', 'the Release states neither SHA256 nor SHA512 digests')
  }
  return {
    fields,
    architectures: words('architectures'),
    components: words('components'),
    date: dateField(fields, 'Date'),
    validUntil: dateField(fields, 'Valid-Until'),
    byHash: fields.get('acquire-by-hash')?.toLowerCase() === 'yes',
    files,
  }
}

function* listing(block: string, field: string, length: number) {
  for (const line of block.split('\n')) {
    if (line.trim() === '') continue
    const [hex = '', size = '', name = '', ...more] = line.trim().split(/\s+/)
    if (
      hex.length !== length ||
      !/^[0-9a-fA-F]+$/.test(hex) ||
      !/^\d{1,15}$/.test(size) ||
      name === '' ||
      more.length > 0
    ) {
      throw new MirrorError('UNREADABLE', `a line of ${field} is not "digest size path"`)
    }
    yield { hex: hex.toLowerCase(), size: Number(size), path: safePath(`/${name.replace(/^\.\//, '')}`).slice(1) }
  }
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const datePattern =
  /^[A-Z][a-z]{2}, {1,2}(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) {1,2}(\d{1,2}):(\d{2}):(\d{2}) (?:UTC|GMT|\+0000|Z)$/

function dateField(fields: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = fields.get(name.toLowerCase())
  if (text === undefined) return undefined
  const [, day, month = '', year, hour, minute, second] = datePattern.exec(text) ?? []
  const time = Date.UTC(Number(year), months.indexOf(month), Number(day), Number(hour), Number(minute), Number(second))
  if (Number.isNaN(time) || !months.includes(month)) {
    throw new MirrorError('UNREADABLE', `${name} of the Release is no date in UTC: ${text.slice(0, 60)}`)
  }
  return time
}

/** The digests that count; none when the Release states weak ones alone. */
export function strongDigests(file: Listed): Digests {
  const digests: Record<string, string> = {}
  for (const algorithm of algorithms) {
    if (!('strong' in algorithm)) continue
    const hash = file.hashes.find(({ folder }) => folder === algorithm.folder)
    if (hash !== undefined) digests[algorithm.strong] = hash.hex
  }
  return digests
}

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1)

/**
 * The entries of one listed file: at its plain path (upstream asked by hash where it can be, since plain names change
 * under a running sync) and at every by-hash path that a client may ask for. None for a file with weak digests alone.
 */
export function* fileEntries(folder: string, release: Release, file: Listed): Generator<Entry> {
  const digests = strongDigests(file)
  const parent = `${folder}/${parentOf(file.path)}by-hash`
  // Of the two SHA256 is asked of upstream: it comes first, and every archive has it.
  const strong = file.hashes.find(({ folder: kind }) => kind === 'SHA256' || kind === 'SHA512')
  if (strong === undefined) return
  const known = { digests, size: file.size }
  const path = `${folder}/${file.path}`
  if (!release.byHash) return yield { path, ...known }
  yield { path, url: `${parent}/${strong.folder}/${strong.hex}`, ...known }
  for (const hash of file.hashes) yield { path: `${parent}/${hash.folder}/${hash.hex}`, ...known }
}

/** Every entry of a suite. A flat repository has its indexes beside its Release: what it lists deeper is none. */
export function* releaseEntries(folder: string, release: Release): Generator<Entry> {
  for (const file of release.files.values()) {
    if (isFlat(folder) && file.path.includes('/')) continue
    yield* fileEntries(folder, release, file)
  }
}
