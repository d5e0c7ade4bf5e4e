// `npm run bench [-- [--full] PART ...]`: how fast the shipped program is, in comparisons made in one run on one machine. Absolute
// figures mean nothing elsewhere; the ratios are what counts. Only loopback; docs/performance.md tells what each part is.

import { availableParallelism, cpus, release } from 'node:os'
import { apt, aptFar } from './apt.ts'
import { bundles } from './bundles.ts'
import { cargoFetch } from './cargo-fetch.ts'
import { catalog } from './catalog.ts'
import { clients } from './clients.ts'
import { idle, mixed } from './connections.ts'
import { exportTree } from './export.ts'
import { herd } from './herd.ts'
import { layer } from './layer.ts'
import { generator } from './load.ts'
import { locks } from './locks.ts'
import { maven } from './maven.ts'
import { miss } from './miss.ts'
import { nginxVersion } from './nginx.ts'
import { noop } from './noop.ts'
import { noopDebian } from './noop-debian.ts'
import { npmCi } from './npm-ci.ts'
import { packages } from './packages.ts'
import { packument } from './packument.ts'
import { pages } from './pages.ts'
import { pinOurselves, stopAll } from './process.ts'
import { type Bench, install } from './shipped.ts'
import { start } from './start.ts'
import { syncDebian } from './sync-debian.ts'
import { syncNpm } from './sync-npm.ts'
import { verify } from './verify.ts'
import { warm, warmAccel, warmWorkers } from './warm.ts'

const parts: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  warm,
  packument,
  noop,
  'noop-debian': noopDebian,
  'sync-npm': syncNpm,
  'sync-debian': syncDebian,
  miss,
  herd,
  packages,
  pages,
  verify,
  export: exportTree,
  bundles,
  catalog,
  idle,
  mixed,
  layer,
  clients,
  maven,
  'npm-ci': npmCi,
  'cargo-fetch': cargoFetch,
  apt,
  'apt-far': aptFar,
  locks,
  start,
  'warm-workers': warmWorkers,
  'warm-accel': warmAccel,
}

const FULL = '--full'
const full = process.argv.includes(FULL)
const asked = process.argv.slice(2).filter((word) => word !== FULL)
const unknown = asked.find((name) => parts[name] === undefined)
if (unknown !== undefined) {
  console.error(`there is no part ${unknown}; the parts are ${Object.keys(parts).join(', ')}`)
  process.exit(2)
}

const bench = await install(full)
const began = performance.now()
console.log(
  [
    `${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown processor'}, ${process.platform} ${release()}`,
    `Node ${process.versions.node}`,
    nginxVersion === undefined ? 'nginx is not installed: nothing is compared with it' : `nginx ${nginxVersion}`,
    `load by ${generator}`,
    pinOurselves() ? 'server on core 0, load on core 1' : 'nothing is pinned to a core',
    new Date().toISOString(),
  ].join('\n'),
)
try {
  for (const [name, part] of Object.entries(parts)) {
    if (asked.length > 0 && !asked.includes(name)) continue
    try {
      await part(bench)
    } catch (error) {
      // a request that failed or other bytes: said, and the other parts go on
      console.error(`\n${name} failed:`, error)
      process.exitCode = 1
    } finally {
      await stopAll()
    }
  }
} finally {
  bench.remove()
}
console.log(`\n${((performance.now() - began) / 1000).toFixed(0)} s in all`)
// what a part that failed has left behind may have threads here
process.exit()
