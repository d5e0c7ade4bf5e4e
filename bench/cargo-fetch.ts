// `cargo fetch` of 190 crates, into an empty home.

import { createHash } from 'node:crypto'
import { existsSync, globSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { files } from '../test/clients/place.ts'
import { tarball } from '../test/replica/tarball.ts'
import { noise } from './made.ts'
import { startNginxCache } from './nginx.ts'
import { type Origin, startOrigin } from './origin.ts'
import { found } from './process.ts'
import { type Bench, place } from './shipped.ts'
import { atHome, type Client, coldAndWarm, through, type Way } from './whole.ts'

const ROUNDS = 3
const COUNT = 190

const numbers = Array.from({ length: COUNT }, (_, at) => at)
const crateName = (round: number, at: number): string => `parcel${round}-${at}`

export async function cargoFetch(bench: Bench): Promise<void> {
  if (found('cargo') === undefined) {
    console.log('\ncargo is not installed: it is left out')
    return
  }
  const origin = await startOrigin()
  await putCrates(origin)
  const served = await place(bench, 'cargo', { cargo: { ecosystem: 'cargo', upstream: origin.url } }).serve()
  const nginx = await startNginxCache(bench.folder, origin.url)
  const ways: readonly Way[] = [
    { name: 'direct', url: () => origin.url },
    // its index names the upstream itself for files: only the index goes through it
    ...through('nginx proxy_cache, index alone', nginx, (base) => base),
    { name: 'pkgmirror', url: () => `${served.url}/cargo`, watched: served },
  ]
  try {
    await coldAndWarm({ title: `cargo fetch, ${COUNT} crates`, rounds: ROUNDS, origin, ways, client: cargo(bench) })
  } finally {
    await Promise.all([served.stop(), nginx?.stop(), origin.close()])
  }
}

async function putCrates(origin: Origin): Promise<void> {
  await origin.put('/config.json', 'application/json', Buffer.from(JSON.stringify({ dl: `${origin.url}/crates` })))
  for (let round = 0; round < ROUNDS; round++) {
    for (const at of numbers) {
      const name = crateName(round, at)
      // 2 to 400 KB, 14 MB in all
      const size = Math.round(2000 * 200 ** (((at * 37) % COUNT) / COUNT))
      const bytes = await tarball(`${name}-1.0.0/`, {
        'Cargo.toml': `[package]\nname = "${name}"\nversion = "1.0.0"\nedition = "2021"\n`,
        'src/lib.rs': '',
        'data.bin': noise(size, round * COUNT + at),
      })
      const cksum = createHash('sha256').update(bytes).digest('hex')
      const line = { name, vers: '1.0.0', deps: [], cksum, features: {}, yanked: false }
      await origin.put(`/pa/rc/${name}`, 'text/plain', Buffer.from(`${JSON.stringify(line)}\n`))
      await origin.put(`/crates/${name}/1.0.0/download`, 'application/gzip', bytes)
    }
  }
}

/** Where the toolchain is when cargo is rustup's. */
const rustup = process.env.RUSTUP_HOME ?? path.join(homedir(), '.rustup')

const cargo =
  (bench: Bench): Client =>
  (url, round) =>
    atHome(
      bench,
      (home) => {
        const needs = numbers.map((at) => `${crateName(round, at)} = "1"\n`).join('')
        files(home, {
          'project/Cargo.toml': `[package]\nname = "project"\nversion = "1.0.0"\nedition = "2021"\n\n[dependencies]\n${needs}`,
          'project/src/main.rs': 'fn main() {}\n',
          '.cargo/config.toml': `[source.crates-io]\nreplace-with = "mirror"\n\n[source.mirror]\nregistry = "sparse+${url}/"\n`,
        })
        return [
          ...(existsSync(rustup) ? [`RUSTUP_HOME=${rustup}`] : []),
          ...[`CARGO_HOME=${home}/.cargo`, 'cargo', 'fetch', '--quiet'],
          ...['--manifest-path', `${home}/project/Cargo.toml`],
        ]
      },
      (home) => {
        const count = globSync('.cargo/registry/cache/*/*.crate', { cwd: home }).length
        if (count !== COUNT) throw new Error(`${count} of ${COUNT} crates came`)
      },
    )
