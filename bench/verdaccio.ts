// verdaccio as a pull-through cache of an npm registry.

import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Peer, startPeer } from './peer.ts'

export async function startVerdaccio(program: string, folder: string, registry: string): Promise<Peer> {
  const home = path.join(folder, 'verdaccio')
  mkdirSync(home, { recursive: true })
  const config = path.join(home, 'config.yaml')
  const text = `storage: ${home}/storage
auth: { htpasswd: { file: ${home}/htpasswd } }
uplinks: { upstream: { url: "${registry}", cache: true, maxage: 60m } }
packages: { "**": { access: $all, proxy: upstream } }
max_body_size: 100mb
log: { type: stdout, format: json, level: http }
`
  writeFileSync(config, text)
  return startPeer((port) => [program, '--config', config, '--listen', `127.0.0.1:${port}`], '/-/ping')
}
