// A file of a project, as every form of an index tells of it, and what is kept of that.
// https://packaging.python.org/en/latest/specifications/simple-repository-api/

import type { Digests, Entry } from '../../contract.ts'
import { isHex, strength } from '../../formats/digest.ts'
import { type FileName, filePath, metadataPath, provenancePath, readFileName } from './names.ts'

export interface File {
  readonly file: string
  readonly name: FileName
  /** Absolute, without a fragment. */
  readonly url: string
  readonly digests: Digests
  readonly size?: number
  /** Milliseconds since 1970. */
  readonly published?: number
  /** The time as it was written, for those who read it. */
  readonly uploaded?: string
  /** Requires-Python. */
  readonly python?: string
  /** The reason, which may be ''. */
  readonly yanked?: string
  /** Of its metadata file: digests, or none where upstream only says that there is one. */
  readonly metadata?: Digests
  /** Absolute address of its attestations. */
  readonly provenance?: string
}

/** What the catalog remembers of a file beside path, digests and times: plain JSON. */
export interface FileData {
  readonly python?: string
  readonly yanked?: true
  /** sha256 of its metadata, where it is stated. */
  readonly metadata?: string
  /** Upstream holds attestations of it. */
  readonly attested?: true
}

/** The data of an entry that `entriesOf` made. */
export const dataOf = (entry: Partial<Entry>): FileData => (entry.data ?? {}) as FileData

/** Later than every cooldown: stands for a time that is there and cannot be read. */
const unreadableTime = Number.MAX_SAFE_INTEGER
const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?$/

