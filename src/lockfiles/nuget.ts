// What NuGet's formats have in common: names without case, and digests of a package's content, which leave its signature
// out and so are of no file that a server has.

import type { LockedDigest } from '../contract.ts'
import { type At, fault } from './place.ts'

export const nuget = 'nuget'

/** The base64 of a SHA-512. Throws LOCKFILE when it is none. */
export function contentHash(at: At, text: string): readonly LockedDigest[] {
  const hex = Buffer.from(text, 'base64').toString('hex')
  if (hex.length !== 128) throw fault(at, `${JSON.stringify(text.slice(0, 200))} is no content hash`)
  return [{ of: 'content', digests: { sha512: hex } }]
}
