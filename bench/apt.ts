// apt with 200 packages: update and download, into a root of its own; and the same when each first byte takes 130 ms.

import { globSync } from 'node:fs'
import { rootOfApt } from '../test/clients/apt-suite.ts'
import { files } from '../test/clients/place.ts'
import { startAptCacher } from './apt-cacher-ng.ts'
import { pool } from './made.ts'
import { startNginxCache } from './nginx.ts'
import { type Distance, type Origin, startOrigin } from './origin.ts'
import { found } from './process.ts'
import { type Bench, place } from './shipped.ts'
import { putPool } from './signed-root.ts'
import { atHome, type Client, coldAndWarm, passOnce, type Travel, through, type Way } from './whole.ts'

const COUNT = 200

interface Suite {
  readonly name: string
  readonly key: string
  readonly packages: readonly string[]
}

export const apt = (bench: Bench): Promise<void> =>
  travelled(bench, { name: 'apt', rounds: 3, distance: {} }, coldAndWarm)

export const aptFar = (bench: Bench): Promise<void> =>
  // by turns that take half a minute each
  travelled(bench, { name: 'apt-far', rounds: bench.full ? 3 : 1, distance: { delay: 130 } }, (travel) =>
    passOnce({ ...travel, title: `${travel.title} with first bytes after 130 ms` }, 'nothing held'),
  )

interface Setting {
  readonly name: string
  readonly rounds: number
  readonly distance: Distance
}

async function travelled(
  bench: Bench,
  { name, rounds, distance }: Setting,
  travel: (travel: Travel) => Promise<void>,
): Promise<void> {
  if (found('apt-get') === undefined) {
    console.log('\napt-get is not installed: it is left out')
    return
  }
  const origin = await startOrigin(distance)
  const suites = await putSuites(origin, rounds)
  const keyring = files(bench.folder, { [`${name}.asc`]: suites.map(({ key }) => key).join('\n') })
  const debian = { ecosystem: 'debian', upstream: origin.url, keyring: `${keyring}/${name}.asc` }
  const served = await place(bench, name, { debian }).serve()
  const nginx = await startNginxCache(bench.folder, origin.url)
  const cacher = await startAptCacher(`${bench.folder}/${name}`)
  const ways: readonly Way[] = [
    { name: 'direct', url: () => origin.url },
    ...through('nginx proxy_cache', nginx, (base) => base),
    ...through('apt-cacher-ng', cacher, (base) => `${base}/${new URL(origin.url).host}`),
    { name: 'pkgmirror', url: () => `${served.url}/debian`, watched: served },
  ]
  try {
    await travel({ title: `apt, ${COUNT} packages`, rounds, origin, ways, client: client(bench, suites) })
  } finally {
    await Promise.all([served.stop(), nginx?.stop(), cacher?.stop(), origin.close()])
  }
}

async function putSuites(origin: Origin, rounds: number): Promise<readonly Suite[]> {
  const suites: Suite[] = []
  for (let round = 0; round < rounds; round++) {
    const name = `suite${round}`
    // 10 KB to 1 MB, 45 MB in all
    const made = pool(COUNT, (at) => Math.round(10_000 * 100 ** (((at * 37) % COUNT) / COUNT)), `parcel${round}`)
    const { key } = await putPool(origin, name, made)
    suites.push({ name, key, packages: made.names })
  }
  return suites
}

/** apt compares what it gets with the signed lists. */
const client =
  (bench: Bench, suites: readonly Suite[]): Client =>
  (url, round) => {
    const suite = suites[round]
    if (suite === undefined) throw new Error(`there is no suite ${round}`)
    return atHome(
      bench,
      (home) => {
        const source = { types: 'deb', url, suites: [suite.name], architecture: 'amd64' } as const
        files(home, rootOfApt(home, { ...source, key: { armoured: suite.key } }))
        const install = 'install --yes --download-only'
        const script = `apt-get -q update --error-on=any && apt-get -q ${install} ${suite.packages.join(' ')}`
        return [`APT_CONFIG=${home}/etc/apt/apt.conf`, 'sh', '-c', script]
      },
      (home) => {
        const count = globSync('var/cache/apt/archives/*.deb', { cwd: home }).length
        if (count !== COUNT) throw new Error(`${count} of ${COUNT} packages came`)
      },
    )
  }
