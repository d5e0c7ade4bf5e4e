// Warm artifacts: npm tarballs of 1 KB to 50 MB, taken in through the mirror, against nginx with the same files.

import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { mustGet } from './client.ts'
import { type Contender, report } from './figures.ts'
import { load } from './load.ts'
import { integrityOf, noise, packument, tarballPath, type Version } from './made.ts'
import { startNginx } from './nginx.ts'
import { startOrigin } from './origin.ts'
import { type Bench, place } from './shipped.ts'

const sizes = [
  { title: '1 KB', version: '1.0.0', bytes: 1000, connections: 32 },
  { title: '64 KB', version: '1.0.1', bytes: 64_000, connections: 32 },
  { title: '1 MB', version: '1.0.2', bytes: 1_000_000, connections: 32 },
  { title: '50 MB', version: '1.0.3', bytes: 50_000_000, connections: 4 },
] as const

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

  const served = await place(bench, 'warm', { npm: { ecosystem: 'npm', upstream: origin.url } }).serve()
  const nginx = await startNginx(bench.folder, { files })
  try {
    for (const { title, version, connections } of sizes) {
      const at = tarballPath('sized', version)
      const ours = `${served.url}/npm${at}`
      const took = await mustGet(ours)
      if (nginx !== undefined && !(await mustGet(nginx.url + at)).bytes.equals(took.bytes))
        throw new Error(`${at}: other bytes than nginx has`)
      const loaded = (name: string, url: string, watched: Contender['watched']): Contender => ({
        name,
        ...(watched === undefined ? {} : { watched }),
        turn: () => load({ url, connections, seconds: 2 }),
      })
      await load({ url: ours, connections, seconds: 1 })
      const reference = nginx === undefined ? [] : [loaded('nginx', nginx.url + at, nginx)]
      const contenders = [...reference, loaded('pkgmirror', ours, served)]
      await report({ title: `warm ${title}`, unit: 'requests/s', rounds: 3, contenders })
    }
  } finally {
    await Promise.all([served.stop(), nginx?.stop(), origin.close()])
  }
}
