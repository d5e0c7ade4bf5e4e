// npm's order and ranges: semver, read loosely wherever npm itself does (old releases such as `1.0.0beta`).
// https://github.com/npm/node-semver describes both.

import semver from 'semver'
import type { Versions } from '../contract.ts'

const loose = { loose: true } as const
/** semver refuses longer versions itself; a range may hold several. */
const longestRange = 1024

/** Higher is newer; what is no version at all is older than every version. */
function compare(a: string, b: string): number {
  const first = semver.parse(a, loose)
  const second = semver.parse(b, loose)
  if (first !== null && second !== null) return first.compare(second) || compareText(a, b)
  if (first !== null) return 1
  if (second !== null) return -1
  return compareText(a, b)
}

/** Versions that differ only in build metadata still need one order. */
function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

export const npmVersions: Versions = {
  compare,
  satisfies: (version, range) => range.length <= longestRange && semver.satisfies(version, range, loose),
  prerelease: (version) => semver.prerelease(version, loose) !== null,
  exact: (version) => `=${version}`,
  fault(range) {
    if (range.length > longestRange) return `a range of ${range.length} characters; ${longestRange} are allowed`
    if (semver.validRange(range, loose) !== null) return undefined
    return `"${range}" is no semver range, such as ^1.2.0, ~2, >=3 <5 or 1.x || 2.x`
  },
}
