// What bills of materials have in common: components with a package URL, digests, and an address.

import type { Locked, LockedDigest } from '../contract.ts'
import { locked, ofFileIf, statedDigest } from './locked.ts'
import type { At } from './place.ts'
import { fromPurl } from './purl-entry.ts'

export interface Component {
  readonly at: At
  readonly name: string
  readonly version: string | undefined
  readonly purl: string | undefined
  /** Its files, each with its digests: `SHA-256` and hex. */
  readonly files: readonly Hashed[]
  readonly url: string | undefined
  /** Is it what the bill is of? */
  readonly isSubject: boolean
}

export interface Hashed {
  readonly hashes: readonly (readonly [algorithm: string, hex: string])[]
  readonly filename?: string | undefined
}

/** A component without package URL is of an unknown ecosystem; what the bill is of is nobody's registry's. */
export function fromComponent({ at, name, version, purl, files, url, isSubject }: Component): Locked {
  const digests: readonly LockedDigest[] = files.flatMap(({ hashes, filename }) => {
    const stated = hashes.map(([algorithm, hex]) => statedDigest(at, `${algorithm}:${hex}`))
    return ofFileIf(Object.assign({}, ...stated), filename)
  })
  const found =
    purl === undefined || purl === ''
      ? locked(at, { ecosystem: 'unknown', name, version: version || undefined, url: url || undefined, digests })
      : fromPurl(at, purl, digests, url)
  return isSubject ? { ...found, source: 'workspace' } : found
}
