// `verify` of a store of 2 GB on all cores, against sha256sum of the same files.

import { rmSync } from 'node:fs'
import { mustGet } from './client.ts'
import { report } from './figures.ts'
import { integrityOf, noise, packument, tarballPath, type Version } from './made.ts'
import { startOrigin } from './origin.ts'
import { run } from './process.ts'
import { type Bench, place } from './shipped.ts'

const COUNT = 100
const SIZE = 20_000_000

export async function verify(bench: Bench): Promise<void> {
  const origin = await startOrigin()
  const mirror = place(bench, 'verify', { npm: { ecosystem: 'npm', upstream: origin.url } })
  const served = await mirror.serve()
  const bytesOf = (at: number): Buffer => Buffer.alloc(SIZE, noise(65_536, at + 1))
  const versions: Version[] = Array.from({ length: COUNT }, (_, at) => ({
    version: `1.0.${at}`,
    integrity: integrityOf(bytesOf(at)),
  }))
  await origin.put('/stored', 'application/json', packument('stored', origin.url, versions, 10))
  for (const [at, { version }] of versions.entries()) {
    const file = tarballPath('stored', version)
    await origin.put(file, 'application/octet-stream', bytesOf(at))
    await mustGet(`${served.url}/npm${file}`)
    await origin.put(file, 'application/octet-stream', Buffer.alloc(0))
  }
  await served.stop()
  try {
    await report({
      title: `a store of ${((COUNT * SIZE) / 1e9).toFixed(0)} GB`,
      unit: 'ms',
      rounds: 3,
      contenders: [
        {
          name: 'sha256sum',
          async turn() {
            const words = `find ${mirror.data}/blobs -type f -exec sha256sum {} +`
            const { milliseconds, cpu, peak } = await run(['sh', '-c', words], 'both')
            return { value: milliseconds, cpu, peak }
          },
        },
        {
          name: 'pkgmirror verify, from start to exit',
          async turn() {
            const { milliseconds, cpu, peak } = await mirror.command(['verify'], 'both')
            return { value: milliseconds, cpu, peak }
          },
        },
      ],
    })
  } finally {
    await origin.close()
    rmSync(mirror.data, { recursive: true })
  }
}
