// How late a server's event loop is: a module that is loaded before the program, and tells when it gets a signal.

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Lateness {
  /** Milliseconds, in 99 % of all looks. */
  readonly p99: number
  readonly most: number
}

export interface LatenessMonitor {
  /** What Node takes before the program. */
  readonly flags: readonly string[]
  /** Since the start or the last call, of the process with this number. */
  read(pid: number | undefined): Promise<Lateness>
}

export function latenessMonitor(folder: string): LatenessMonitor {
  const module = path.join(folder, 'lateness.mjs')
  const file = path.join(folder, 'lateness.json')
  writeFileSync(module, text(file))
  return {
    flags: ['--import', module],
    async read(pid) {
      rmSync(file, { force: true })
      if (pid === undefined) throw new Error('the server did not start')
      process.kill(pid, 'SIGUSR2')
      while (!existsSync(file)) await sleep(5)
      return JSON.parse(readFileSync(file, 'utf8')) as Lateness
    },
  }
}

/** The histogram counts the time between two looks, 2 ms, as delay. */
const text = (file: string): string => `
import { renameSync, writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
const seen = monitorEventLoopDelay({ resolution: 2 })
seen.enable()
process.on('SIGUSR2', () => {
  const late = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - 2)
  writeFileSync('${file}.new', JSON.stringify({ p99: late(seen.percentile(99)), most: late(seen.max) }))
  renameSync('${file}.new', '${file}')
  seen.reset()
})
`
