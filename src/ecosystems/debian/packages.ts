// Packages and Sources: the files of an archive's pool. What is read does not depend on where the index lies, so that the same
// bytes under a by-hash name, or in an alias of a suite, are read once.
// https://wiki.debian.org/DebianRepository/Format#A.22Packages.22_Indices

import type { Digests, Doc, Entry } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { inflate } from '../../formats/compress.ts'
import { type Stanza, stanzas } from '../../formats/deb822.ts'
import { safePath } from '../../formats/safe-path.ts'
import { firstBytes, isMetadata } from './layout.ts'

/** What a binary package's entry carries for the closure; relations as written. */
export interface BinaryData {
  readonly arch: string
  readonly depends?: string
  readonly preDepends?: string
  readonly recommends?: string
  readonly provides?: string
  /** `name` or `name (version)`, when it is not the package's own. */
  readonly source?: string
  readonly multiArch?: string
  readonly essential?: true
  readonly priority?: string
}

/** One file of a source package. */
export interface SourceFile {
  readonly path: string
  readonly size: number
  readonly digests: Digests
}

/** Of a source package's files; the `.dsc` names them all, since packages share files and a path has but one entry. */
export interface SourceData {
  readonly source: true
  readonly files?: readonly SourceFile[]
}

const fields = [
  'Package',
  'Version',
  'Architecture',
  'Source',
  'Filename',
  'Size',
  'SHA256',
  'SHA512',
  'Depends',
  'Pre-Depends',
  'Recommends',
  'Provides',
  'Multi-Arch',
  'Essential',
  'Priority',
  'Directory',
  'Checksums-Sha256',
  'Checksums-Sha512',
] as const
type Package = Stanza<(typeof fields)[number]>

/** Twenty times the largest index of any archive; a bomb would have to be signed as well. */
const longestIndex = 1 << 30

/**
 * The pool files that a Packages or Sources names, whatever its compression. A by-hash path does not say what it holds:
 * a document that is no list of stanzas, or of other stanzas, names nothing.
 *
 * @throws MirrorError BAD_PATH for a file outside the pool, WEAK_DIGEST when weak digests are all there is, UNREADABLE.
 */
export async function* readPackages(doc: Doc): AsyncGenerator<readonly Entry[]> {
  const text = await stanzaText(inflate(doc.stream(), sniff(await firstBytes(doc, 8)), longestIndex))
  if (text === undefined) return
  let found = 0
  let strong = 0
  const take = (stanza: Package): readonly Entry[] => {
    const { Package: name, Version: version, Filename: file } = stanza
    if (name === undefined || version === undefined) return []
    if (file === undefined && stanza.Directory === undefined) return []
    const entries =
      file === undefined ? sourceEntries(name, version, stanza) : binaryEntries(name, version, file, stanza)
    found++
    if (entries.length > 0) strong++
    return entries
  }
  for await (const batch of stanzas(text, fields, take)) yield batch.flat()
  if (found > 0 && strong === 0) {
    throw new MirrorError('WEAK_DIGEST', `${doc.path} states neither SHA256 nor SHA512 digests`, { path: doc.path })
  }
}

/** The magic numbers of what indexes are compressed with; a by-hash name does not tell. */
const magics = [
  ['1f8b', 'gzip'],
  ['fd377a585a00', 'xz'],
  ['425a68', 'bzip2'],
  ['28b52ffd', 'zstd'],
  ['04224d18', 'lz4'],
] as const

const sniff = (head: Buffer) => magics.find(([magic]) => head.toString('hex').startsWith(magic))?.[1] ?? 'identity'

/** The same bytes, when they begin as stanzas do. */
async function stanzaText(bytes: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array> | undefined> {
  const pieces = bytes[Symbol.asyncIterator]()
  let head = Buffer.alloc(0)
  let done = false
  while (head.length < 64 && !done) {
    const next = await pieces.next()
    if (next.done === true) done = true
    else head = Buffer.concat([head, next.value])
  }
  if (!/^\n*[!-9;-~]+:/.test(head.toString('latin1', 0, 64))) {
    await pieces.return?.()
    return undefined
  }
  return (async function* () {
    yield head
    try {
      for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) yield next.value
    } finally {
      await pieces.return?.()
    }
  })()
}