/** Milliseconds since 1970. A time without a zone is UTC, as the index writes it. */
export function readTime(text: unknown): number | undefined {
  if (text === undefined || text === null || text === '') return undefined
  if (typeof text !== 'string' || !isoTime.test(text)) return unreadableTime
  const time = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`)
  return Number.isSafeInteger(time) && time >= 0 ? time : unreadableTime
}

/** A time for clients: as upstream wrote it where it says its zone, since lockfiles quote it. */
export function writtenTime(text: unknown, time: number | undefined): Pick<File, 'uploaded'> {
  if (time === undefined || time === unreadableTime) return {}
  return { uploaded: typeof text === 'string' && text.endsWith('Z') ? text : new Date(time).toISOString() }
}

/** Longer texts of an attribute are left out: no reason and no list of versions has so many words. */
const longestText = 2000
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
const control = /[\u0000-\u001f\u007f-\u009f]+/g
export const plainText = (text: unknown): string | undefined =>
  typeof text === 'string' && text.length <= longestText ? text.replace(control, ' ') : undefined

/** Digests whose algorithm is known, in lower case. */
export function readDigests(stated: Readonly<Record<string, unknown>>): Digests {
  const digests: Record<string, string> = {}
  for (const algorithm of ['sha256', 'sha512', 'sha384', 'sha224', 'sha1', 'md5']) {
    if (!Object.hasOwn(stated, algorithm)) continue
    const text = stated[algorithm]
    const hex = typeof text === 'string' ? text.toLowerCase() : ''
    if (isHex(algorithm, hex)) digests[algorithm] = hex
  }
  return digests
}

/** `sha256=…`, as fragments of addresses and attributes write it. */
export function readHash(text: string): Digests {
  const [, algorithm = '', hex = ''] = /^([a-z0-9]{1,16})=([0-9a-fA-F]{1,128})$/.exec(text) ?? []
  return readDigests({ [algorithm]: hex })
}

/** The strongest of some digests in that form, and sha256 before all: every client knows it, and nobody needs more. */
export function writeHash(digests: Digests): string | undefined {
  if (digests.sha256 !== undefined) return `sha256=${digests.sha256}`
  const [best] = Object.keys(digests).toSorted((a, b) => strength(b) - strength(a))
  return best === undefined ? undefined : `${best}=${digests[best]}`
}

/** An absolute web address without a secret, parted from its fragment; undefined for anything else. */
export function readAddress(
  text: string,
  base: string,
): { readonly url: string; readonly fragment: string } | undefined {
  if (text.length > 4096) return undefined
  const url = URL.parse(text, base)
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.password !== '')
    return undefined
  const { href } = url
  const hash = href.indexOf('#')
  return hash === -1 ? { url: href, fragment: '' } : { url: href.slice(0, hash), fragment: href.slice(hash + 1) }
}

/** Where the path of an address that was read ends: at its query. */
function endOfPath(url: string): number {
  const query = url.indexOf('?')
  return query === -1 ? url.length : query
}

/** The name of the file at an address that was read; undefined where there is none or it is written oddly. */
export function fileAt(url: string): string | undefined {
  const end = endOfPath(url)
  const last = url.slice(url.lastIndexOf('/', end - 1) + 1, end)
  try {
    return last.includes('%') ? decodeURIComponent(last) : last
  } catch {
    return undefined
  }
}

/** The parts of a file that one item of an index states, each as it is written. */
export interface Stated {
  readonly file: string
  readonly url: string
  readonly digests: Digests
  readonly size?: unknown
  readonly uploaded?: unknown
  readonly python?: unknown
  readonly yanked?: unknown
  readonly metadata?: Digests
  readonly provenance?: unknown
}

/** Undefined for what is no file that a client of today takes. */
export function fileOf(stated: Stated, project: string): File | undefined {
  const { file, url, digests, size, metadata } = stated
  const name = readFileName(file, project)
  if (name === undefined) return undefined
  const published = readTime(stated.uploaded)
  const python = plainText(stated.python)
  const provenance = typeof stated.provenance === 'string' ? readAddress(stated.provenance, url)?.url : undefined
  const yanked = stated.yanked === true ? '' : stated.yanked === false ? undefined : plainText(stated.yanked)
  return {
    file,
    name,
    url,
    digests,
    ...(Number.isSafeInteger(size) && (size as number) >= 0 ? { size: size as number } : {}),
    ...(published === undefined ? {} : { published }),
    ...writtenTime(stated.uploaded, published),
    ...(python === undefined || python === '' ? {} : { python }),
    ...(yanked === undefined ? {} : { yanked }),
    ...(metadata === undefined || name.kind !== 'wheel' ? {} : { metadata }),
    ...(provenance === undefined ? {} : { provenance }),
  }
}

/** What a file is to the mirror. */
export function entryOf(file: File, project: string): Entry {
  const { metadata, digests, size, published } = file
  const data: FileData = {
    ...(file.python === undefined ? {} : { python: file.python }),
    ...(file.yanked === undefined ? {} : { yanked: true }),
    ...(metadata?.sha256 === undefined ? {} : { metadata: metadata.sha256 }),
    ...(file.provenance === undefined ? {} : { attested: true }),
  }
  return {
    path: filePath(project, file.file),
    url: file.url,
    digests,
    ...(size === undefined ? {} : { size }),
    name: project,
    version: file.name.version,
    ...(published === undefined ? {} : { published }),
    data,
  }
}

const sharedOf = ({ name, published }: File, project: string) => ({
  name: project,
  version: name.version,
  ...(published === undefined ? {} : { published }),
})

/** What its metadata file is to the mirror. */
export const metadataEntry = (file: File, project: string): Entry => ({
  path: metadataPath(project, file.file),
  url: withSuffix(file.url),
  ...(file.metadata === undefined ? {} : { digests: file.metadata }),
  ...sharedOf(file, project),
})

/** A file, with its metadata and its attestations: each is as old and as allowed as the file itself. */
export function* entriesOf(file: File, project: string): Generator<Entry> {
  const { name, provenance } = file
  yield entryOf(file, project)
  if (name.kind === 'wheel') yield metadataEntry(file, project)
  if (provenance === undefined) return
  const path = provenancePath(project, name.version, file.file)
  yield { path, url: provenance, ...sharedOf(file, project) }
}

/** The address with `.metadata` behind its path, before any query. */
function withSuffix(url: string): string {
  const end = endOfPath(url)
  return `${url.slice(0, end)}.metadata${url.slice(end)}`
}
