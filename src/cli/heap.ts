// How much the heap of the process may grow for what lives shortly.

import { PerformanceObserver } from 'node:perf_hooks'
import v8 from 'node:v8'

/** Bytes of the young generation. V8 would let it grow to a hundred million, while what lives on is a fifth of that. */
const YOUNG = 16 * 1024 * 1024

const young = (): number =>
  v8.getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? YOUNG

/**
 * Lets the young generation grow so far and no further. It only ever grows when garbage is collected, so that is when it is looked
 * at: a process at rest is not woken for it. V8 takes the size itself as a flag only before the process begins.
 */
export function boundYoungGeneration(): void {
  const collections = new PerformanceObserver(() => {
    if (young() < YOUNG) return
    v8.setFlagsFromString('--semi-space-growth-factor=1')
    collections.disconnect()
  })
  collections.observe({ entryTypes: ['gc'] })
}
