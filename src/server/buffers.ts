// Buffers that bodies are read into, lent and given back. Large ones carry a warm server; when many clients crawl at
// once, newcomers get small ones, so that memory does not grow by a megabyte a client.

const KiB = 1024
/** Measured for bodies from disk: 512 KiB is the fastest, 1 MiB falls out of the L2 cache and loses 40 %. */
const sizes = [64 * KiB, 256 * KiB, 512 * KiB] as const
const smallest = sizes[0]

/** Bytes lent at once before newcomers get the smallest buffers. */
const generous = 32 * KiB * KiB
/**
 * Bytes kept for the next answers while nobody needs them. As many as are lent generously: a large buffer that is dropped
 * and made anew for each answer costs more, in page faults and collections, than filling it.
 */
const spare = generous

export interface Buffers {
  /** A buffer for a body of which `bytes` are still to be sent. Its content is undefined. */
  lend(bytes: number): Buffer
  /** Only when nothing reads from it or writes to it any more. */
  giveBack(buffer: Buffer): void
  /** The buffer will not come back: something may still read from it. */
  writeOff(buffer: Buffer): void
}

export function createBuffers(): Buffers {
  const idle = new Map<number, Buffer[]>(sizes.map((size) => [size, []]))
  let lent = 0
  let kept = 0

  return {
    lend(bytes) {
      const wanted = lent >= generous ? smallest : (sizes.find((size) => size >= bytes / 2) ?? sizes[2])
      const ready = idle.get(wanted)?.pop()
      if (ready !== undefined) kept -= wanted
      lent += wanted
      // The slow kind has memory of its own: a buffer out of the shared pool would keep its neighbours alive.
      return ready ?? Buffer.allocUnsafeSlow(wanted)
    },
    giveBack(buffer) {
      lent -= buffer.length
      if (kept + buffer.length > spare) return
      kept += buffer.length
      idle.get(buffer.length)?.push(buffer)
    },
    writeOff(buffer) {
      lent -= buffer.length
    },
  }
}
