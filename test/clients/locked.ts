// The way of a lockfile: a client writes it while the registry answers, `seed` brings in what it locks, the network is cut,
// `prove` says that nothing lacks, and the client installs from it what it had installed before, byte for byte.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { type Mirror, pkgmirror, pkgmirrorWith, serve } from './mirror.ts'
import { environment, execute, files, folder, mainland } from './place.ts'
import { emptyMirror, type Origin, type Use, withoutNetwork } from './voyage.ts'
import { freePort } from './web-servers.ts'

/** Files of a project by path. */
export type Files = Readonly<Record<string, string | Uint8Array>>

export interface Locking<T> {
  /** Writes the project's lockfile; returns the project with it. */
  lock(url: string): Promise<Files>
  /** Installs what is locked, and nothing else. `map` brings the addresses in a lockfile to the mirror. */
  install(project: Files, map: (lockfile: string, url: string) => Promise<string>): Use<T>
  readonly lockfiles: readonly string[]
  /** Does the lockfile name the mirror, so that it has to be where it was? */
  readonly sameAddress?: boolean
  /** Lines that `prove` has to find proven by their digests. */
  readonly proven: number
  readonly trial: Trial
  /** Of a client that takes long: it installs through the mirror and in `prove --install` alone. */
  readonly isSlow?: boolean
}

/** What `prove --install` makes of it. */
export interface Trial {
  /** The client's command by the name that it is looked for by; where it is on the path by that name, none. */
  readonly programs?: Readonly<Record<string, readonly string[]>>
  /** Files of the project that the way of the lockfile alone does not need. */
  readonly project?: Files
  /** Where the toolchains of the machine's user are. */
  readonly env?: Readonly<Record<string, string>>
  /** Why it is not tried. */
  readonly untried?: RegExp
}

export async function lockedVoyage<T>(t: TestContext, origin: Origin, locking: Locking<T>): Promise<T> {
  const first = emptyMirror(t, origin.configuration)
  const listen = locking.sameAddress === true ? ['--listen', `127.0.0.1:${await freePort()}`] : []
  const online = await serve(t, first, listen)
  const project = await locking.lock(online.url)
  const mirror = emptyMirror(t, origin.configuration)
  const at = files(folder(t), { ...locking.trial.project, ...project })
  const locks = locking.lockfiles.map((name) => path.join(at, name))

  async function map(lockfile: string, url: string): Promise<string> {
    const flags = ['--dry-run', '--offline', '--addresses', 'sed', '--base-url', url]
    const script = await pkgmirror(mirror, 'seed', path.join(at, lockfile), ...flags)
    assert.notEqual(script.trim(), '')
    const place = files(folder(t), { 'mirror.sed': script })
    return execute({ argv: ['sed', '-f', `${place}/mirror.sed`, path.join(at, lockfile)], cwd: at, env: process.env })
  }

  await pkgmirror(mirror, 'seed', ...locks)
  const use = locking.install(project, map)
  const expected = await use(online.url, mainland)
  await online.stop()
  await origin.stop()
  const proof = JSON.parse(await pkgmirror(mirror, 'prove', '--json', ...locks)) as { readonly held: number }
  assert.equal(proof.held, locking.proven)
  await tried(t, mirror, locks, locking.trial)
  if (locking.isSlow === true) return expected
  await withoutNetwork(t, mirror, use, expected, {}, listen)
  return expected
}

async function tried(
  t: TestContext,
  mirror: Mirror,
  locks: readonly string[],
  { programs = {}, env, untried }: Trial,
): Promise<void> {
  const bin = folder(t)
  for (const [name, argv] of Object.entries(programs)) {
    const quoted = argv.map((word) => `'${word}'`).join(' ')
    writeFileSync(path.join(bin, name), `#!/bin/sh\nexec ${quoted} "$@"\n`, { mode: 0o755 })
  }
  const PATH = [bin, environment(bin).PATH].join(path.delimiter)
  const said = await pkgmirrorWith({ PATH, ...env }, mirror, 'prove', '--install', '--json', ...locks)
  const { trials } = JSON.parse(said) as {
    readonly trials: readonly { readonly state: string; readonly reason?: string }[]
  }
  const [trial] = trials
  assert.equal(trial?.state, untried === undefined ? 'installed' : 'untried', trial?.reason)
  if (untried !== undefined) assert.match(trial?.reason ?? '', untried)
}
