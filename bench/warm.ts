// Warm artifacts: npm tarballs of 1 KB to 50 MB, taken in through the mirror, against nginx with the same files; the same
// with two workers, and with bodies that nginx sends in the mirror's place.

import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { mustGet } from './client.ts'
import { type Contender, report } from './figures.ts'
import { load } from './load.ts'
import { integrityOf, noise, packument, tarballPath, type Version } from './made.ts'
import { type NginxOptions, startNginx } from './nginx.ts'
import { startOrigin } from './origin.ts'
import { together, type Watched } from './process.ts'
import { type Bench, type Place, place } from './shipped.ts'

const sizes = [
  { title: '1 KB', version: '1.0.0', bytes: 1000, connections: 32 },
  { title: '64 KB', version: '1.0.1', bytes: 64_000, connections: 32 },
  { title: '1 MB', version: '1.0.2', bytes: 1_000_000, connections: 32 },
  { title: '50 MB', version: '1.0.3', bytes: 50_000_000, connections: 4 },
] as const

/** Who answers, and below which address it has the files. */
interface Server {
  readonly name: string
  readonly base: string
  readonly watched: Watched
}

interface Setting {
  readonly title: string
  /** Of the nginx that has the files. */
  readonly reference: Pick<NginxOptions, 'workers'>
  /** Files of at least so many bytes. */
  readonly from: number
  /** What is to be measured, and how it is ended. */
  serve(mirror: Place): Promise<{ readonly servers: readonly Server[]; stop(): Promise<unknown> }>
}

export const warm = (bench: Bench): Promise<void> =>
  measure(bench, {
    title: 'warm',
    reference: {},
    from: 0,
    async serve(mirror) {
      const served = await mirror.serve()
      return { servers: [{ name: 'pkgmirror', base: `${served.url}/npm`, watched: served }], stop: served.stop }
    },
  })

export async function warmWorkers(bench: Bench): Promise<void> {
  if (availableParallelism() < 3)
    console.log('\nwith less than three cores two workers share one of theirs with the load')
  await measure(bench, {
    title: 'warm, two workers',
    reference: { workers: 2 },
    from: 0,
    async serve(mirror) {
      const served = await mirror.serve({ words: ['--workers', '2'], core: 'both' })
      const servers = [{ name: 'pkgmirror --workers 2', base: `${served.url}/npm`, watched: served }]
      return { servers, stop: served.stop }
    },
  })
}

export const warmAccel = (bench: Bench): Promise<void> =>
  measure(bench, {
    title: 'warm, sent by nginx',
    reference: {},
    from: 1_000_000,
    async serve(mirror) {
      const served = await mirror.serve({ words: ['--accel', 'nginx'] })
      const inFront = await startNginx(bench.folder, {
        blocks: `
          location / { proxy_pass ${served.url}; proxy_http_version 1.1; proxy_set_header Connection "";
            proxy_set_header Host $host; proxy_set_header X-Pkgmirror-Accel nginx; proxy_buffering off; }
          location /pkgmirror-blobs/ { internal; alias ${mirror.data}/blobs/sha256/; etag off; if_modified_since off; }`,
      })
      const stop = (): Promise<unknown> => Promise.all([inFront?.stop(), served.stop()])
      if (inFront === undefined) return { servers: [], stop }
      const watched = together(inFront, served)
      return { servers: [{ name: 'nginx in front of pkgmirror', base: `${inFront.url}/npm`, watched }], stop }
    },
  })

async function measure(bench: Bench, { title, reference, from, serve }: Setting): Promise<void> {
  const origin = await startOrigin()
  const files = path.join(bench.folder, `${title}-files`.replaceAll(' ', '-'))
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

  const mirror = place(bench, title.replaceAll(' ', '-'), { npm: { ecosystem: 'npm', upstream: origin.url } })
  const { servers, stop } = await serve(mirror)
  const nginx = await startNginx(bench.folder, { files, ...reference })
  try {
    for (const { title: size, version, bytes, connections } of sizes) {
      if (bytes < from) continue
      const at = tarballPath('sized', version)
      const expected = await mustGet(origin.url + at)
      const all: readonly Server[] = [
        ...(nginx === undefined ? [] : [{ name: 'nginx', base: nginx.url, watched: nginx }]),
        ...servers,
      ]
      for (const { name, base } of all) {
        // once from upstream, once from what is held
        for (let time = 0; time < 2; time++)
          if (!(await mustGet(base + at)).bytes.equals(expected.bytes))
            throw new Error(`${at}: ${name} has other bytes`)
        await load({ url: base + at, connections, seconds: 1 })
      }
      const contenders = all.map(
        ({ name, base, watched }): Contender => ({
          name,
          watched,
          turn: () => load({ url: base + at, connections, seconds: 2 }),
        }),
      )
      await report({ title: `${title} ${size}`, unit: 'requests/s', rounds: 3, contenders })
    }
  } finally {
    await Promise.all([stop(), nginx?.stop(), origin.close()])
  }
}
