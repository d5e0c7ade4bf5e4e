// When the blobs are more than `keep.max_size`: snapshots that syncs made go first, the oldest before the others; then what
// nothing holds, least recently used first; files before the indexes that name them.

import type { MarkedBlob } from '../catalog/marks.ts'
import { candidatesOf, namesWhatStays } from './gc-refs.ts'
import { markOldestForSize } from './gc-snapshots.ts'
import { type Collecting, count, countsOf, keepers } from './gc-state.ts'
import { pages } from './turns.ts'

export async function markForSize(at: Collecting): Promise<void> {
  if (!Number.isFinite(at.keep.maxSize)) return
  let bytes = await bytesThatStay(at)
  while (bytes > at.keep.maxSize && markOldestForSize(at)) bytes = await bytesThatStay(at)
  for (const kind of ['artifact', 'index']) {
    for await (const page of candidatesOf(at, kind)) {
      for (const candidate of page) {
        if (bytes <= at.keep.maxSize) return
        if (candidate.reason !== '') continue
        // its bytes would stay all the same
        if (candidate.sha256 !== null && at.marks.inSnapshots(candidate.sha256)) continue
        if (kind === 'index' && (await namesWhatStays(at, candidate))) continue
        at.marks.addCandidateRef(candidate, 'size')
        count(countsOf(at, candidate.repo).kept, keepers.nobody, -1, -candidate.size)
        if (candidate.sha256 !== null && !at.marks.keeps(candidate.sha256)) bytes -= candidate.size
      }
    }
  }
}

async function bytesThatStay(at: Collecting): Promise<number> {
  let bytes = 0
  for await (const page of blobsOf(at)) for (const { kept, size } of page) bytes += kept ? size : 0
  return bytes
}

export const blobsOf = (at: Collecting): AsyncGenerator<readonly MarkedBlob[]> =>
  pages<MarkedBlob>(at.signal, (after) => at.marks.blobsFrom(after?.sha256 ?? ''))
