// The MANIFEST of a published tree: every path with its size and digest, and the header fields that no name tells. Sorted by
// path, so that two of them are merged and compared as they are read.
//
//   pkgmirror tree 1
//   base https://mirror.example.org
//
//   <sha256> <size> npm/left-pad/index.json
//   <sha256> <size> v2/org/app/manifests/1.0
//    content-type: application/vnd.oci.image.index.v1+json
//   end <files> <bytes>

import { MirrorError } from '../errors.ts'
import { isHex } from './digest.ts'
import { exportName } from './safe-path.ts'
import { lineGroups } from './text-lines.ts'

export interface ManifestEntry {
  /** Below the root of the tree, without a slash in front. */
  readonly path: string
  readonly sha256: string
  readonly size: number
  /** Names in lower case. */
  readonly fields: Readonly<Record<string, string>>
}

const first = 'pkgmirror tree 1'
const baseWord = 'base '
/** A digest, a size and a path of at most 1024 bytes, or a header field. */
const LONGEST_LINE = 4096
const MOST_FIELDS = 16

export function* formatManifest(base: string, entries: Iterable<ManifestEntry>): Generator<string> {
  let [files, bytes] = [0, 0]
  yield `${first}\n${baseWord}${base}\n\n`
  for (const { path, sha256, size, fields } of entries) {
    files += 1
    bytes += size
    yield `${sha256} ${size} ${path}\n`
    for (const [name, value] of Object.entries(fields)) yield ` ${name}: ${value}\n`
  }
  yield `end ${files} ${bytes}\n`
}

export interface ManifestReader {
  /** Address for which the tree was made. */
  readonly base: string
  readonly entries: AsyncIterable<ManifestEntry>
}

/**
 * Reads the head, and the entries as they come.
 * @throws MirrorError UNREADABLE with the line, for what is no MANIFEST and for one that breaks off.
 */
export async function readManifest(pieces: AsyncIterable<Uint8Array>, file: string): Promise<ManifestReader> {
  let number = 0
  const broken = (why: string): MirrorError =>
    new MirrorError('UNREADABLE', `this is no MANIFEST of an exported tree: ${why}`, {
      file,
      line: number,
      hint: 'Export the tree again; where it is read from a web server, copy it there again.',
    })
  const lines = singly(lineGroups(pieces, LONGEST_LINE, () => broken('a line is too long')))
  const next = async (): Promise<string> => {
    number += 1
    const { value, done } = await lines.next()
    if (done === true) throw broken('it breaks off')
    return value
  }
  if ((await next()) !== first) throw broken(`it does not begin with \`${first}\``)
  const base = await next()
  if (!base.startsWith(baseWord)) throw broken('it names no address')
  if ((await next()) !== '') throw broken('its head has no end')

  async function* entries(): AsyncGenerator<ManifestEntry> {
    let [files, bytes, last] = [0, 0, '']
    for (let line = await next(); ; ) {
      if (line.startsWith('end ')) {
        if (line !== `end ${files} ${bytes}`) throw broken('its end counts other files')
        return
      }
      const entry = entryOf(line)
      if (entry === undefined) throw broken('a line is no entry')
      if (files > 0 && !isBefore(last, entry.path)) throw broken('it is not sorted')
      const fields: Record<string, string> = {}
      let count = 0
      for (line = await next(); line.startsWith(' '); line = await next()) {
        const [, name, value] = /^ ([a-z0-9-]+): (.+)$/.exec(line) ?? []
        count += 1
        if (name === undefined || value === undefined || count > MOST_FIELDS) throw broken('a line is no header field')
        fields[name] = value
      }
      files += 1
      bytes += entry.size
      last = entry.path
      yield { ...entry, fields }
    }
  }
  return { base: base.slice(baseWord.length), entries: entries() }
}

async function* singly(groups: AsyncIterable<readonly string[]>): AsyncGenerator<string> {
  for await (const group of groups) yield* group
}

function entryOf(line: string): Omit<ManifestEntry, 'fields'> | undefined {
  const [, sha256 = '', size = '', path = ''] = /^([0-9a-f]{64}) (0|[1-9]\d{0,15}) (.+)$/.exec(line) ?? []
  if (!isHex('sha256', sha256) || path.endsWith('/')) return undefined
  try {
    exportName(`/${path}`)
  } catch {
    return undefined
  }
  return { path, sha256, size: Number(size) }
}

/** By the bytes of UTF-8, as the lists of trees are sorted. */
const isBefore = (a: string, b: string): boolean => a !== b && Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0
