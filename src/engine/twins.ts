// Compressed twins of views that are asked for again: zstd and brotli, and the gzip that large views come without. Made
// one view at a time, off the event loop, and never while a client waits for them.

import type { ViewRow } from '../catalog/rows.ts'
import { compress } from '../formats/compress.ts'
import { task } from './flights.ts'
import type { Mirror } from './mirror.ts'
import { write } from './write.ts'

/** Smaller bodies are not worth it. */
const FROM = 4 * 1024
const MiB = 1024 * 1024

/**
 * Up to which size each is made. Brotli takes about three times as long as gzip and is a tenth smaller: of a page of 32 MB it
 * would keep a core for two seconds.
 */
const most = { gzip: 256 * MiB, zstd: 256 * MiB, br: 8 * MiB }
type Coding = keyof typeof most
const codings = Object.keys(most) as Coding[]

/** Begins to make the twins that a view lacks, unless those of another are being made. */
export function makeTwins(mirror: Mirror, view: ViewRow): void {
  const { sha256, size } = view
  if (sha256 === undefined || mirror.offline || size < FROM) return
  const lacking = codings.filter((coding) => size <= most[coding] && view.twins[coding] === undefined)
  if (lacking.length === 0) return
  const { landed } = mirror.flights.share('twins', () => task(() => make(mirror, view, sha256, lacking)))
  // a view without them is as good: the next request for it tries again
  landed.catch(() => undefined)
}

async function make(mirror: Mirror, view: ViewRow, sha256: string, lacking: readonly Coding[]): Promise<void> {
  const twins: Record<string, { readonly sha256: string; readonly size: number }> = { ...view.twins }
  for (const coding of lacking) {
    const staged = await mirror.store.stage()
    try {
      const twin = await write(staged, compress(mirror.store.stream(sha256), coding))
      await staged.commit(twin.sha256)
      twins[coding] = { sha256: twin.sha256, size: twin.size }
    } finally {
      await staged.release()
    }
  }
  await mirror.holder.hold({
    blobs: Object.values(twins).map((twin) => ({ ...twin, digests: {} })),
    refs: [],
    also() {
      const now = mirror.catalog.views.get(view.key)
      if (now?.sha256 === sha256) mirror.catalog.views.put({ ...now, twins })
    },
  })
}
