// Makes the common form out of what a format found, and its digests.

import type { Digests, Locked, LockedDigest } from '../contract.ts'
import { isHex, parseSri } from '../formats/digest.ts'
import { type At, fault } from './place.ts'

/** Names, versions and addresses are shorter in every registry there is. */
const longest = 4096

type Found = { readonly [K in keyof Locked]?: Locked[K] | undefined }

/**
 * An entry: of a registry unless a source is named, without digests unless they are. Throws LOCKFILE for a name, version
 * or address that is empty, overlong or holds control characters.
 */
export function locked(at: At, found: Found & Pick<Locked, 'ecosystem' | 'name'>): Locked {
  for (const part of ['name', 'version', 'range', 'url', 'registry'] as const) mustBeSane(at, part, found[part])
  const { line } = at
  return {
    digests: [],
    source: 'registry',
    ...stated({ ...found, line }),
    ecosystem: found.ecosystem,
    name: found.name,
  }
}

/** Without the members that have no value. */
const stated = (found: Found): Partial<Locked> =>
  Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))

function mustBeSane(at: At, part: string, text: string | undefined): void {
  if (text === undefined) return
  if (text === '') throw fault(at, `an empty ${part}`)
  if (text.length > longest) throw fault(at, `a ${part} of ${text.length} characters`)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(text)) throw fault(at, `a ${part} with control characters`)
}

/** A digest of the file as a server has it. */
export const ofFile = (digests: Digests, filename?: string, url?: string): LockedDigest => ({
  of: 'file',
  digests,
  ...(filename !== undefined && { filename }),
  ...(url !== undefined && { url }),
})

/** A list of that one digest, or none when nothing is stated. */
export const ofFileIf = (digests: Digests | undefined, filename?: string, url?: string): readonly LockedDigest[] =>
  digests === undefined || Object.keys(digests).length === 0 ? [] : [ofFile(digests, filename, url)]

/** A digest in hex; upper case is lowered. Throws LOCKFILE when it is none of its algorithm. */
export function hexDigest(at: At, algorithm: string, text: string): Digests {
  const hex = text.toLowerCase()
  if (!isHex(algorithm, hex)) throw fault(at, `${JSON.stringify(text.slice(0, 200))} is no ${algorithm} digest`)
  return { [algorithm]: hex }
}

/**
 * `sha256:HEX`, also with `=`. Algorithms that nothing here computes are left out: they can neither prove nor refute.
 * Throws LOCKFILE when it is no digest.
 */
export function statedDigest(at: At, text: string): Digests {
  const [, named = '', hex = ''] = /^([A-Za-z0-9_-]{1,20})[:=]([0-9a-fA-F]{16,256})$/.exec(text) ?? []
  if (named === '') throw fault(at, `${JSON.stringify(text.slice(0, 200))} is no digest`)
  const algorithm = named
    .toLowerCase()
    .replace(/[-_]/g, '')
    .replace(/^sha1(?=224$|256$|384$|512$)/, 'sha')
  const known = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512']
  return known.includes(algorithm) ? hexDigest(at, algorithm, hex) : {}
}

/** A Subresource Integrity text. Throws LOCKFILE when it holds no digest of a known kind. */
export function sriDigests(at: At, text: string): Digests {
  const digests = parseSri(text)
  if (Object.keys(digests).length > 0) return digests
  throw fault(at, `integrity ${JSON.stringify(text.slice(0, 200))} holds no digest of a known kind`)
}

/** The last segment of an address or path, decoded, without query and fragment. */
export function filenameOf(address: string): string {
  const last =
    address
      .replace(/[?#].*$/s, '')
      .split('/')
      .at(-1) ?? ''
  try {
    return decodeURIComponent(last)
  } catch {
    return last
  }
}
