// 50 clients on one file of 50 MB that nobody holds, from an upstream of 25 MB a second: the direct download of one client as
// the reference, nginx with proxy_cache as a peer.

import { globSync, statSync } from 'node:fs'
import path from 'node:path'
import { drain } from './drain.ts'
import { type Contender, mebibytes, median, report } from './figures.ts'
import { integrityOf, noise, packument, tarballPath } from './made.ts'
import { startNginxCache } from './nginx.ts'
import { startOrigin } from './origin.ts'
import { type Bench, place } from './shipped.ts'

const ROUNDS = 3
const CLIENTS = 50
const SIZE = 50_000_000

export async function herd(bench: Bench): Promise<void> {
  const origin = await startOrigin({ pace: 25_000_000 })
  const files = Array.from({ length: ROUNDS }, (_, at) => {
    const bytes = Buffer.alloc(SIZE, noise(65_536, at + 1))
    return { bytes, version: `1.0.${at}`, integrity: integrityOf(bytes) }
  })
  for (const { bytes, version } of files)
    await origin.put(tarballPath('herd', version), 'application/octet-stream', bytes)
  await origin.put('/herd', 'application/json', packument('herd', origin.url, files, 10))
  const mirror = place(bench, 'herd', { npm: { ecosystem: 'npm', upstream: origin.url } })
  const served = await mirror.serveTimed()
  const nginx = await startNginxCache(bench.folder, origin.url)
  const firsts = new Map<string, number[]>()
  const requests = new Map<string, number>()
  const come = (name: string, base: string, clients: number) => async (round: number) => {
    const file = files[round]
    if (file === undefined) throw new Error(`there is no file ${round}`)
    await origin.asked()
    const started = performance.now()
    const url = base + tarballPath('herd', file.version)
    const all = await Promise.all(Array.from({ length: clients }, () => drain(url, { expected: file.bytes })))
    const value = performance.now() - started
    firsts.set(name, [...(firsts.get(name) ?? []), median(all.map(({ first }) => first))])
    requests.set(name, (requests.get(name) ?? 0) + (await origin.asked()).all)
    return { value }
  }
  try {
    // the index is held
    await drain(`${served.url}/npm/herd`)
    const contenders: Contender[] = [{ name: 'direct, one client', turn: come('direct', origin.url, 1) }]
    if (nginx !== undefined)
      contenders.push({ name: 'nginx proxy_cache', watched: nginx, turn: come('nginx', nginx.url, CLIENTS) })
    contenders.push({ name: 'pkgmirror', watched: served, turn: come('pkgmirror', `${served.url}/npm`, CLIENTS) })
    const before = { disk: diskOf(mirror.data), memory: served.resident() ?? Number.NaN }
    served.forgetPeak()
    await served.lateness()
    await report({
      title: `${CLIENTS} clients on a cold file of 50 MB, until the last has all`,
      unit: 'ms',
      rounds: ROUNDS,
      contenders,
    })
    const first = [...firsts].map(([name, values]) => `${name} ${median(values).toFixed(1)}`)
    const fetches = [...requests].map(([name, count]) => `${name} ${count / ROUNDS}`)
    const { most } = await served.lateness()
    console.log(
      [
        `first byte, median of clients, ms: ${first.join(', ')}`,
        `requests upstream for each file: ${fetches.join(', ')}`,
        `disk: ${((diskOf(mirror.data) - before.disk) / (ROUNDS * SIZE)).toFixed(2)} of the files`,
        `memory above what it was before: ${mebibytes((served.peak() ?? Number.NaN) - before.memory)}`,
        `the event loop was late by ${most.toFixed(0)} ms at the most`,
      ].join('\n'),
    )
  } finally {
    await Promise.all([served.stop(), nginx?.stop(), origin.close()])
  }
}

/** Bytes that files below a folder take. */
const diskOf = (folder: string): number =>
  globSync('**/*', { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(path.join(entry.parentPath, entry.name)).blocks * 512, 0)
