// Versions without an order of their own, such as digests: a range is one version, or `*` for all. They are sorted as text, so
// that there is some order.

import type { Versions } from '../contract.ts'

export const exactVersions: Versions = {
  compare: (a, b) => (a < b ? -1 : Number(a > b)),
  satisfies: (version, range) => fault(range) === undefined && (range === '*' || range === version),
  prerelease: () => false,
  exact: (version) => version,
  fault,
}

function fault(range: string): string | undefined {
  if (range === '*' || /^[\w.:+~-]{1,256}$/.test(range)) return undefined
  return 'a range is one version in full, or * for any'
}
