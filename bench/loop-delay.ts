// Loaded into a server before its program: how late its event loop was. A signal (SIGUSR2) has it written to the file that
// this module's address names (`?to=FILE`), and begun anew.

import { renameSync, writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** Milliseconds between two looks, which the histogram counts as delay. */
const EVERY = 2

const to = new URL(import.meta.url).searchParams.get('to')
if (to !== null) {
  const seen = monitorEventLoopDelay({ resolution: EVERY })
  seen.enable()
  process.on('SIGUSR2', () => {
    const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - EVERY)
    writeFileSync(`${to}.new`, JSON.stringify({ p99: late(seen.percentile(99)), most: late(seen.max) }))
    renameSync(`${to}.new`, to)
    seen.reset()
  })
}
