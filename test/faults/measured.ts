// Loaded before the program (`node --import`): on SIGUSR2 it collects garbage and writes what it uses to the file that the
// environment names, whole or not at all.

import { readdirSync, renameSync, writeFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What a process uses, garbage apart: bytes, and open files. */
export interface Used {
  readonly rss: number
  readonly heap: number
  /** Buffers outside of the heap. */
  readonly external: number
  readonly files: number
}

const told = process.env.MEASURED
if (told !== undefined) {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  process.on('SIGUSR2', () => {
    collect()
    collect()
    const { rss, heapUsed: heap, external } = process.memoryUsage()
    const files = readdirSync('/proc/self/fd').length
    writeFileSync(`${told}.new`, JSON.stringify({ rss, heap, external, files } satisfies Used))
    renameSync(`${told}.new`, told)
  })
}
