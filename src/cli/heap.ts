// How much the heap of the process may grow for what lives shortly.

import v8 from 'node:v8'

/** Bytes of the young generation. V8 would let it grow to a hundred million, while what lives on is a fifth of that. */
const YOUNG = 16 * 1024 * 1024
/** Milliseconds between looks: it doubles, in seconds at the earliest. */
const LOOK = 20

const young = (): number =>
  v8.getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? YOUNG

/** Lets the young generation grow so far and no further. A limit that is set before costs its growth, or a second process. */
export function boundYoungGeneration(): void {
  const timer = setInterval(() => {
    if (young() < YOUNG) return
    v8.setFlagsFromString('--semi-space-growth-factor=1')
    clearInterval(timer)
  }, LOOK)
  timer.unref()
}
