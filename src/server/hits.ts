// Hits and last uses, gathered in memory and written in batches.

import type { Catalog } from '../catalog/catalog.ts'
import type { Resource } from '../engine/resolve.ts'
import { asMirrorError, type MirrorError } from '../errors.ts'

const EVERY = 10_000
const MOST = 20_000

export interface Hits {
  count(resource: Resource): void
  flush(): void
  close(): void
}

/** `failed` is told when they could not be written; they are kept for the next time, as far as there is room. */
export function createHits(
  catalog: Catalog,
  now: () => number,
  failed: (error: MirrorError) => void = () => undefined,
): Hits {
  const counts = new Map<string, { repo: string; path: string; hits: number; used: number }>()
  const flush = (): void => {
    if (counts.size === 0) return
    try {
      catalog.refs.used(counts.values())
    } catch (error) {
      failed(asMirrorError(error))
      if (counts.size < MOST) return
    }
    counts.clear()
  }
  const timer = setInterval(flush, EVERY)
  timer.unref()
  return {
    count(resource) {
      const repo = resource.mounted.settings.name
      const key = `${repo} ${resource.path}`
      const known = counts.get(key)
      if (known === undefined) counts.set(key, { repo, path: resource.path, hits: 1, used: now() })
      else {
        known.hits += 1
        known.used = now()
      }
      if (counts.size >= MOST) flush()
    },
    flush,
    close() {
      clearInterval(timer)
      flush()
    },
  }
}
