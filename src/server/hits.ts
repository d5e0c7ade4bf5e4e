// Hits and last uses, gathered in memory and written in batches.

import { asMirrorError, type MirrorError } from '../errors.ts'

const EVERY = 10_000
const MOST = 20_000

export interface Use {
  readonly repo: string
  readonly path: string
  readonly hits: number
  readonly used: number
}

export interface Hits {
  count(of: { readonly repo: string; readonly path: string }): void
  flush(): void
  close(): void
}

/** `failed` is told when they could not be written; they are kept for the next time, as far as there is room. */
export function createHits(
  write: (uses: readonly Use[]) => void,
  now: () => number,
  failed: (error: MirrorError) => void = () => undefined,
): Hits {
  const counts = new Map<string, Map<string, Use & { hits: number; used: number }>>()
  let size = 0
  const flush = (): void => {
    if (size === 0) return
    try {
      write([...counts.values()].flatMap((paths) => [...paths.values()]))
    } catch (error) {
      failed(asMirrorError(error))
      if (size < MOST) return
    }
    counts.clear()
    size = 0
  }
  const timer = setInterval(flush, EVERY)
  timer.unref()
  return {
    count({ repo, path }) {
      let paths = counts.get(repo)
      if (paths === undefined) {
        paths = new Map()
        counts.set(repo, paths)
      }
      const known = paths.get(path)
      if (known !== undefined) {
        known.hits += 1
        known.used = now()
        return
      }
      paths.set(path, { repo, path, hits: 1, used: now() })
      size += 1
      if (size >= MOST) flush()
    },
    flush,
    close() {
      clearInterval(timer)
      flush()
    },
  }
}
