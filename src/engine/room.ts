// How much may still be written before less of the disk is free than is to stay free.

import type { KeepFree } from '../config/types.ts'
import { MirrorError } from '../errors.ts'
import { formatSize } from '../formats/size.ts'
import type { Store } from '../store/store.ts'

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
}

/** How long an answer of the system counts, milliseconds. */
const FRESH = 1000

export function createRoom(store: Store, keepFree: KeepFree): Room {
  let asked = Number.NEGATIVE_INFINITY
  let answer: Promise<Left> | undefined

  async function ask(): Promise<Left> {
    const { free, total } = await store.space()
    const kept = 'share' in keepFree ? Math.ceil(total * keepFree.share) : keepFree.bytes
    return { left: free - kept, free, kept }
  }

  return {
    left() {
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
