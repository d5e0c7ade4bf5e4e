// Open blobs, shared by the answers that read them and kept open a little for the next. Opening costs more than
// reading; blobs never change, so an open one needs no second look.

import type { Opened, Store } from '../store/store.ts'

/** An open blob that stays open until it is let go. */
export interface Held {
  readonly opened: Opened
  release(): void
}

export interface Descriptors {
  /** Undefined when the store does not have it. */
  hold(sha256: string): Promise<Held | undefined>
  /** Closes what is idle now, and the rest as soon as it is let go. */
  close(): void
}

/** Unused for so long, it is closed: an open file that was deleted still takes its space on the disk. */
const idleFor = 60_000

interface Slot {
  readonly opening: Promise<Opened | undefined>
  users: number
  used: number
  /** Out of the table: closed with its last user. */
  dropped: boolean
}

/** Keeps up to `limit` blobs open beyond those in use. */
export function createDescriptors(store: Pick<Store, 'open'>, limit: number, clock: () => number): Descriptors {
  // In the order of use: the first key was used longest ago.
  const slots = new Map<string, Slot>()
  const sweeper = setInterval(sweep, idleFor)
  sweeper.unref()

  function drop(sha256: string, slot: Slot): void {
    slot.dropped = true
    slots.delete(sha256)
    if (slot.users === 0) void shut(slot)
  }

  function sweep(): void {
    for (const [sha256, slot] of slots) if (slot.users === 0 && slot.used + idleFor <= clock()) drop(sha256, slot)
  }

  function trim(): void {
    for (const [sha256, slot] of slots) {
      if (slots.size <= limit) return
      drop(sha256, slot)
    }
  }

  function release(slot: Slot): void {
    slot.users -= 1
    if (slot.dropped && slot.users === 0) void shut(slot)
  }

  return {
    async hold(sha256) {
      const slot = slots.get(sha256) ?? { opening: store.open(sha256), users: 0, used: 0, dropped: false }
      slot.users += 1
      slot.used = clock()
      slots.delete(sha256)
      slots.set(sha256, slot)
      trim()
      const opened = await slot.opening.catch((error: unknown) => {
        forget(sha256, slot)
        throw error
      })
      if (opened === undefined) {
        forget(sha256, slot)
        return undefined
      }
      let held = true
      return {
        opened,
        release() {
          if (held) release(slot)
          held = false
        },
      }
    },
    close() {
      clearInterval(sweeper)
      for (const [sha256, slot] of slots) drop(sha256, slot)
    },
  }

  /** A blob that could not be opened may be there the next time. */
  function forget(sha256: string, slot: Slot): void {
    slot.users -= 1
    slot.dropped = true
    if (slots.get(sha256) === slot) slots.delete(sha256)
  }
}

/** A file that was only read has nothing to lose when closing it fails. */
async function shut(slot: Slot): Promise<void> {
  const opened = await slot.opening.catch(() => undefined)
  await opened?.close().catch(() => undefined)
}
