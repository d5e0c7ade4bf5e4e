// A packument: the document that lists every version of one package, with the tarball, digests and signatures of each.
// https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md

import semver, { type SemVer } from 'semver'
import type { Digests, Doc, Entry, Repo } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { parseSri } from '../../formats/digest.ts'
import { isObject, type JsonObject } from '../../formats/json-object.ts'
import { type NpmData, versionData } from './data.ts'
import { encoded, tarballFile, tarballPath, usualFile } from './names.ts'
import type { NpmOptions } from './options.ts'

export interface Packument {
  readonly name: string
  readonly bytes: Uint8Array
  readonly document: JsonObject
  /** The versions that name a file, in the document's order. */
  readonly versions: readonly Version[]
  /** How many versions the document lists, those that name no file included. */
  readonly listed: number
}

export interface Version {
  readonly version: string
  readonly parsed: SemVer
  readonly manifest: JsonObject
  readonly dist: JsonObject
  /** Absolute address, as upstream writes it. */
  readonly tarball: string
  /** Last segment of the path where this repo serves it, unique within the packument. */
  readonly file: string
  readonly digests: Digests
  readonly data: NpmData
}

/**
 * Stands for a publication time that is there but cannot be read: later than every cooldown, so that a broken time never
 * lets a version through. It is beyond what a `Date` can hold.
 */
export const unreadableTime = Number.MAX_SAFE_INTEGER

/** Throws UNREADABLE when the bytes are no packument of the package that was asked for. */
export function parsePackument(bytes: Uint8Array, doc: Pick<Doc, 'path'>, name: string): Packument {
  const document = parseObject(bytes, doc)
  const stated = document.name ?? document._id
  if (stated !== name) {
    throw new MirrorError(
      'UNREADABLE',
      `${doc.path} is no packument of ${name}: its name is ${JSON.stringify(stated)}`,
      {
        path: doc.path,
      },
    )
  }
  const listed = Object.entries(objectOr(document.versions))
  const usable: Omit<Version, 'file' | 'data'>[] = []
  for (const [version, manifest] of listed) {
    const read = readVersion(name, version, manifest)
    if (read !== undefined) usable.push(read)
  }
  return { name, bytes, document, versions: placed(name, usable, document['dist-tags']), listed: listed.length }
}

/** A JSON object, or an error that says what came instead. */
export function parseObject(bytes: Uint8Array, doc: Pick<Doc, 'path'>): JsonObject {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    const what = text.trimStart().startsWith('<') ? 'a web page' : 'no JSON'
    throw new MirrorError('UNREADABLE', `${doc.path} is ${what}`, { path: doc.path, cause })
  }
  if (isObject(value)) return value
  throw new MirrorError('UNREADABLE', `${doc.path} is JSON, but no object`, { path: doc.path })
}

export const objectOr = (value: unknown): JsonObject => (isObject(value) ? value : {})

/** Undefined for what no client could install or nobody vouches for: no version number, no tarball, another package. */
export function readVersion(
  name: string,
  version: string,
  manifest: unknown,
): Omit<Version, 'file' | 'data'> | undefined {
  const parsed = semver.parse(version, { loose: true })
  if (parsed === null || !isObject(manifest)) return undefined
  if (manifest.name !== undefined && manifest.name !== name) return undefined
  if (manifest.version !== undefined && manifest.version !== version) return undefined
  const { dist } = manifest
  if (!isObject(dist) || typeof dist.tarball !== 'string' || !isWebAddress(dist.tarball)) return undefined
  const digests = readDigests(dist)
  if (digests === undefined) return undefined
  return { version, parsed, manifest, dist, tarball: dist.tarball, digests }
}

const isWebAddress = (text: string): boolean => /^https?:\/\//i.test(text) && URL.canParse(text)

/** The strongest statement counts: a damaged `integrity` is never replaced by the weaker `shasum`. */
function readDigests(dist: JsonObject): Digests | undefined {
  const { integrity, shasum } = dist
  if (typeof integrity === 'string' && integrity !== '') {
    const digests = parseSri(integrity)
    return Object.keys(digests).length === 0 ? undefined : digests
  }
  if (typeof shasum === 'string' && /^[0-9a-f]{40}$/i.test(shasum)) return { sha1: shasum.toLowerCase() }
  return undefined
}

