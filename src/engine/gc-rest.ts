// What goes with the refs: views of what is gone, readings of documents that nobody holds, blobs that nothing names, and
// files that the catalog does not know.

import type { Reason } from '../catalog/marks.ts'
import type { ViewPage } from '../catalog/sweeps.ts'
import { blobsOf } from './gc-size.ts'
import type { Collecting, Count } from './gc-state.ts'
import { isMade, resolve } from './resolve.ts'
import { LOCKFILE_SCOPE } from './said.ts'
import { pages, turn } from './turns.ts'

type Reading = ReturnType<Collecting['marks']['readingsFrom']>[number]

/** Marks views anew by what is marked of the refs now. */
export async function markViews(at: Collecting): Promise<void> {
  at.marks.resetViews()
  for await (const page of pages<ViewPage>(at.signal, (after) =>
    at.mirror.catalog.sweeps.viewsFrom(after?.key ?? ''),
  )) {
    for (const view of page) {
      const reason = viewDeadBy(at, view)
      if (reason === undefined) at.marks.addShown(view.blobs)
      else at.marks.addView(view, reason, view.blobs)
    }
  }
}

function viewDeadBy(at: Collecting, view: ViewPage): Reason | undefined {
  if (view.snapshot !== 0 && !at.marks.keepsSnapshot(view.snapshot)) return 'released'
  if (view.used >= at.cutoff) return undefined
  if (at.now - view.used >= at.keep.unusedFor) return 'stale'
  if (view.snapshot !== 0) return undefined
  // the newest view of what is held carries the Last-Modified that must not go back
  if (view.newest && isThere(at, view)) return undefined
  const current = view.inputs.every(([path, sha256]) => sha256 === '' || at.marks.stays(view.repo, path, sha256))
  return current && view.until > at.now ? undefined : 'stale'
}

/** Is there still something of which this is a view? */
function isThere(at: Collecting, { repo, path }: ViewPage): boolean {
  const mounted = at.mirror.repos.get(repo)
  const resource = mounted && resolve(mounted, path)
  const made = resource !== undefined && isMade(resource, true)
  return made || at.marks.stays(repo, path)
}

/** Readings whose document no ref of the repo holds; what lockfiles state stands by itself. */
export async function markReadings(at: Collecting): Promise<void> {
  for await (const page of pages<Reading>(at.signal, (after) => at.marks.readingsFrom(after?.id ?? 0))) {
    at.marks.addReadings(
      page.filter(
        ({ scope, made, stays, complete }) =>
          !scope.startsWith(LOCKFILE_SCOPE) && made < at.cutoff && (stays === 0 || complete === 0),
      ),
    )
  }
}

export interface BlobCounts {
  /** Nothing names them, but they are too young to go. */
  readonly waiting: Count
  /** Bytes that something keeps. */
  readonly kept: number
}

export async function markBlobs(at: Collecting): Promise<BlobCounts> {
  const waiting: Count = { items: 0, bytes: 0 }
  let kept = 0
  for await (const page of blobsOf(at)) {
    at.marks.addBlobs(page.filter((blob) => !blob.kept && blob.added < at.cutoff))
    for (const blob of page) {
      if (blob.kept) kept += blob.size
      if (blob.kept || blob.added < at.cutoff) continue
      waiting.items += 1
      waiting.bytes += blob.size
    }
  }
  return { waiting, kept }
}

/** Files that no row names: a crash came between the two, or the catalog is not the one that belongs to this store. */
export async function markFiles(at: Collecting): Promise<void> {
  let seen = 0
  for await (const { sha256, size, modified } of at.mirror.store.list()) {
    seen += 1
    if (seen % 250 === 0) await turn(at.signal)
    if (modified < at.cutoff && !at.mirror.catalog.sweeps.knows(sha256)) at.marks.addFiles([{ sha256, size }])
  }
}
