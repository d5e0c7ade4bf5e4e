// Start: what a command costs before it does anything, and what an idle server takes.

import { setTimeout as sleep } from 'node:timers/promises'
import { type Contender, report } from './figures.ts'
import { run } from './process.ts'
import { type Bench, place } from './shipped.ts'

const ROUNDS = 5

export async function start({ argv, ...bench }: Bench): Promise<void> {
  const resident: number[] = []
  const program = (name: string, words: readonly string[]): Contender => ({
    name,
    turn: async () => ({ value: (await run(words)).milliseconds }),
  })
  await report({
    title: 'start',
    unit: 'ms',
    rounds: ROUNDS,
    contenders: [
      program('node alone', [process.execPath, '-e', '0']),
      program('pkgmirror --version', [...argv, '--version']),
      program('pkgmirror --help', [...argv, '--help']),
      {
        name: 'pkgmirror serve, until ready',
        async turn(round) {
          const started = performance.now()
          const served = await place({ argv, ...bench }, `start${round}`, {}).serve()
          const value = performance.now() - started
          await sleep(300)
          resident.push((served.resident() ?? Number.NaN) / 2 ** 20)
          await served.stop()
          return { value }
        },
      },
    ],
  })
  console.log(`resident memory of an idle serve: ${resident.map((one) => one.toFixed(0)).join(', ')} MiB`)
}
