// `npm run bench [-- PART ...]`: how fast the shipped program is, in comparisons made in one run on one machine. Absolute
// figures mean nothing elsewhere; the ratios are what counts. Only loopback; docs/performance.md tells what each part is.

import { availableParallelism, cpus, release } from 'node:os'
import { clients } from './clients.ts'
import { layer } from './layer.ts'
import { generator } from './load.ts'
import { locks } from './locks.ts'
import { miss } from './miss.ts'
import { nginxVersion } from './nginx.ts'
import { noop } from './noop.ts'
import { packages } from './packages.ts'
import { packument } from './packument.ts'
import { pages } from './pages.ts'
import { pinOurselves } from './process.ts'
import { type Bench, install } from './shipped.ts'
import { start } from './start.ts'
import { warm } from './warm.ts'

const parts: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  warm,
  packument,
  noop,
  miss,
  packages,
  pages,
  layer,
  clients,
  locks,
  start,
}

const asked = process.argv.slice(2)
const unknown = asked.find((name) => parts[name] === undefined)
if (unknown !== undefined) {
  console.error(`there is no part ${unknown}; the parts are ${Object.keys(parts).join(', ')}`)
  process.exit(2)
}

const bench = install()
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
  for (const [name, part] of Object.entries(parts)) if (asked.length === 0 || asked.includes(name)) await part(bench)
} finally {
  bench.remove()
}
console.log(`\n${((performance.now() - began) / 1000).toFixed(0)} s in all`)
