// The entries of a bundle out of a snapshot: all that it shows, or what is new, changed or gone since those that the bundle is
// put upon.

import type { MadeBundle } from '../catalog/bundles.ts'
import type { Entries } from '../catalog/entries.ts'
import { isHeld, type Ref } from '../catalog/rows.ts'
import type { Mirror } from '../engine/mirror.ts'
import { turn } from '../engine/turns.ts'
import type { BundleHeader, HeldEntry } from '../formats/bundle.ts'

export interface Filling {
  readonly snapshot: string | undefined
  readonly bases: readonly MadeBundle[]
  readonly signal: AbortSignal
}

export async function fill(mirror: Mirror, entries: Entries, filling: Filling): Promise<BundleHeader['snapshot']> {
  const sets = new Map<number, string>([[0, '']])
  for (const { id, key, state } of mirror.catalog.generations.all()) if (state === 'current') sets.set(id, key)
  let count = 0
  for (const ref of mirror.catalog.refs.scan()) {
    count += 1
    if (count % 500 === 0) await turn(filling.signal)
    const entry = entryOf(mirror, ref, sets)
    if (entry !== undefined) entries.add(entry)
  }
  const made = mirror.now()
  return { name: `${new Date(made).toISOString().slice(0, 19).replaceAll(':', '-')}Z`, made }
}

/** Undefined for what holds no bytes, or belongs to a set of before. */
function entryOf({ catalog }: Mirror, ref: Ref, sets: ReadonlyMap<number, string>): HeldEntry | undefined {
  const set = sets.get(ref.generation)
  const { repo, path, variant, kind, size, type, url, headers, name, version, proof, proven } = ref
  if (!isHeld(ref) || set === undefined || (kind !== 'artifact' && kind !== 'index') || proof === 'made')
    return undefined
  const seen = catalog.facts.seen(repo, path)
  return {
    ...{ type: 'held', repo, path, variant, set, kind, sha256: ref.sha256, size },
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    ...{ media: type, url, headers, proof, proven },
    ...(seen === undefined ? {} : { seen }),
  }
}
