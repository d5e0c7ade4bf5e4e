// Start: what a command costs before it does anything, and what an idle server takes.

import { setTimeout as sleep } from 'node:timers/promises'
import { type Contender, mebibytes, report } from './figures.ts'
import { found, run, type Started } from './process.ts'
import { type Bench, place } from './shipped.ts'
import { startVerdaccio } from './verdaccio.ts'

const ROUNDS = 5

export async function start({ argv, ...bench }: Bench): Promise<void> {
  const resident: Record<'pkgmirror' | 'verdaccio', number[]> = { pkgmirror: [], verdaccio: [] }
  /** Milliseconds until a server answers; looks at its memory when it has calmed down. */
  const ready = async <T extends Started>(name: keyof typeof resident, serve: () => Promise<T>) => {
    const started = performance.now()
    const served = await serve()
    const value = performance.now() - started
    await sleep(300)
    resident[name].push(served.resident() ?? Number.NaN)
    await served.stop()
    return { value }
  }
  const command = (name: string, words: readonly string[]): Contender => ({
    name,
    turn: async () => ({ value: (await run(words)).milliseconds }),
  })
  const program = found('verdaccio')
  const peers: readonly Contender[] =
    program === undefined
      ? []
      : [
          {
            name: 'verdaccio, until ready',
            turn: (round) =>
              ready('verdaccio', () => startVerdaccio(program, `${bench.folder}/start${round}`, 'http://127.0.0.1:1')),
          },
        ]
  await report({
    title: 'start',
    unit: 'ms',
    rounds: ROUNDS,
    contenders: [
      command('node alone', [process.execPath, '-e', '0']),
      command('pkgmirror --version', [...argv, '--version']),
      command('pkgmirror --help', [...argv, '--help']),
      {
        name: 'pkgmirror serve, until ready',
        turn: (round) => ready('pkgmirror', () => place({ argv, ...bench }, `start${round}`, {}).serve()),
      },
      ...peers,
    ],
  })
  for (const [name, all] of Object.entries(resident))
    if (all.length > 0) console.log(`resident memory of an idle ${name}: ${all.map(mebibytes).join(', ')}`)
}
