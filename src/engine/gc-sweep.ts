// Carries a plan out: the catalog first, the files after, so that a crash in between leaves garbage and never a lie. Begun
// again it goes on where it was, because it begins with what is there.

import type { GoingBlob, GoingReading, GoingRef, GoingView } from '../catalog/marks.ts'
import type { GoneGeneration } from './gc-refs.ts'
import type { Collecting, Count } from './gc-state.ts'
import { pages, turn } from './turns.ts'

export interface Swept {
  readonly refs: number
  readonly views: number
  readonly readings: number
  readonly files: Count
}

export async function sweep(at: Collecting, generations: readonly GoneGeneration[]): Promise<Swept> {
  const { catalog } = at.mirror
  for (const { id, state } of generations) {
    catalog.sweeps.generation(id, state)
    catalog.touch()
    await turn(at.signal)
  }
  for (const { id } of at.snapshots) {
    catalog.snapshots.drop(id)
    catalog.touch()
    await turn(at.signal)
  }
  while (!catalog.snapshots.release()) await turn(at.signal)
  let [refs, views, readings] = [0, 0, 0]
  for await (const page of pages<GoingRef>(at.signal, (after) => at.marks.refs(after))) {
    // those of generations went with them
    refs += catalog.sweeps.refs(page).length + page.filter(({ generation }) => generation !== 0).length
    catalog.touch()
  }
  for await (const page of pages<GoingView>(at.signal, (after) => at.marks.views(after))) {
    views += catalog.sweeps.views(page).length
    catalog.touch()
  }
  for await (const page of pages<GoingReading>(at.signal, (after) => at.marks.readings(after))) {
    for (const reading of page) {
      while (!catalog.sweeps.reading(reading)) await turn(at.signal)
      readings += 1
    }
  }
  catalog.touch()
  return { refs, views, readings, files: await sweepFiles(at) }
}

async function sweepFiles(at: Collecting): Promise<Count> {
  const { catalog } = at.mirror
  const freed: Count = { items: 0, bytes: 0 }
  for await (const page of pages<GoingBlob>(at.signal, (after) => at.marks.blobs(after))) {
    const gone = catalog.durably(() => catalog.sweeps.blobs(page, at.cutoff, at.now))
    for (const blob of gone) await remove(at, blob, freed)
  }
  for await (const page of pages<GoingBlob>(at.signal, (after) => at.marks.files(after))) {
    for (const file of page) await remove(at, file, freed)
  }
  return freed
}

/** A file written anew meanwhile is one that somebody is about to name. */
async function remove(at: Collecting, { sha256, size }: GoingBlob, freed: Count): Promise<void> {
  const { catalog, store } = at.mirror
  const found = await store.stat(sha256)
  if (found === undefined || found.modified >= at.cutoff || catalog.sweeps.knows(sha256)) return
  await store.delete(sha256)
  freed.items += 1
  freed.bytes += size
}
