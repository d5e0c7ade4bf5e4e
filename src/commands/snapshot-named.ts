// A snapshot by the name that somebody gave.

import type { Catalog } from '../catalog/catalog.ts'
import type { Snapshot } from '../catalog/snapshots.ts'
import { MirrorError } from '../errors.ts'

/** Throws USAGE when there is none of this name. */
export function mustBeSnapshot(catalog: Catalog, name: string): Snapshot {
  const found = catalog.snapshots.get(name)
  if (found !== undefined) return found
  throw new MirrorError('USAGE', `there is no snapshot ${JSON.stringify(name.slice(0, 100))}`, {
    hint: '`pkgmirror snapshot list` names those that there are.',
  })
}
