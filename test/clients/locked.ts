// The way of a lockfile: a client writes it while the registry answers, `seed` brings in what it locks, the network is cut,
// `prove` says that nothing lacks, and the client installs from it what it had installed before, byte for byte.

import assert from 'node:assert/strict'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { pkgmirror, serve } from './mirror.ts'
import { execute, files, folder, mainland } from './place.ts'
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
}

export async function lockedVoyage<T>(t: TestContext, origin: Origin, locking: Locking<T>): Promise<T> {
  const first = emptyMirror(t, origin.configuration)
  const listen = locking.sameAddress === true ? ['--listen', `127.0.0.1:${await freePort()}`] : []
  const online = await serve(t, first, listen)
  const project = await locking.lock(online.url)
  const mirror = emptyMirror(t, origin.configuration)
  const at = files(folder(t), project)
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
  await withoutNetwork(t, mirror, use, expected, {}, listen)
  return expected
}
