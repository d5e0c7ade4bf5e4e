// bun.lockb, bun's binary lockfile: format 2 (bun 0.1.7 to 1.2) and 3 (1.3 and later). Everything is little-endian: a
// header, the packages as columns, six arrays, of which the strings are the last. Nothing in it has a line.
// https://github.com/oven-sh/bun/blob/main/src/install/lockfile/bun.lockb.zig

import type { Digests, Locked, LockFormat } from '../contract.ts'
import { locked, ofFileIf } from './locked.ts'
import { npm, whereItFits } from './npm.ts'
import { fault } from './place.ts'
import { headText, readBytes } from './text.ts'

const HEADER = '#!/usr/bin/env bun\nbun-lockfile-format-v0\n'
/** Behind the header: the format, a hash of what is meant, and the size of all. */
const FORMAT_AT = HEADER.length
const TOTAL_AT = FORMAT_AT + 4 + 32
const LIST_AT = TOTAL_AT + 8

/** Sizes of what a package is made of; a resolution's depends on how long the numbers of a version are. */
const NAME = 8
const META = 88
const DEPENDENCY = 26
const TREE = 20

const ROOT_DEPENDENCY = 0xfffffffe
const BUNDLED = 1 << 6

export const bunLockb: LockFormat = {
  id: 'bun-lockb',
  names: ['bun.lockb'],
  sniff: (head) => headText(head.subarray(0, HEADER.length)) === HEADER,
  async *read(input) {
    const file = input.name
    const bytes = Buffer.from(await readBytes(input))
    if (bytes.toString('latin1', 0, HEADER.length) !== HEADER) throw fault({ file }, 'is no lockfile of bun')
    const reader = readerOf(bytes, file)
    const format = reader.integer(FORMAT_AT)
    if (format !== 2 && format !== 3) throw fault({ file }, `format ${format} is not known`)
    const seen = new Set<string>()
    for (const one of packages(reader, format, file)) {
      const same = JSON.stringify([one.name, one.version, one.url])
      if (seen.size !== seen.add(same).size) yield one
    }
  },
}

interface Reader {
  /** Four bytes. */
  integer(at: number): number
  /** Eight bytes: an offset or a count, which is no larger than the file. */
  size(at: number): number
  /** Throws LOCKFILE unless all of it is there. */
  part(from: number, to: number): Buffer
}

function readerOf(bytes: Buffer, file: string): Reader {
  const part = (from: number, to: number): Buffer => {
    if (from > to || to > bytes.length) throw fault({ file }, 'is cut off, or points beyond its end')
    return bytes.subarray(from, to)
  }
  return {
    part,
    integer: (at) => part(at, at + 4).readUInt32LE(),
    size(at) {
      const size = part(at, at + 8).readBigUInt64LE()
      if (size > BigInt(bytes.length)) throw fault({ file }, 'points beyond its end')
      return Number(size)
    },
  }
}

function* packages(reader: Reader, format: 2 | 3, file: string): Generator<Locked> {
  reader.part(0, reader.size(TOTAL_AT))
  const [count, , , begin, end] = [0, 8, 16, 24, 32].map((at) => reader.size(LIST_AT + at))
  if (count === undefined || begin === undefined || end === undefined) return
  const arrays = arraysFrom(reader, end)
  const text = textReader(arrays.strings, file)
  const version = format === 2 ? 8 + 8 + 48 : 8 + 8 + 56
  const names = begin
  const resolutions = begin + count * (NAME + 8)
  const metas = resolutions + count * (version + 8 + 8)
  reader.part(begin, end)
  if (metas + count * META > end) throw fault({ file }, 'has fewer packages than it says')
  const bundled = bundledOf(arrays)
  for (let at = 0; at < count; at++) {
    const resolution = reader.part(resolutions + at * version, resolutions + (at + 1) * version)
    const meta = reader.part(metas + at * META, metas + (at + 1) * META)
    const name = text(reader.part(names + at * NAME, names + (at + 1) * NAME))
    const found = bundled.has(at) ? undefined : fromPackage(name, resolution, meta, { format, text, file })
    if (found !== undefined) yield found
  }
}

interface Arrays {
  readonly trees: Buffer
  /** Dependencies by number, as they are installed. */
  readonly hoisted: Buffer
  /** What each dependency resolves to. */
  readonly resolved: Buffer
  readonly dependencies: Buffer
  readonly strings: Buffer
}

/** Each begins with where it begins and ends. */
function arraysFrom(reader: Reader, at: number): Arrays {
  let next = at
  const array = (): Buffer => {
    const [from, to] = [reader.size(next), reader.size(next + 8)]
    if (from < next + 16) return reader.part(1, 0)
    next = to
    return reader.part(from, to)
  }
  const [trees, hoisted, resolved, dependencies, , strings] = [array(), array(), array(), array(), array(), array()]
  return { trees, hoisted, resolved, dependencies, strings }
}

