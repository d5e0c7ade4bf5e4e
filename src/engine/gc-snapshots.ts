// Which snapshots go: of those that syncs made, that have no tag and are not shown, the ones that are too many or too old; and,
// where space is short, the oldest. One that somebody made by hand stays until somebody removes it.

import type { Snapshot } from '../catalog/snapshots.ts'
import { type Collecting, count, countsOf, keepers } from './gc-state.ts'

export interface Retention {
  readonly latest: number
  readonly maxAge: number
}

export interface GoneSnapshot extends Snapshot {
  readonly reason: 'too many' | 'old' | 'size'
}

export function markSnapshots(at: Collecting, { latest, maxAge }: Retention): void {
  const all = expendable(at)
  for (const [index, snapshot] of all.entries()) {
    if (all.length - index > latest) mark(at, { ...snapshot, reason: 'too many' })
    // the newest stays, whatever a clock that jumped says
    else if (index < all.length - 1 && at.now - snapshot.made >= maxAge) mark(at, { ...snapshot, reason: 'old' })
  }
}

/** False when there is none that may go. */
export function markOldestForSize(at: Collecting): boolean {
  const [oldest] = expendable(at)
  if (oldest !== undefined) mark(at, { ...oldest, reason: 'size' })
  return oldest !== undefined
}

export function countPast(at: Collecting): void {
  for (const { repo, items, bytes } of at.marks.inPast()) count(countsOf(at, repo).kept, keepers.snapshot, items, bytes)
}

/** Oldest first. */
function expendable({ mirror, marks }: Collecting): readonly Snapshot[] {
  const { snapshots } = mirror.catalog
  const shown = snapshots.shown()?.id
  return snapshots
    .list()
    .filter(({ id, automatic, tags }) => automatic && tags.length === 0 && id !== shown && marks.keepsSnapshot(id))
}

function mark(at: Collecting, snapshot: GoneSnapshot): void {
  at.marks.addSnapshot(snapshot.id)
  at.snapshots.push(snapshot)
}
