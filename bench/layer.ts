// A layer of 500 MB of a container image: through the mirror cold and warm, over the direct download, and through Debian's
// docker-registry as a pull-through cache where it is installed.

import { createHash } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { drain } from './drain.ts'
import { type Contender, report } from './figures.ts'
import { noise } from './made.ts'
import { startOrigin } from './origin.ts'
import { type Peer, startPeer } from './peer.ts'
import { found } from './process.ts'
import { type Bench, place } from './shipped.ts'

const ROUNDS = 3
const SIZE = 500_000_000

export async function layer(bench: Bench): Promise<void> {
  const origin = await startOrigin()
  const digests: string[] = []
  await origin.put('/v2/', 'application/json', Buffer.from('{}'))
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = Buffer.alloc(SIZE, noise(1_000_003, round + 1))
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
    await origin.put(`/v2/org/app/blobs/${digest}`, 'application/octet-stream', bytes)
    digests.push(digest)
  }
  const served = await place(bench, 'layer', { layers: { ecosystem: 'oci', upstream: `${origin.url}/v2` } }).serve()
  const registry = await startRegistry(bench, origin.url)
  const turn = (name: string, base: string) => async (round: number) => {
    const { bytes, milliseconds } = await drain(`${base}/org/app/blobs/${digests[round]}`)
    if (bytes !== SIZE) throw new Error(`${name} sent ${bytes} bytes`)
    return { value: milliseconds }
  }
  const contenders = (): readonly Contender[] => [
    { name: 'direct', turn: turn('upstream', `${origin.url}/v2`) },
    ...(registry === undefined
      ? []
      : [{ name: 'docker-registry', watched: registry, turn: turn('docker-registry', `${registry.url}/v2`) }]),
    { name: 'pkgmirror', watched: served, turn: turn('pkgmirror', `${served.url}/v2/layers`) },
  ]
  try {
    for (const title of ['layer of 500 MB, cold', 'layer of 500 MB, warm'])
      await report({ title, unit: 'ms', rounds: ROUNDS, contenders: contenders() })
  } finally {
    await Promise.all([served.stop(), registry?.stop(), origin.close()])
    rmSync(path.join(bench.folder, 'registry'), { recursive: true, force: true })
  }
}

/** docker-registry as a pull-through cache of the upstream; undefined where it is not installed. */
async function startRegistry(bench: Bench, upstream: string): Promise<Peer | undefined> {
  const program = found('docker-registry')
  if (program === undefined) return undefined
  const home = path.join(bench.folder, 'registry')
  mkdirSync(home, { recursive: true })
  return startPeer((port) => {
    const config = path.join(home, 'config.yml')
    writeFileSync(
      config,
      `version: 0.1
log: { level: error, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: "${home}/data" } }
http: { addr: "127.0.0.1:${port}" }
proxy: { remoteurl: "${upstream}" }
`,
    )
    return [program, 'serve', config]
  }, '/v2/')
}
