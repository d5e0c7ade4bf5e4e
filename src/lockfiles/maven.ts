// What formats of Maven coordinates have in common: `group:artifact`, and files named after version and classifier.

import type { Locked } from '../contract.ts'
import { locked } from './locked.ts'
import { type At, fault } from './place.ts'

interface Coordinate {
  readonly group: string
  readonly artifact: string
  readonly version: string | undefined
  readonly type?: string | undefined
  readonly classifier?: string | undefined
}

/** `guava-33.0-jre.jar`, `guava-33.0-jre-sources.jar`. */
export const mavenFile = (artifact: string, version: string, type: string, classifier?: string): string =>
  `${artifact}-${version}${classifier === undefined ? '' : `-${classifier}`}.${type}`

/** Throws LOCKFILE where a part is missing or no part of a coordinate. */
export function fromCoordinate(
  at: At,
  { group, artifact, version, type, classifier }: Coordinate,
  more: Partial<Pick<Locked, 'digests' | 'registry' | 'url' | 'markers'>> = {},
): Locked {
  for (const part of [group, artifact]) {
    if (!/^[A-Za-z0-9_.-]+$/.test(part))
      throw fault(at, `${JSON.stringify(part.slice(0, 100))} is no part of a coordinate`)
  }
  const options = {
    ...(type !== undefined && type !== 'jar' && { type }),
    ...(classifier !== undefined && { classifier }),
  }
  return locked(at, {
    ecosystem: 'maven',
    name: `${group}:${artifact}`,
    version,
    options: Object.keys(options).length > 0 ? options : undefined,
    ...more,
  })
}
