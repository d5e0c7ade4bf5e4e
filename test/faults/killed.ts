// Runs a verb of the shipped executable that is killed at one of its operations: in its own process (kill-at.ts), or by the
// system's eyes at SQLite's writes (strace).

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { Mirror } from '../clients/mirror.ts'
import { environment, found, root } from '../clients/place.ts'

const executable = `${root}/bin/pkgmirror.js`
const preload = `${root}/test/faults/kill-at.ts`

/** What is killed: a run by its arguments, or a `serve` while clients ask it. */
export interface Victim {
  readonly args: readonly string[]
  /** What a server is asked, at its address; it is stopped after that. */
  readonly load?: (url: string) => Promise<unknown>
}

/** How operations are counted. `at` 0 kills at none. */
export interface Seam {
  start(mirror: Mirror, at: number, argv: readonly string[]): ChildProcess
  /** How many operations there were, once it has ended by itself. */
  count(mirror: Mirror): number | Promise<number>
}

/** Writes, renames, fsyncs, links and unlinks of the program. */
export const operations: Seam = {
  start({ data }, at, argv) {
    const env = { ...environment(data), KILL_AT: String(at), KILL_COUNT: `${data}/operations` }
    return spawn(process.execPath, ['--import', preload, ...argv], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  },
  count: ({ data }) => Number(readFileSync(`${data}/operations`, 'utf8')),
}

/** Writes of SQLite to its catalog: into the log of its commits, and out of that into the catalog by checkpoints. */
const catalogWrites: Seam = {
  start({ data }, at, argv) {
    const places = ['catalog.db', 'catalog.db-wal'].flatMap((name) => ['-P', `${data}/${name}`])
    const kill = at === 0 ? [] : ['-e', `inject=pwrite64:signal=SIGKILL:when=${at}`]
    // the tracer stands aside (-D): what is started, told to stop and waited for is the program itself
    const traced = ['-D', '-o', `${data}/writes`, '-e', 'trace=pwrite64', ...places, ...kill, process.execPath, ...argv]
    return spawn('strace', traced, { env: environment(data), stdio: ['ignore', 'pipe', 'ignore'] })
  },
  async count({ data }) {
    for (let tries = 0; tries < 100; tries += 1) {
      const told = readFileSync(`${data}/writes`, 'utf8')
      if (told.includes('+++ exited')) return told.match(/^pwrite64\(/gm)?.length ?? 0
      await pause(10)
    }
    throw new Error('strace does not come to an end')
  },
}

/** The program, where this machine has it and lets it trace. */
export async function tracer(): Promise<string | undefined> {
  const strace = found('strace')
  if (strace === undefined) return undefined
  const [code] = await once(spawn(strace, ['-o', '/dev/null', 'true'], { stdio: 'ignore' }), 'exit')
  return code === 0 ? strace : undefined
}

export const noTracer = 'strace is not installed, or may not trace'

export const sqliteWrites = async (): Promise<Seam | undefined> =>
  (await tracer()) === undefined ? undefined : catalogWrites

/** How many operations it had, when it was not killed. */
export async function killedAt(
  mirror: Mirror,
  at: number,
  { args, load }: Victim,
  seam: Seam = operations,
): Promise<number | undefined> {
  const { data, config } = mirror
  const child = seam.start(mirror, at, [executable, ...args, '--data', data, '--config', config, '--json'])
  const gone = once(child, 'exit')
  if (load === undefined) child.stdout?.resume()
  else await asked(child, load)
  const [code, signal] = (await gone) as [number | null, string | null]
  if (signal === 'SIGKILL') return undefined
  assert.equal(code, 0, `${args.join(' ')} ended with ${code ?? signal}`)
  return existsSync(data) ? seam.count(mirror) : 0
}

async function asked(child: ChildProcess, load: (url: string) => Promise<unknown>): Promise<void> {
  let said = ''
  for await (const piece of child.stdout?.setEncoding('utf8') ?? []) {
    said += String(piece)
    if (!said.includes('\n')) continue
    const { addresses } = JSON.parse(said.split('\n')[0] ?? '') as { addresses: readonly string[] }
    await load(addresses[0] ?? '')
    child.kill('SIGTERM')
    break
  }
}
