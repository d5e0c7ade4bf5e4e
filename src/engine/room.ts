// How much may still be written before less of the disk is free than is to stay free.

import type { KeepFree } from '../config/types.ts'
import { MirrorError } from '../errors.ts'
import { formatSize } from '../formats/size.ts'
import { stageInMemory } from '../store/memory-staged.ts'
import type { Staged, Store } from '../store/store.ts'

/** Bytes of the file system that the store lies on. */
export interface Left {
  /** What may still be written; below 0 when less is free than is to stay free. */
  readonly left: number
  readonly free: number
  /** What is to stay free. */
  readonly kept: number
}

export interface Room {
  left(): Promise<Left>
  /** Would a file of this size, when it is known, take what is to stay free? */
  lacks(size: number | undefined): Promise<boolean>
  /** Where bytes are put that are passed on and not kept: in memory while few are, else in a file that is removed. */
  stage(size: number | undefined): Promise<Staged>
  /** True once a minute, so that a full disk does not fill the log. */
  mayTell(): boolean
}

/** A file up to this size passes through memory, as long as all of them take no more than the second number. */
const SMALL = 4 * 1024 * 1024
const MEMORY = 64 * 1024 * 1024
const MINUTE = 60_000

/** How long an answer of the system counts, milliseconds. */
const FRESH = 1000

export function createRoom(store: Store, keepFree: KeepFree): Room {
  let asked = Number.NEGATIVE_INFINITY
  let answer: Promise<Left> | undefined
  let inMemory = 0
  let told = Number.NEGATIVE_INFINITY

  async function ask(): Promise<Left> {
    const { free, total } = await store.space()
    const kept = 'share' in keepFree ? Math.ceil(total * keepFree.share) : keepFree.bytes
    return { left: free - kept, free, kept }
  }

  function left(): Promise<Left> {
    const now = performance.now()
    if (answer === undefined || now - asked >= FRESH) {
      asked = now
      answer = ask()
      // asked again by whoever comes next
      answer.catch(() => {
        answer = undefined
      })
    }
    return answer
  }

  return {
    left,
    lacks: async (size = 0) => (await left()).left < size,
    async stage(size) {
      if (size === undefined || size > SMALL || inMemory + size > MEMORY) return store.stage()
      inMemory += size
      return stageInMemory(size, () => {
        inMemory -= size
      })
    },
    mayTell() {
      const now = performance.now()
      if (now - told < MINUTE) return false
      told = now
      return true
    },
  }
}

/** In whole megabytes. */
const sizeText = (bytes: number): string => formatSize(Math.round(bytes / 1e6) * 1e6)

/** Why no more is written, in numbers. */
export const noRoom = ({ left, free, kept }: Left, what: string): MirrorError =>
  new MirrorError(
    'DISK_FULL',
    `${what}: ${sizeText(free)} are free and ${sizeText(kept)} are to stay free, so ${left > 0 ? sizeText(left) : 'nothing'} may be written`,
    {
      hint: 'Free some space (`pkgmirror gc --dry-run` shows what could go), want less (`sync --dry-run` shows the plan), or set a smaller `keep_free`.',
    },
  )
