// Core metadata: what a wheel or a source package says of itself and of what it needs.
// https://packaging.python.org/en/latest/specifications/core-metadata/

import { parse as parseToml } from 'smol-toml'
import type { Doc } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { collect } from '../../formats/bytes.ts'
import { codingOf, inflate } from '../../formats/compress.ts'
import { hashOf } from '../../formats/digest.ts'
import { isObject } from '../../formats/json-object.ts'
import { tarFiles } from '../../formats/tar.ts'
import { zipFiles } from '../../formats/zip.ts'

export interface Metadata {
  /** Fields by name in lower case, each with all its values. */
  readonly fields: ReadonlyMap<string, readonly string[]>
}

/** A few hundred kilobytes of description are common; more is made to hurt. */
const largest = 16 * 1024 * 1024
const mostFields = 20_000
/** A source package, unpacked. */
const largestSource = 4 * 1024 ** 3

/** Reads the header fields; the description in the body is left out. Throws UNREADABLE. */
export function readMetadata(bytes: Uint8Array, path: string): Metadata {
  const text = new TextDecoder().decode(bytes)
  const end = /\r?\n\r?\n/.exec(text)?.index ?? text.length
  const fields = new Map<string, string[]>()
  let last: string[] | undefined
  let count = 0
  for (const line of text.slice(0, end).split(/\r?\n/)) {
    if (/^[ \t]/.test(line)) {
      if (last !== undefined) last.push(`${last.pop() ?? ''} ${line.trim()}`)
      continue
    }
    const [, name = '', value = ''] = /^([A-Za-z][A-Za-z0-9-]{0,60}):[ \t]*(.*)$/.exec(line) ?? []
    if (name === '') continue
    count += 1
    if (count > mostFields) throw new MirrorError('UNREADABLE', `the metadata ${path} has too many fields`, { path })
    last = fields.get(name.toLowerCase()) ?? []
    last.push(value.trim())
    fields.set(name.toLowerCase(), last)
  }
  if (!fields.has('name') || !fields.has('version'))
    throw new MirrorError('UNREADABLE', `${path} is no metadata of a Python package`, { path })
  return { fields }
}

const field = ({ fields }: Metadata, name: string): string | undefined => fields.get(name)?.[0]

/**
 * The METADATA file of a wheel; undefined when it has none. Throws UNREADABLE for what is no wheel or has two of them, and
 * WRONG_DIGEST when it is another than the index states.
 */
export async function metadataOfWheel(
  wheel: Pick<Doc, 'path' | 'size' | 'stream'>,
  sha256: string | undefined,
): Promise<Uint8Array | undefined> {
  const { path } = wheel
  let found: Uint8Array | undefined
  for await (const file of zipFiles(wheel)) {
    if (!/^[^/]+\.dist-info\/METADATA$/.test(file.name)) continue
    if (found !== undefined) throw new MirrorError('UNREADABLE', `${path} has metadata twice`, { path })
    found = await collect(file.bytes(), largest)
  }
  if (found !== undefined && sha256 !== undefined && hashOf(found) !== sha256)
    throw new MirrorError('WRONG_DIGEST', `the metadata in ${path} is another than its index states`, {
      path,
      expected: sha256,
      found: hashOf(found),
    })
  return found
}

export interface Source {
  /** What a build of it needs: requirements. */
  readonly build: readonly string[]
  /** What it needs to run, as far as it can be told without building it. */
  readonly requires: readonly string[]
}

/** What builds without a pyproject.toml, or with one that does not say (PEP 517, PEP 518). */
const usualBuild = ['setuptools>=40.8.0', 'wheel']

/** Reads a source package: pyproject.toml and PKG-INFO of its top folder, and what setuptools notes of it. */
export async function readSource(sdist: Doc): Promise<Source> {
  let project: Uint8Array | undefined
  let info: Uint8Array | undefined
  let noted: Uint8Array | undefined
  for await (const file of sourceFiles(sdist)) {
    const inside = file.name.slice(file.name.indexOf('/') + 1)
    if (inside === 'pyproject.toml') project = await collect(file.bytes(), largest)
    if (inside === 'PKG-INFO') info = await collect(file.bytes(), largest)
    if (/^[^/]+\.egg-info\/requires\.txt$/.test(inside)) noted = await collect(file.bytes(), largest)
  }
  const stated = info === undefined ? undefined : readMetadata(info, `${sdist.path} PKG-INFO`)
  const requires =
    noted === undefined || (stated !== undefined && isSettled(stated))
      ? (stated?.fields.get('requires-dist') ?? [])
      : readNoted(new TextDecoder().decode(noted))
  return { build: buildOf(project, sdist.path), requires }
}

/** setuptools' requires.txt: sections `[EXTRA:MARKER]`, either part of which may be missing. */
function readNoted(text: string): readonly string[] {
  const found: string[] = []
  let markers: readonly string[] = []
  for (const line of text.split(/\r?\n/).map((one) => one.trim())) {
    const [, extra = '', marker = ''] = /^\[([^:\]]*)(?::(.*))?\]$/.exec(line) ?? []
    if (line.startsWith('[')) {
      markers = [...(extra === '' ? [] : [`extra == "${extra}"`]), ...(marker === '' ? [] : [`(${marker})`])]
    } else if (line !== '' && !line.startsWith('#')) {
      found.push(markers.length === 0 ? line : `${line} ; ${markers.join(' and ')}`)
    }
  }
  return found
}

interface Packed {
  readonly name: string
  bytes(): AsyncIterable<Uint8Array>
}

function sourceFiles(sdist: Doc): AsyncIterable<Packed> {
  if (sdist.path.endsWith('.zip')) return zipFiles(sdist)
  const coding = sdist.path.endsWith('.tgz') ? 'gzip' : codingOf(sdist.path)
  return tarFiles(inflate(sdist.stream(), coding, largestSource))
}

/** From version 2.2 on, what is not called dynamic is the same in every wheel (PEP 643). */
function isSettled(metadata: Metadata): boolean {
  const [major = 0, minor = 0] = (field(metadata, 'metadata-version') ?? '').split('.').map(Number)
  if (major < 2 || (major === 2 && minor < 2)) return false
  const dynamic = (metadata.fields.get('dynamic') ?? []).map((one) => one.toLowerCase())
  return !dynamic.includes('requires-dist')
}

function buildOf(project: Uint8Array | undefined, path: string): readonly string[] {
  if (project === undefined) return usualBuild
  let parsed: unknown
  try {
    parsed = parseToml(new TextDecoder().decode(project))
  } catch (cause) {
    throw new MirrorError('UNREADABLE', `the pyproject.toml in ${path} is not TOML`, { path, cause })
  }
  const system = isObject(parsed) ? parsed['build-system'] : undefined
  const requires = isObject(system) ? system.requires : undefined
  if (!Array.isArray(requires)) return usualBuild
  return requires.filter((one): one is string => typeof one === 'string')
}
