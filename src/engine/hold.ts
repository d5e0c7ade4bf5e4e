// Holding: blobs become durable first, then the refs that name them are written, many in one transaction. A crash in
// between leaves garbage, never a lie.

import type { Catalog } from '../catalog/catalog.ts'
import type { Ref } from '../catalog/rows.ts'
import type { Digests } from '../contract.ts'
import type { Store } from '../store/store.ts'

export interface Holding {
  readonly blobs: readonly { readonly sha256: string; readonly size: number; readonly digests: Digests }[]
  /** Written in the same transaction. */
  readonly refs: readonly Ref[]
  /** More to write in the same transaction. */
  readonly also?: () => void
}

export interface Holder {
  /**
   * A moment in which others may join: what nobody waits for is written in one group. It ends after 20 ms, at once when there
   * are many, and when everything is to be written out.
   */
  gather(): Promise<void>
  /** Resolves when it is durable. */
  hold(holding: Holding): Promise<void>
  /** Writes out everything that waits. */
  settle(): Promise<void>
}

/** Milliseconds in which a group gathers, and how many end it sooner. */
const GATHERING = 20
const MANY = 32

interface Gathering {
  readonly ended: PromiseWithResolvers<void>
  readonly timer: NodeJS.Timeout
  count: number
}

interface Waiting {
  readonly holding: Holding
  readonly done: PromiseWithResolvers<void>
}

export function createHolder(catalog: Catalog, store: Store, now: () => number): Holder {
  let waiting: Waiting[] = []
  let round: Promise<void> | undefined
  let gathering: Gathering | undefined

  function endGathering(): void {
    clearTimeout(gathering?.timer)
    gathering?.ended.resolve()
    gathering = undefined
  }

  function write(holding: Holding): void {
    for (const blob of holding.blobs) catalog.blobs.put(blob.sha256, blob.size, blob.digests, now())
    for (const ref of holding.refs) catalog.refs.put(ref)
    holding.also?.()
  }

  async function writeAll(group: readonly Waiting[]): Promise<void> {
    const blobs = group.flatMap(({ holding }) => holding.blobs.map(({ sha256 }) => sha256))
    if (blobs.length > 0) await store.flush(blobs)
    catalog.atomically(() => {
      for (const { holding } of group) write(holding)
    })
    catalog.touch()
    for (const { done } of group) done.resolve()
  }

  async function rounds(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting
      waiting = []
      try {
        await writeAll(group)
      } catch {
        // what cannot be written takes nothing else along: each is tried by itself
        for (const one of group) await writeAll([one]).catch(one.done.reject)
      }
    }
    round = undefined
  }

  return {
    gather() {
      gathering ??= { ended: Promise.withResolvers(), timer: setTimeout(endGathering, GATHERING), count: 0 }
      const { ended } = gathering
      gathering.count += 1
      if (gathering.count >= MANY) endGathering()
      return ended.promise
    },
    hold(holding) {
      const done = Promise.withResolvers<void>()
      waiting.push({ holding, done })
      round ??= new Promise<void>((resolve) => setImmediate(resolve)).then(rounds)
      return done.promise
    },
    async settle() {
      endGathering()
      while (round !== undefined) await round
    },
  }
}
