// A miss: tarballs of 5 KB and 5 MB whose index is held, over the direct download; nginx with proxy_cache as the reference of what
// a proxy that verifies nothing adds.

import { type Answer, mustGet } from './client.ts'
import { report } from './figures.ts'
import { integrityOf, noise, packument, tarballPath, type Version } from './made.ts'
import { startNginxCache } from './nginx.ts'
import { startOrigin } from './origin.ts'
import { type Bench, place } from './shipped.ts'

const ROUNDS = 9
const sizes = [
  { title: '5 KB', name: 'small', bytes: 5000 },
  { title: '5 MB', name: 'large', bytes: 5_000_000 },
] as const

export async function miss(bench: Bench): Promise<void> {
  const origin = await startOrigin()
  for (const { name, bytes } of sizes) {
    const versions: Version[] = []
    for (let at = 0; at <= ROUNDS; at++) {
      const body = noise(bytes, at + 1)
      const version = `1.0.${at}`
      await origin.put(tarballPath(name, version), 'application/octet-stream', body)
      versions.push({ version, integrity: integrityOf(body) })
    }
    await origin.put(`/${name}`, 'application/json', packument(name, origin.url, versions, 10))
  }
  const served = await place(bench, 'miss', { npm: { ecosystem: 'npm', upstream: origin.url } }).serve()
  const nginx = await startNginxCache(bench.folder, origin.url)
  const servers = [
    { name: 'direct', base: origin.url },
    ...(nginx === undefined ? [] : [{ name: 'nginx proxy_cache', base: nginx.url, watched: nginx }]),
    { name: 'pkgmirror', base: `${served.url}/npm`, watched: served },
  ]
  try {
    for (const { title, name, bytes } of sizes) {
      await mustGet(`${served.url}/npm/${name}`)
      const seen = new Map<string, Answer[]>()
      const from = (server: string, base: string) => async (round: number) => {
        // the last one warms up connections and code
        if (round === 0) await mustGet(base + tarballPath(name, `1.0.${ROUNDS}`))
        const answer = await mustGet(base + tarballPath(name, `1.0.${round}`))
        if (answer.bytes.length !== bytes) throw new Error(`${server} sent ${answer.bytes.length} bytes`)
        seen.set(server, [...(seen.get(server) ?? []), answer])
        return { value: answer.whole }
      }
      await report({
        title: `miss of ${title}, whole`,
        unit: 'ms',
        rounds: ROUNDS,
        contenders: servers.map(({ base, ...server }) => ({ ...server, turn: from(server.name, base) })),
      })
      await report({
        title: `miss of ${title}, first byte`,
        unit: 'ms',
        rounds: ROUNDS,
        contenders: [...seen].map(([server, answers]) => ({
          name: server,
          turn: async (round) => ({ value: answers[round]?.first ?? Number.NaN }),
        })),
      })
    }
  } finally {
    await Promise.all([served.stop(), nginx?.stop(), origin.close()])
  }
}
