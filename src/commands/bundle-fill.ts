// The entries of a bundle out of a snapshot: all that it shows, or what is new, changed or gone since those that the bundle is
// put upon.

import type { MadeBundle } from '../catalog/bundles.ts'
import type { Entries } from '../catalog/entries.ts'
import { isHeld, type Ref } from '../catalog/rows.ts'
import type { Snapshot } from '../catalog/snapshots.ts'
import type { Mirror } from '../engine/mirror.ts'
import { turn } from '../engine/turns.ts'
import type { GoneEntry, HeldEntry } from '../formats/bundle.ts'

/** Rows between two turns of the event loop. */
const TURN = 500

export async function fill(
  mirror: Mirror,
  entries: Entries,
  snapshot: Snapshot,
  bases: readonly MadeBundle[],
  signal: AbortSignal,
): Promise<void> {
  const sets = setsOf(mirror, snapshot.id)
  let count = 0
  if (bases.length === 0) {
    for (const ref of mirror.catalog.snapshots.refs(snapshot.id)) {
      count += 1
      if (count % TURN === 0) await turn(signal)
      const entry = heldOf(mirror, ref, sets)
      if (entry !== undefined) entries.add(entry)
    }
    return
  }
  for (const base of bases) {
    const before = setsOf(mirror, base.state)
    for (const change of mirror.catalog.snapshots.diff(base.state, snapshot.id)) {
      count += 1
      if (count % TURN === 0) await turn(signal)
      const held = change.after === undefined ? undefined : heldOf(mirror, change.after, sets)
      const gone = held !== undefined || change.before === undefined ? undefined : goneOf(change.before, before)
      if (held !== undefined) entries.add(held)
      if (gone !== undefined) addGone(entries, gone)
    }
  }
}

/** Keys of the sets that were current, by number; of what belongs to none too. */
const setsOf = ({ catalog }: Mirror, snapshot: number): ReadonlyMap<number, string> =>
  new Map([
    [0, ''],
    ...catalog.snapshots.generations(snapshot).map(({ generation, key }) => [generation, key] as const),
  ])

const isCarried = ({ kind, proof }: Ref): boolean => (kind === 'artifact' || kind === 'index') && proof !== 'made'

/** Undefined for what holds no bytes, or belongs to no set that is current. */
function heldOf({ catalog }: Mirror, ref: Ref, sets: ReadonlyMap<number, string>): HeldEntry | undefined {
  const set = sets.get(ref.generation)
  const { repo, path, variant, kind, size, type, url, headers, name, version, proof, proven } = ref
  if (!isHeld(ref) || set === undefined) return undefined
  if ((kind !== 'artifact' && kind !== 'index') || proof === 'made') return undefined
  const seen = catalog.facts.seen(repo, path)
  return {
    ...{ type: 'held', repo, path, variant, set, kind, sha256: ref.sha256, size },
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    ...{ media: type, url, headers, proof, proven },
    ...(seen === undefined ? {} : { seen }),
  }
}

function goneOf(ref: Ref, sets: ReadonlyMap<number, string>): GoneEntry | undefined {
  const set = sets.get(ref.generation)
  const { repo, path, variant } = ref
  if (!isHeld(ref) || set === undefined || !isCarried(ref)) return undefined
  return { type: 'gone', repo, path, variant, set, was: [ref.sha256] }
}

/** In different states that the bundle may be put upon it may have had different bytes. */
function addGone(entries: Entries, gone: GoneEntry): void {
  if (entries.add(gone)) return
  const there = entries.find(gone)
  if (there?.type !== 'gone') return
  entries.drop(gone)
  entries.add({ ...gone, was: [...new Set([...there.was, ...gone.was])] })
}
