// apt-cacher-ng, the usual cache of Debian packages.

import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Peer, startPeer } from './peer.ts'
import { found } from './process.ts'

/** Upstream is at `/HOST:PORT` of it; undefined where it is not installed. */
export async function startAptCacher(folder: string): Promise<Peer | undefined> {
  const program = found('apt-cacher-ng')
  if (program === undefined) return undefined
  const home = path.join(folder, 'apt-cacher-ng')
  for (const name of ['cache', 'log']) mkdirSync(path.join(home, name), { recursive: true })
  return startPeer((port) => {
    const text = [
      `CacheDir: ${home}/cache`,
      `LogDir: ${home}/log`,
      'SupportDir: /usr/lib/apt-cacher-ng',
      `Port: ${port}`,
      'BindAddress: localhost',
      'ForeGround: 1',
      'ReportPage: acng-report.html',
      'AllowUserPorts: 0',
      '',
    ]
    writeFileSync(path.join(home, 'acng.conf'), text.join('\n'))
    return [program, '-c', home]
  }, '/acng-report.html')
}
