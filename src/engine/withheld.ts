// Whether policy is the reason that a want is not met: the index has what it asks for, and every such version is hidden.

import type { Selector } from '../contract.ts'
import { MirrorError } from '../errors.ts'
import { subjectOf } from './judge.ts'
import type { Mirror, MountedRepo } from './mirror.ts'
import { seenOf } from './said.ts'

/** The verdict as an error, with its rule and its date, of the version that is to be had first; undefined where policy hides none. */
export function withheld(mirror: Mirror, mounted: MountedRepo, want: Selector): MirrorError | undefined {
  const { judge, ecosystem, settings } = mounted
  const { versions } = ecosystem
  const hidden: MirrorError[] = []
  if (judge.open || (want.range !== undefined && versions.fault(want.range) !== undefined)) return undefined
  for (const fact of mirror.catalog.facts.byName(settings.name, want.name)) {
    const { entry } = fact
    if (entry.version === undefined) continue
    if (want.range !== undefined && !versions.satisfies(entry.version, want.range)) continue
    const verdict = judge.verdict(subjectOf(entry, seenOf(mirror, mounted, fact)), mirror.now())
    if (verdict.allow) return undefined
    const { code, reason, until } = verdict
    const message = `${want.name} ${entry.version} is withheld: ${reason}`
    hidden.push(new MirrorError(code, message, { ...want.from, ...(until !== undefined && { until }) }))
  }
  const date = ({ facts: { until } }: MirrorError): number => until ?? Number.POSITIVE_INFINITY
  return hidden.sort((a, b) => date(a) - date(b))[0]
}
