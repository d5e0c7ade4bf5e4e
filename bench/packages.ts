// A Debian list of 63,000 packages and 50 MB: taken in by the engine (fetched, verified, unpacked, read, recorded), and
// read by the codec alone, which is the least of it.

import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { mustGet } from './client.ts'
import { type Contender, mebibytes, report } from './figures.ts'
import { packagesList } from './made.ts'
import { startOrigin } from './origin.ts'
import { found, run } from './process.ts'
import { pythonApt } from './python-apt.ts'
import { type Bench, place } from './shipped.ts'
import { putSuite } from './signed-root.ts'

const STANZAS = 63_000
const ROUNDS = 3

export async function packages(bench: Bench): Promise<void> {
  const list = packagesList(STANZAS)
  const xz = found('xz')
  // a low level: what takes long is packing it, unpacking is as fast
  const coded =
    xz === undefined
      ? { suffix: 'gz', bytes: gzipSync(list) }
      : { suffix: 'xz', bytes: spawnSync(xz, ['-1', '-c'], { input: list, maxBuffer: 1 << 28 }).stdout }
  const name = `main/binary-amd64/Packages.${coded.suffix}`
  const file = path.join(bench.folder, `Packages.${coded.suffix}`)
  writeFileSync(file, coded.bytes)
  const origin = await startOrigin()
  const root = await putSuite(origin, 'large', new Map([[name, coded.bytes]]))
  const keyring = path.join(bench.folder, 'large.asc')
  writeFileSync(keyring, root.key)

  const plain = path.join(bench.folder, 'Packages')
  writeFileSync(plain, list)
  const cpus: number[] = []
  const peaks: Record<'alone' | 'idle' | 'served', number[]> = { alone: [], idle: [], served: [] }
  const reader = path.join(bench.folder, 'read-packages.mjs')
  writeFileSync(reader, readAlone(path.join(bench.folder, 'package/dist')))
  await compareReaders(bench, plain, reader)
  try {
    await report({
      title: `Packages of ${STANZAS.toLocaleString('en')} stanzas, ${(list.length / 1e6).toFixed(0)} MB (${coded.suffix}: ${(coded.bytes.length / 1e6).toFixed(1)} MB)`,
      unit: 's',
      rounds: ROUNDS,
      contenders: [
        {
          name: 'codec alone: unpack and read',
          async turn() {
            const { out } = await run([process.execPath, reader, file])
            const { seconds, peak } = JSON.parse(out) as { seconds: number; peak: number }
            peaks.alone.push(peak)
            return { value: seconds }
          },
        },
        {
          name: 'pkgmirror serve: fetch, verify, read, record',
          async turn(round) {
            const debian = { ecosystem: 'debian', upstream: origin.url, keyring }
            const served = await place(bench, `packages${round}`, { debian }).serve()
            try {
              await mustGet(`${served.url}/debian/dists/large/InRelease`)
              peaks.idle.push(served.peak() ?? Number.NaN)
              const before = served.cpu() ?? Number.NaN
              const { whole } = await mustGet(`${served.url}/debian/dists/large/${name}`)
              peaks.served.push(served.peak() ?? Number.NaN)
              cpus.push(((served.cpu() ?? Number.NaN) - before) / 1000)
              return { value: whole / 1000 }
            } finally {
              await served.stop()
            }
          },
        },
      ],
    })
    console.log(
      `peak memory: codec alone ${mebibytes(Math.max(...peaks.alone))}; serve before ${mebibytes(Math.max(...peaks.idle))}, after ${mebibytes(Math.max(...peaks.served))}; processor time of serve: ${cpus.map((one) => one.toFixed(1)).join(', ')} s`,
    )
  } finally {
    await origin.close()
  }
}

/** The plain list, read for the fields that count. */
async function compareReaders({ folder }: Bench, plain: string, reader: string): Promise<void> {
  const python = pythonApt(folder, STANZAS)
  if (python === undefined) console.log('\npython-apt is not installed: it is left out')
  const reading = (name: string, argv: readonly string[]): Contender => ({
    name,
    async turn() {
      const { seconds, peak } = JSON.parse((await run([...argv, plain])).out) as { seconds: number; peak: number }
      return { value: seconds, peak }
    },
  })
  await report({
    title: 'Packages, plain, read alone',
    unit: 's',
    rounds: ROUNDS,
    contenders: [
      ...(python === undefined ? [] : [reading('python-apt', python)]),
      reading('pkgmirror, its codec', [process.execPath, reader]),
    ],
  })
}

/** A program that reads a list as the ecosystem does and keeps nothing. */
const readAlone = (dist: string): string => `
import { createReadStream, statSync, readFileSync } from 'node:fs'
import { ecosystems } from '${dist}/ecosystems/index.js'
const file = process.argv[2]
const doc = {
  path: '/dists/large/main/binary-amd64/Packages', url: '', type: '', size: statSync(file).size, digests: {}, headers: {}, beside: new Map(),
  bytes: async () => readFileSync(file),
  stream: (from = 0, to = Infinity) => createReadStream(file, { start: from, end: to - 1, highWaterMark: 262144 }),
}
const { read } = ecosystems.find(({ id }) => id === 'debian').routes.find((route) => route.read && route.match(doc.path))
const started = performance.now()
let count = 0
for await (const entries of read(doc)) count += entries.length
if (count !== ${STANZAS}) throw new Error('read ' + count)
const peak = Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]) * 1024
console.log(JSON.stringify({ seconds: (performance.now() - started) / 1000, peak }))
`
