// Which version stands in for `latest` when the one that upstream calls so is not shown.

import type { SemVer } from 'semver'

export interface Candidate {
  readonly version: string
  readonly parsed: SemVer
  readonly data: { readonly ahead?: true; readonly deprecated?: true }
}

/**
 * The highest release that is not above upstream's own `latest` and not deprecated; each of these wishes is given up,
 * the last one first, when nothing meets it. A client that asks for no version must not be moved to a newer line.
 */
export function standIn<C extends Candidate>(candidates: Iterable<C>): C | undefined {
  let best: C | undefined
  for (const candidate of candidates) {
    if (best === undefined || rank(candidate) > rank(best)) best = candidate
    else if (rank(candidate) === rank(best) && candidate.parsed.compare(best.parsed) > 0) best = candidate
  }
  return best
}

function rank({ parsed, data }: Candidate): number {
  const release = parsed.prerelease.length === 0 ? 4 : 0
  const notAhead = data.ahead === true ? 0 : 2
  return release + notAhead + (data.deprecated === true ? 0 : 1)
}
