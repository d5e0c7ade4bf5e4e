// A small file system of its own for a data directory, where the machine permits one: a tmpfs in a mount namespace.

import { spawnSync } from 'node:child_process'
import type { TestContext } from 'node:test'
import { apart, folder, type Island } from '../clients/place.ts'

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
  const at = folder(t)
  const mounts = await apart(t, 'm', `mount -t tmpfs -o ${options} tmpfs ${at}`)
  if (mounts === undefined) return undefined
  const { enter, pid } = mounts
  return {
    enter,
    at,
    outside: `/proc/${pid}/root${at}`,
    run(command) {
      const [program = '', ...args] = enter
      const { status, stderr } = spawnSync(program, [...args, 'sh', '-c', command], { encoding: 'utf8' })
      if (status !== 0) throw new Error(`${command} ended with ${status}\n${stderr}`)
    },
  }
}
