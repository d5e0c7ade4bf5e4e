// Compressed twins of views that are asked for again: zstd and brotli beside the gzip that every view is kept with. Made
// one view at a time, off the event loop, and never while a client waits for them.

import { promisify } from 'node:util'
import { brotliCompress, constants, zstdCompress } from 'node:zlib'
import type { ViewRow } from '../catalog/rows.ts'
import { hashOf } from '../formats/digest.ts'
import { task } from './flights.ts'
import type { Mirror } from './mirror.ts'

/** Smaller bodies are not worth it; larger ones would take too much memory at once. */
const FROM = 4 * 1024
const TO = 32 * 1024 * 1024

const brotli = promisify(brotliCompress)
const zstd = promisify(zstdCompress)
/** Brotli at 5 takes about three times as long as gzip at 6 and is a tenth smaller; higher levels take far longer. */
const makers: Readonly<Record<string, (bytes: Uint8Array) => Promise<Buffer>>> = {
  br: (bytes) => brotli(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
  zstd: (bytes) => zstd(bytes),
}

/** Begins to make the twins that a view lacks, unless those of another are being made. */
export function makeTwins(mirror: Mirror, view: ViewRow): void {
  const { sha256, size } = view
  if (sha256 === undefined || mirror.offline || size < FROM || size > TO) return
  const lacking = Object.keys(makers).filter((coding) => view.twins[coding] === undefined)
  if (lacking.length === 0) return
  const { landed } = mirror.flights.share('twins', () => task(() => make(mirror, view, sha256, lacking)))
  // a view without them is as good: the next request for it tries again
  landed.catch(() => undefined)
}

async function make(mirror: Mirror, view: ViewRow, sha256: string, codings: readonly string[]): Promise<void> {
  const bytes = Buffer.concat(await Array.fromAsync(mirror.store.stream(sha256)))
  const twins: Record<string, { readonly sha256: string; readonly size: number }> = { ...view.twins }
  for (const coding of codings) {
    const compressed = await makers[coding]?.(bytes)
    if (compressed === undefined) continue
    const staged = await mirror.store.stage()
    try {
      await staged.write([compressed])
      const twin = { sha256: hashOf(compressed), size: compressed.length }
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