/** Packages that lie in another package's file, wherever they are installed. Old files number packages there and know none. */
function bundledOf({ trees, hoisted, resolved, dependencies }: Arrays): ReadonlySet<number> {
  const inside = new Set<number>()
  const outside = new Set<number>()
  if (trees.length < TREE || trees.readUInt32LE(4) !== ROOT_DEPENDENCY) return inside
  for (let at = 0; at + 4 <= hoisted.length; at += 4) {
    const id = hoisted.readUInt32LE(at)
    if ((id + 1) * DEPENDENCY > dependencies.length || (id + 1) * 4 > resolved.length) continue
    const isBundled = ((dependencies[id * DEPENDENCY + 16] ?? 0) & BUNDLED) !== 0
    const set = isBundled ? inside : outside
    set.add(resolved.readUInt32LE(id * 4))
  }
  return new Set([...inside].filter((id) => !outside.has(id)))
}

type Text = (string: Buffer) => string

/** Eight bytes: the text itself, or where it stands among the strings. */
function textReader(strings: Buffer, file: string): Text {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const decode = (bytes: Uint8Array): string => {
    try {
      return decoder.decode(bytes)
    } catch (cause) {
      throw fault({ file }, 'holds a text that is not UTF-8', cause)
    }
  }
  return (string) => {
    if (((string[7] ?? 0) & 0x80) === 0) {
      const end = string.subarray(0, 8).indexOf(0)
      return decode(string.subarray(0, end < 0 ? 8 : end))
    }
    const from = string.readUInt32LE(0)
    const to = from + (string.readUInt32LE(4) & 0x7fffffff)
    if (to > strings.length) throw fault({ file }, 'names a text beyond its strings')
    return decode(strings.subarray(from, to))
  }
}

interface Around {
  readonly format: 2 | 3
  readonly text: Text
  readonly file: string
}

/** Undefined for the project itself. */
function fromPackage(
  name: string,
  resolution: Buffer,
  meta: Buffer,
  { format, text, file }: Around,
): Locked | undefined {
  const tag = resolution[0]
  const value = resolution.subarray(8)
  const first = text(value.subarray(0, 8))
  const common = { ecosystem: npm, name, markers: platformsOf(meta), options: whereItFits }
  const digests = ofFileIf(digestsOf(meta.subarray(20)))
  switch (tag) {
    case 1:
      return undefined
    case 2:
      return locked(
        { file },
        { ...common, version: versionOf(value.subarray(8), format, text), url: first || undefined, digests },
      )
    case 4:
      return locked({ file }, { ...common, url: `file:${first}`, source: 'link' })
    case 8:
      return locked({ file }, { ...common, url: first, source: 'file', digests })
    case 16:
    case 32: {
      const [repo, committish] = [text(value.subarray(8, 16)), text(value.subarray(16, 24))]
      const from = tag === 16 ? `github:${first}/${repo}` : `git+${repo}`
      return locked({ file }, { ...common, url: `${from}#${committish}`, source: 'git' })
    }
    case 64:
      return locked({ file }, { ...common, url: `link:${first}`, source: 'link' })
    case 72:
      return locked({ file }, { ...common, url: `workspace:${first}`, source: 'workspace' })
    case 80:
      return locked({ file }, { ...common, url: first, source: 'url', digests })
    default:
      throw fault({ file }, `${JSON.stringify(name.slice(0, 200))} is of the unknown kind ${tag}`)
  }
}

function versionOf(version: Buffer, format: 2 | 3, text: Text): string {
  const width = format === 2 ? 4 : 8
  const numbers = [0, 1, 2].map((at) =>
    format === 2 ? version.readUInt32LE(at * width) : version.readBigUInt64LE(at * width),
  )
  // behind the numbers, what comes before the release and what names the build, each with a hash
  const behind = version.subarray(format === 2 ? 16 : 24)
  const [before, build] = [text(behind.subarray(0, 8)), text(behind.subarray(16, 24))]
  return `${numbers.join('.')}${before === '' ? '' : `-${before}`}${build === '' ? '' : `+${build}`}`
}

const hashes = [undefined, ['sha1', 20], ['sha256', 32], ['sha384', 48], ['sha512', 64]] as const

function digestsOf(integrity: Buffer): Digests | undefined {
  const [algorithm, length] = hashes[integrity[0] ?? 0] ?? []
  return algorithm === undefined ? undefined : { [algorithm]: integrity.toString('hex', 1, 1 + length) }
}

const systems = ['aix', 'darwin', 'freebsd', 'linux', 'openbsd', 'sunos', 'win32', 'android']
const processors = ['arm', 'arm64', 'ia32', 'mips', 'mipsel', 'ppc', 'ppc64', 's390', 's390x', 'x32', 'x64']
const libraries = ['glibc', 'musl']

/** Sets of bits from the second on; all of them, or none at all of a libc, is everywhere. */
function platformsOf(meta: Buffer): string | undefined {
  const [cpu, os, libc] = [meta.readUInt16LE(2), meta.readUInt16LE(4), meta[6] ?? 0]
  const parts = [
    named('os', os, systems),
    named('cpu', cpu, processors),
    libc === 0 ? [] : named('libc', libc, libraries),
  ].flat()
  return parts.length === 0 ? undefined : parts.join(' ')
}

function named(what: string, bits: number, names: readonly string[]): readonly string[] {
  const chosen = names.filter((_, at) => (bits & (1 << (at + 1))) !== 0)
  if (chosen.length === names.length) return []
  return [`${what}=${chosen.length === 0 ? 'none' : chosen.join(',')}`]
}
