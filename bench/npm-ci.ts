// `npm ci` of 350 packages by a lockfile, into an empty cache.

import { createHash } from 'node:crypto'
import { globSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { tarball } from '../test/replica/tarball.ts'
import { integrityOf, noise, packument, tarballPath, versions } from './made.ts'
import { startNginxCache } from './nginx.ts'
import { type Origin, startOrigin } from './origin.ts'
import { found } from './process.ts'
import { type Bench, place } from './shipped.ts'
import { startVerdaccio } from './verdaccio.ts'
import { atHome, type Client, coldAndWarm, through, type Way } from './whole.ts'

const ROUNDS = 3
const COUNT = 350

export interface Project {
  /** Name to version and integrity. */
  readonly packages: ReadonlyMap<string, { readonly version: string; readonly integrity: string }>
}

export async function npmCi(bench: Bench): Promise<void> {
  if (found('npm') === undefined) {
    console.log('\nnpm is not installed: it is left out')
    return
  }
  const origin = await startOrigin()
  const projects: Project[] = []
  for (let round = 0; round < ROUNDS; round++) projects.push(await putProject(origin, `parcel${round}`, COUNT))
  const served = await place(bench, 'npm-ci', { npm: { ecosystem: 'npm', upstream: origin.url } }).serve()
  const nginx = await startNginxCache(bench.folder, origin.url)
  const program = found('verdaccio')
  const verdaccio = program === undefined ? undefined : await startVerdaccio(program, bench.folder, origin.url)
  const ways: readonly Way[] = [
    { name: 'direct', url: () => origin.url },
    ...through('nginx proxy_cache', nginx, (base) => base),
    ...through('verdaccio', verdaccio, (base) => base),
    { name: 'pkgmirror', url: () => `${served.url}/npm`, watched: served },
  ]
  const client: Client = (url, round) => {
    const project = projects[round]
    if (project === undefined) throw new Error(`there is no project ${round}`)
    return installProject(bench, project, url)
  }
  try {
    await coldAndWarm({ title: `npm ci, ${COUNT} packages`, rounds: ROUNDS, origin, ways, client })
  } finally {
    await Promise.all([served.stop(), nginx?.stop(), verdaccio?.stop(), origin.close()])
  }
}

/**
 * Packages of 1 to 200 KB, most of them small, with a document of 30 versions each; nothing depends on anything, so that
 * every name is wanted for itself.
 */
export async function putProject(origin: Origin, prefix: string, count: number): Promise<Project> {
  const packages = new Map<string, { readonly version: string; readonly integrity: string }>()
  for (let at = 0; at < count; at++) {
    const name = `${prefix}-${at}`
    const version = '1.0.30'
    const size = Math.round(1000 * 200 ** (((at * 37) % count) / count))
    const digest = createHash('md5').update(name).digest()
    const bytes = await tarball('package/', {
      'package.json': JSON.stringify({ name, version }),
      'index.js': noise(size, digest.readUInt32BE()),
    })
    const integrity = integrityOf(bytes)
    await origin.put(tarballPath(name, version), 'application/octet-stream', bytes)
    const all = [...versions(30), { version, integrity }]
    await origin.put(`/${name}`, 'application/json', packument(name, origin.url, all, 20, {}))
    packages.set(name, { version, integrity })
  }
  return { packages }
}

/** Milliseconds. npm compares each tarball with the integrity of the lockfile. */
export function installProject(bench: Bench, { packages }: Project, url: string): Promise<number> {
  return atHome(
    bench,
    (home) => {
      const at = path.join(home, 'project')
      mkdirSync(at)
      const dependencies = Object.fromEntries([...packages].map(([name, { version }]) => [name, version]))
      writeFileSync(path.join(at, 'package.json'), JSON.stringify({ name: 'project', version: '1.0.0', dependencies }))
      writeFileSync(path.join(at, 'package-lock.json'), lockfile({ packages }, url))
      return [
        ...['npm', 'ci', '--prefix', at, '--registry', url, '--cache', `${home}/cache`, '--loglevel', 'error'],
        ...['--no-audit', '--no-fund', '--no-update-notifier', '--ignore-scripts'],
      ]
    },
    (home) => {
      const count = globSync('project/node_modules/*/package.json', { cwd: home }).length
      if (count !== packages.size) throw new Error(`${count} of ${packages.size} packages came`)
    },
  )
}

function lockfile({ packages }: Project, url: string): string {
  const dependencies = Object.fromEntries([...packages].map(([name, { version }]) => [name, version]))
  const locked = [...packages].map(([name, { version, integrity }]) => [
    `node_modules/${name}`,
    { version, resolved: url + tarballPath(name, version), integrity },
  ])
  return JSON.stringify({
    name: 'project',
    version: '1.0.0',
    lockfileVersion: 3,
    packages: { '': { name: 'project', version: '1.0.0', dependencies }, ...Object.fromEntries(locked) },
  })
}
