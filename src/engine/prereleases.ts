// A version order in which a range holds the pre-releases that lie within its bounds. Many ecosystems leave them out of
// every range that does not name one, which is right for choosing and wrong for denying: `<1.3` is to stop 1.2.0-beta.

import type { Versions } from '../contract.ts'

/** The numbers that a version begins with, an epoch before them included. */
const release = /^[vV]?(?:\d+!)?\d+(?:\.\d+)*/
/** Greater than any number of a real version, and one that every ecosystem can read. */
const LARGE = 999_999

/** The same versions, whose ranges count pre-releases in. Only the public order is used, so it holds for every ecosystem. */
export function withPrereleases(versions: Versions): Versions {
  return {
    ...versions,
    satisfies: (version, range) =>
      versions.satisfies(version, range) || (versions.prerelease(version) && within(versions, version, range)),
  }
}

/** Is a pre-release between the bounds of a range? Its neighbours tell: the release it precedes and the one before that. */
function within(versions: Versions, version: string, range: string): boolean {
  const next = release.exec(version)?.[0]
  if (next === undefined) return false
  const named = range.split(/[\s,|<>=~^!()[\]]+/).filter((word) => word !== '')
  // a range that names a pre-release of the same release has decided about its neighbours already
  if (named.some((word) => release.exec(word)?.[0] === next && versions.prerelease(word))) return false
  const before = previous(next)
  const follows = before !== undefined && versions.satisfies(before, range)
  const isBound = named.some((word) => versions.compare(word, next) === 0)
  // `<2.0.0` ends with the release, and what comes just before it is in; `<2` and `^1` end before its pre-releases
  if (!versions.satisfies(next, range)) return follows && isBound
  // `>=1.2.0` begins with the release; `1.2.x` and `>=1.2` begin with what comes just before it
  return follows || !isBound
}

/** A version just below all pre-releases of this release; undefined for the first one of all. */
function previous(text: string): string | undefined {
  const [, epoch = '', numbers = ''] = /^([vV]?(?:\d+!)?)(.*)$/.exec(text) ?? []
  const parts = numbers.split('.').map(Number)
  const last = parts.findLastIndex((part) => part > 0)
  if (last === -1) return undefined
  return epoch + parts.map((part, at) => (at < last ? part : at === last ? part - 1 : LARGE)).join('.')
}