/**
 * Gives each version a file name of its own: the last segment of its address, or the usual name where that is no file
 * name, belongs to several versions or is the usual one of another version.
 */
function placed(name: string, versions: readonly Omit<Version, 'file' | 'data'>[], tags: unknown): readonly Version[] {
  const usual = versions.map(({ version }) => usualFile(name, version))
  const wanted = versions.map(({ tarball }) => fileOf(tarball))
  const reserved = new Set(usual)
  const claimed = new Set<string>()
  const shared = new Set<string>()
  for (const file of wanted) {
    if (file === undefined) continue
    if (claimed.has(file)) shared.add(file)
    claimed.add(file)
  }
  const describe = versionData(objectOr(tags))
  const complete: Version[] = []
  for (const [index, version] of versions.entries()) {
    const theirs = wanted[index]
    const own = theirs !== undefined && !reserved.has(theirs) && !shared.has(theirs) ? theirs : usual[index]
    if (own !== undefined && tarballFile.test(own)) complete.push({ ...version, file: own, data: describe(version) })
  }
  return complete
}

/**
 * The file name that a version has whatever other versions there are; '' where it cannot have one, undefined where the others
 * decide.
 */
export function placeAlone(
  name: string,
  { version, tarball }: Pick<Version, 'version' | 'tarball'>,
): string | undefined {
  const usual = usualFile(name, version)
  const theirs = fileOf(tarball)
  if (theirs !== undefined && theirs !== usual) return undefined
  return tarballFile.test(usual) ? usual : ''
}

function fileOf(address: string): string | undefined {
  const last = address.slice(address.lastIndexOf('/') + 1)
  if (tarballFile.test(last)) return last
  const encoded = new URL(address).pathname.split('/').at(-1) ?? ''
  if (!/^(?:[^%]|%[0-7][0-9a-f])*$/i.test(encoded)) return undefined
  const decoded = decodeURIComponent(encoded)
  return tarballFile.test(decoded) ? decoded : undefined
}

/** What the packument says of one tarball. */
export function versionEntry(version: Version, packument: Packument, repo: Repo<NpmOptions>): Entry {
  const path = tarballPath(packument.name, version.file)
  const url = elsewhere(version.tarball, path, repo.upstreams)
  const published = publishedAt(packument.document.time, version.version)
  return {
    path,
    ...(url === undefined ? {} : { url }),
    digests: version.digests,
    name: packument.name,
    version: version.version,
    ...(published === undefined ? {} : { published }),
    data: version.data,
  }
}

/**
 * Undefined where the address is that of the path itself; another path where it is on one of the upstreams, so that each
 * of them will do; else the address as it is.
 */
function elsewhere(address: string, path: string, upstreams: readonly string[]): string | undefined {
  if (upstreams.some((upstream) => isJoined(address, upstream, encoded(path)))) return undefined
  const url = new URL(address)
  for (const upstream of upstreams) {
    const base = new URL(upstream)
    const folder = base.pathname.replace(/\/$/, '')
    if (url.host !== base.host || url.username !== '' || !url.pathname.startsWith(`${folder}/`)) continue
    const under = plainPath(url.pathname.slice(folder.length))
    if (under === undefined || url.search !== '') return base.origin + url.pathname + url.search
    return under === path ? undefined : under
  }
  return url.href
}

const isJoined = (address: string, upstream: string, path: string): boolean =>
  address.length === upstream.length + path.length && address === upstream + path

/** A path that is the same whether it is decoded or not. */
const plainPath = (path: string): string | undefined =>
  path.includes('%') || encoded(path) !== path ? undefined : path

const isoTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/

/** Milliseconds since 1970; undefined when the registry states no time, `unreadableTime` when it states nonsense. */
export function publishedAt(times: unknown, version: string): number | undefined {
  if (times === undefined || times === null) return undefined
  if (!isObject(times)) return unreadableTime
  if (!Object.hasOwn(times, version)) return undefined
  const text = times[version]
  const time = typeof text === 'string' && isoTime.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(time) ? unreadableTime : time
}
