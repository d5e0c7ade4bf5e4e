// What Python's lockfiles have in common: names, digests of many files to a version, direct sources.

import type { Locked, LockedDigest } from '../contract.ts'
import { filenameOf, locked, ofFileIf, statedDigest } from './locked.ts'
import { type At, listOf, mustText, type Place, pairsOf, textOf } from './place.ts'

export const pypi = 'pypi'

/** https://packaging.python.org/en/latest/specifications/name-normalization/ */
export const pythonName = (text: string): string => text.toLowerCase().replace(/[-_.]+/g, '-')

/** The version of `==1.2` or `===1.2`; undefined for every other specifier. */
export const pinned = (specifier: string): string | undefined => /^\s*={2,3}\s*([^\s*,;]+)\s*$/.exec(specifier)?.[1]

/** A list of `{ file | url, hash }`, as poetry and pdm write it. */
export const hashedFiles = (files: readonly Place[]): readonly LockedDigest[] =>
  files.flatMap((item) => {
    const hash = textOf(item, 'hash')
    const url = textOf(item, 'url')
    const name = textOf(item, 'file') ?? url ?? textOf(item, 'path')
    return ofFileIf(hash === undefined ? undefined : statedDigest(item, hash), name && filenameOf(name), url)
  })

/** A table of one file's digests by algorithm, such as `hashes = { sha256 = "…" }`. */
export const hashTableIn = (item: Place, member: string, filename?: string): readonly LockedDigest[] => {
  const digests = [...pairsOf(item, member)].map(([algorithm, hash]) =>
    statedDigest(hash, `${algorithm}:${String(hash.value)}`),
  )
  return ofFileIf(Object.assign({}, ...digests), filename)
}

/** `name @ ADDRESS`: what kind of source an address is. */
export function addressSource(address: string): Locked['source'] {
  if (/^(?:git|hg|svn|bzr)\+/.test(address)) return 'git'
  if (/^https?:/i.test(address)) return 'url'
  return /\.(?:whl|zip|tar\.(?:gz|bz2|xz)|tgz|egg)$/i.test(address.replace(/[?#].*$/s, '')) ? 'file' : 'link'
}

/** A requirement: https://packaging.python.org/en/latest/specifications/dependency-specifiers/ */
export interface Requirement {
  readonly name: string
  readonly extras: readonly string[]
  readonly specifier: string
  readonly url?: string
  readonly markers?: string
}

/** Undefined when the text is none. */
export function parseRequirement(text: string): Requirement | undefined {
  const found = /^([A-Za-z0-9](?:[A-Za-z0-9._-]{0,200}[A-Za-z0-9])?)\s*(?:\[([^\]]{0,1000})\])?\s*/.exec(text)
  if (found === null) return undefined
  const [head, name = '', extras = ''] = found
  const rest = text.slice(head.length)
  const base = {
    name,
    extras: extras
      .split(',')
      .map((extra) => extra.trim())
      .filter(Boolean),
  }
  if (rest.startsWith('@')) {
    const [, url = '', markers] = /^@\s*(\S+)(?:\s+;\s*(.+))?$/s.exec(rest) ?? []
    return url === '' ? undefined : { ...base, specifier: '', url, ...(markers !== undefined && { markers }) }
  }
  const semicolon = rest.indexOf(';')
  const specifier = (semicolon < 0 ? rest : rest.slice(0, semicolon)).trim().replace(/^\((.*)\)$/s, '$1')
  const markers = semicolon < 0 ? '' : rest.slice(semicolon + 1).trim()
  if (
    !specifier
      .split(',')
      .every((part) => part.trim() === '' || /^\s*(?:===\s*[^\s,;]+|[<>=~!]=?\s*[\w.*+!-]+)\s*$/.test(part))
  )
    return undefined
  return { ...base, specifier, ...(markers !== '' && { markers }) }
}

/** An entry out of a requirement; `digests` and `registry` come from what stands around it. */
export function fromRequirement(
  at: At,
  requirement: Requirement,
  more: Partial<Pick<Locked, 'digests' | 'registry' | 'markers' | 'file'>> = {},
): Locked {
  const { name, extras, specifier, url, markers } = requirement
  const version = pinned(specifier)
  return locked(at, {
    ecosystem: pypi,
    name: pythonName(name),
    version,
    range: version === undefined && specifier !== '' ? specifier : undefined,
    url,
    source: url === undefined ? 'registry' : addressSource(url),
    markers,
    options: extras.length > 0 ? { extras } : undefined,
    ...more,
  })
}

/** Files of a package that state an address and a digest each: uv's and PEP 751's `sdist` and `wheels`. */
export function filesOf(item: Place, digestsOf: (file: Place, name: string | undefined) => readonly LockedDigest[]) {
  const sdist = [...pairsOf(item)].flatMap(([name, place]) => (name === 'sdist' ? [place] : []))
  return [...sdist, ...listOf(item, 'wheels')].flatMap((file) => {
    const address = textOf(file, 'url') ?? textOf(file, 'path')
    const name = textOf(file, 'name') ?? textOf(file, 'filename') ?? (address && filenameOf(address))
    const url = textOf(file, 'url')
    return digestsOf(file, name).map((digest) => (url === undefined ? digest : { ...digest, url }))
  })
}

export const packageName = (item: Place): string => pythonName(mustText(item, 'name'))
