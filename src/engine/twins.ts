// Compressed twins of views that are asked for again: zstd and brotli, and the gzip that large views come without. Made
// one view at a time, off the event loop, and never while a client waits for them.

import { pipeline } from 'node:stream/promises'
import { constants, createBrotliCompress, createGzip, createZstdCompress } from 'node:zlib'
import type { ViewRow } from '../catalog/rows.ts'
import { hashers } from '../formats/digest.ts'
import { task } from './flights.ts'
import type { Mirror } from './mirror.ts'

/** Smaller bodies are not worth it. */
const FROM = 4 * 1024
const MiB = 1024 * 1024

/**
 * How each is made, and up to which size. Brotli at 5 takes about three times as long as gzip at 6 and is a tenth smaller; higher
 * levels take far longer. Of a page of 32 MB it would keep a core for two seconds.
 */
const makers = {
  gzip: { to: 256 * MiB, make: () => createGzip({ level: 6 }) },
  zstd: { to: 256 * MiB, make: () => createZstdCompress() },
  br: { to: 8 * MiB, make: () => createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }) },
}
type Coding = keyof typeof makers
const codings = Object.keys(makers) as Coding[]

/** Begins to make the twins that a view lacks, unless those of another are being made. */
export function makeTwins(mirror: Mirror, view: ViewRow): void {
  const { sha256, size } = view
  if (sha256 === undefined || mirror.offline || size < FROM) return
  const lacking = codings.filter((coding) => size <= makers[coding].to && view.twins[coding] === undefined)
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
      const hash = hashers(['sha256'])
      await pipeline(mirror.store.stream(sha256), makers[coding].make(), async (compressed) => {
        for await (const piece of compressed as AsyncIterable<Uint8Array>) {
          hash.update(piece)
          await staged.write([piece])
        }
      })
      const twin = { sha256: hash.digests().sha256 ?? '', size: staged.size }
      await staged.commit(twin.sha256)
      twins[coding] = twin
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
