// What `keep.pinned` names: packages, or versions of them, that no rule takes.

import type { Ref } from '../catalog/rows.ts'
import type { PackageRule } from '../config/types.ts'
import { compilePattern, type PackagePattern } from '../formats/purl.ts'
import type { MountedRepo } from './mirror.ts'

export interface Pins {
  /** A file by its version; a document of a package when any version of it is pinned. */
  has(ref: Pick<Ref, 'name' | 'version'>): boolean
  /** Could anything of the repository be pinned? */
  readonly some: boolean
}

export function pinsOf(pinned: readonly PackageRule[], { settings, ecosystem }: MountedRepo): Pins {
  const type = ecosystem.purl
  const patterns: readonly PackagePattern[] = pinned
    .filter(({ pattern }) => pattern.startsWith(`pkg:${type}/`) || pattern.startsWith('pkg:*/'))
    .map(({ pattern }) => compilePattern(pattern, (other) => (other === type ? ecosystem.versions : undefined)))
  return {
    some: patterns.length > 0,
    has({ name, version }) {
      if (name === undefined) return false
      const subject = { type, name, repo: settings.name }
      return patterns.some((one) =>
        version === undefined ? one.matchesName(subject) : one.matches({ ...subject, version }),
      )
    },
  }
}
