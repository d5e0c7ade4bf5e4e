// Warm artifacts: npm tarballs of 1 KB to 50 MB, taken in through the mirror, against nginx with the same files; large ones
// also sent by nginx for the mirror behind it (`accel`).

import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { mustGet } from './client.ts'
import { type Contender, report } from './figures.ts'
import { load } from './load.ts'
import { integrityOf, noise, packument, tarballPath, type Version } from './made.ts'
import { startNginx } from './nginx.ts'
import { startOrigin } from './origin.ts'
import type { Watched } from './process.ts'
import { type Bench, place } from './shipped.ts'

const sizes = [
  { title: '1 KB', version: '1.0.0', bytes: 1000, connections: 32 },
  { title: '64 KB', version: '1.0.1', bytes: 65_536, connections: 32 },
  { title: '1 MB', version: '1.0.2', bytes: 1_000_000, connections: 32 },
  { title: '50 MB', version: '1.0.3', bytes: 50_000_000, connections: 8 },
] as const

/** Smaller ones the mirror sends itself. */
const ACCELERATED = 256 * 1024

export async function warm(bench: Bench): Promise<void> {
  const origin = await startOrigin()
  const files = path.join(bench.folder, 'warm-files')
  const versions: Version[] = []
  for (const { version, bytes } of sizes) {
    const body = noise(bytes, bytes)
    const at = tarballPath('sized', version)
    await origin.put(at, 'application/octet-stream', body)
    mkdirSync(path.dirname(files + at), { recursive: true })
    writeFileSync(files + at, body)
    versions.push({ version, integrity: integrityOf(body) })
  }
  await origin.put('/sized', 'application/json', packument('sized', origin.url, versions, 10))

  const home = place(bench, 'warm', { npm: { ecosystem: 'npm', upstream: origin.url } })
  const served = await home.serve('--accel', 'nginx')
  const nginx = await startNginx(bench.folder, files)
  const front = await startNginx(bench.folder, files, locations(home.data), upstream(served.url), 'nginx-front')
  try {
    for (const { title, version, bytes, connections } of sizes) {
      const at = tarballPath('sized', version)
      const ours = `${served.url}/npm${at}`
      const took = await mustGet(ours)
      for (const url of [nginx && nginx.url + at, front && `${front.url}/npm${at}`])
        if (url !== undefined && !(await mustGet(url)).bytes.equals(took.bytes))
          throw new Error(`${url}: other bytes than the mirror has`)
      const loaded = (name: string, url: string, watched: Watched): Contender => ({
        name,
        watched,
        turn: () => load({ url, connections, seconds: 2 }),
      })
      await load({ url: ours, connections, seconds: 1 })
      const contenders = [
        ...(nginx === undefined ? [] : [loaded('nginx', nginx.url + at, nginx)]),
        loaded('pkgmirror', ours, served),
        ...(front === undefined || bytes < ACCELERATED
          ? []
          : [loaded('nginx for pkgmirror (accel)', `${front.url}/npm${at}`, both(front, served))]),
      ]
      await report({ title: `warm ${title}`, unit: 'requests/s', rounds: 3, contenders })
    }
  } finally {
    await Promise.all([served.stop(), nginx?.stop(), front?.stop(), origin.close()])
  }
}

/** The locations of docs/operations.md, as far as an npm tarball needs them. */
const locations = (data: string): string => `
location / { proxy_pass http://pkgmirror; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header X-Pkgmirror-Accel nginx; }
location /pkgmirror-blobs/ { internal; alias ${data}/blobs/sha256/; etag off; if_modified_since off; add_header ETag $upstream_http_etag; }`
const upstream = (mirror: string): string =>
  `upstream pkgmirror { server ${new URL(mirror).host}; keepalive 32; keepalive_requests 100000000; }`

/** The processor time of both, and the memory of the larger one. */
function both(a: Watched, b: Watched): Watched {
  const together = (x: number | undefined, y: number | undefined, how: (x: number, y: number) => number) =>
    x === undefined || y === undefined ? undefined : how(x, y)
  return {
    cpu: () => together(a.cpu(), b.cpu(), (x, y) => x + y),
    peak: () => together(a.peak(), b.peak(), Math.max),
    resident: () => together(a.resident(), b.resident(), Math.max),
  }
}
