// aptly and debmirror, which mirror Debian archives: each brings one suite into a folder of its own.

import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Turn } from './figures.ts'
import { found, type Run, run } from './process.ts'
import type { SignedRoot } from './signed-root.ts'

export interface Archive {
  readonly url: string
  readonly suite: string
  readonly root: SignedRoot
}

/** Brings what has changed since the last time; throws when anything is missing. */
export type Mirroring = () => Promise<Turn>

const turnOf = ({ milliseconds, cpu, peak }: Run): Turn => ({ value: milliseconds, cpu, peak })

/** Undefined where it is not installed; so the others. */
export function aptly(home: string, { url, suite, root }: Archive): Mirroring | undefined {
  const program = found('aptly')
  if (program === undefined) return undefined
  mkdirSync(home, { recursive: true })
  const config = path.join(home, 'aptly.conf')
  writeFileSync(config, JSON.stringify({ rootDir: `${home}/aptly`, gpgProvider: 'internal' }))
  const keyring = path.join(home, 'archive.gpg')
  writeFileSync(keyring, root.binaryKey)
  const call = [program, `-config=${config}`, 'mirror']
  const keys = `-keyring=${keyring}`
  let made = false
  return async () => {
    const update = [...call, 'update', keys, 'bench']
    if (made) return turnOf(await run(update))
    made = true
    const create = [...call, 'create', keys, 'bench', url, suite, 'main']
    return turnOf(await run(['sh', '-c', [create, update].map((words) => words.join(' ')).join(' && ')]))
  }
}

export function debmirror(home: string, { url, suite, root }: Archive): Mirroring | undefined {
  const program = found('debmirror')
  if (program === undefined || found('gpgv') === undefined) return undefined
  mkdirSync(home, { recursive: true })
  const keyring = path.join(home, 'archive.gpg')
  writeFileSync(keyring, root.binaryKey)
  const words = [
    ...[program, `${home}/mirror`, '--method=http', `--host=${new URL(url).host}`, '--root=/', `--dist=${suite}`],
    ...['--section=main', '--arch=amd64', '--nosource', '--rsync-extra=none', '--omit-suite-symlinks'],
    ...['--disable-ssl-verification', `--keyring=${keyring}`],
  ]
  return async () => turnOf(await run(['env', `HOME=${home}`, ...words]))
}
