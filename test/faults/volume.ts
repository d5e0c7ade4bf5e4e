// A small file system of its own for a data directory, where the machine permits one: a tmpfs in a mount namespace.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { folder, type Island } from '../clients/place.ts'

export interface Volume extends Island {
  /** Where it is for programs that have entered. */
  readonly at: string
  /** The same, for a look from here. */
  readonly outside: string
  /** Runs a shell command in it; throws when it fails. */
  run(command: string): void
}

/** Undefined where namespaces are not permitted. `options` are those of a tmpfs. */
export async function volume(t: TestContext, options: string): Promise<Volume | undefined> {
  if (process.platform !== 'linux') return undefined
  const at = folder(t)
  const mine = process.getuid?.() === 0
  const script = `mount -t tmpfs -o ${options} tmpfs ${at} && echo up && exec sleep 1000`
  const child = spawn('unshare', [mine ? '-m' : '-Urm', 'sh', '-c', script], { stdio: ['ignore', 'pipe', 'ignore'] })
  const up = await Promise.race([
    once(child.stdout, 'data').then(() => true),
    once(child, 'close').then(() => false),
    once(child, 'error').then(() => false),
  ])
  if (!up) return undefined
  t.after(() => child.kill('SIGKILL'))
  const enter = ['nsenter', '-t', String(child.pid), '-m', ...(mine ? [] : ['-U', '--preserve-credentials'])]
  return {
    enter,
    at,
    outside: `/proc/${child.pid}/root${at}`,
    run(command) {
      const [program = '', ...args] = enter
      const { status, stderr } = spawnSync(program, [...args, 'sh', '-c', command], { encoding: 'utf8' })
      if (status !== 0) throw new Error(`${command} ended with ${status}\n${stderr}`)
    },
  }
}