function binaryEntries(name: string, version: string, file: string, stanza: Package): readonly Entry[] {
  const digests = digestsOf(stanza.SHA256, stanza.SHA512)
  const size = sizeOf(stanza.Size)
  if (digests === undefined || size === undefined) return []
  return [{ path: poolPath(file), name, version, size, digests, data: binaryData(stanza) }]
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** Written field by field: spreading into one object what there is takes three times as long, for each of 60,000. */
function binaryData(stanza: Package): BinaryData {
  const {
    Depends: depends,
    'Pre-Depends': preDepends,
    Recommends: recommends,
    Provides: provides,
    Source: source,
    'Multi-Arch': multiArch,
    Priority: priority,
  } = stanza
  const data: Writable<BinaryData> = { arch: stanza.Architecture ?? 'all' }
  if (depends !== undefined) data.depends = depends
  if (preDepends !== undefined) data.preDepends = preDepends
  if (recommends !== undefined) data.recommends = recommends
  if (provides !== undefined) data.provides = provides
  if (source !== undefined) data.source = source
  if (multiArch !== undefined) data.multiArch = multiArch
  if (stanza.Essential === 'yes') data.essential = true
  if (priority !== undefined) data.priority = priority
  return data
}

function sourceEntries(name: string, version: string, stanza: Package): readonly Entry[] {
  const strongest = new Map(checksums(stanza['Checksums-Sha512']).map(({ name, hex }) => [name, hex]))
  const { Directory: folder } = stanza
  const directory = folder === undefined || folder === '.' ? '' : `${folder}/`
  const files: SourceFile[] = []
  for (const { hex, size, name } of checksums(stanza['Checksums-Sha256'])) {
    const digests = digestsOf(hex, strongest.get(name))
    if (digests !== undefined) files.push({ path: poolPath(`${directory}${name}`), size, digests })
  }
  return files.map((file) => {
    const data: SourceData = file.path.endsWith('.dsc') ? { source: true, files } : { source: true }
    return { ...file, name, version, data }
  })
}

function checksums(block: string | undefined): readonly { hex: string; size: number; name: string }[] {
  const found: { hex: string; size: number; name: string }[] = []
  for (const line of block?.split('\n') ?? []) {
    if (line.trim() === '') continue
    const [hex = '', size, name = '', ...more] = line.trim().split(/\s+/)
    const length = sizeOf(size)
    if (length === undefined || name === '' || more.length > 0) {
      throw new MirrorError('UNREADABLE', 'a checksum line of Sources is not "digest size name"')
    }
    found.push({ hex, size: length, name })
  }
  return found
}

function digestsOf(sha256: string | undefined, sha512: string | undefined): Digests | undefined {
  const first = hex(sha256, 64)
  const second = hex(sha512, 128)
  if (second !== undefined) return first === undefined ? { sha512: second } : { sha256: first, sha512: second }
  return first === undefined ? undefined : { sha256: first }
}

/** The digest in lower case, when it is one of this length. */
function hex(text: string | undefined, length: number): string | undefined {
  if (text?.length !== length) return undefined
  if (/^[0-9a-f]+$/.test(text)) return text
  return /^[0-9a-f]+$/i.test(text) ? text.toLowerCase() : undefined
}

const sizeOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined

/** Where a file of the pool is served; throws BAD_PATH for one that is unsafe or stands where indexes are. */
function poolPath(name: string): string {
  const path = safePath(`/${name.startsWith('./') ? name.slice(2) : name}`)
  if (!isMetadata(path)) return path
  throw new MirrorError('BAD_PATH', `a package cannot lie at ${path}`, { path })
}
