// A miss: a tarball of 5 MB whose index is held, over the direct download; nginx with proxy_cache as the reference of what
// a proxy that verifies nothing adds.

import { type Answer, mustGet } from './client.ts'
import { report } from './figures.ts'
import { integrityOf, noise, packument, tarballPath, type Version } from './made.ts'
import { startNginxCache } from './nginx.ts'
import { startOrigin } from './origin.ts'
import { type Bench, place } from './shipped.ts'

const ROUNDS = 9
const SIZE = 5_000_000

export async function miss(bench: Bench): Promise<void> {
  const origin = await startOrigin()
  const versions: Version[] = []
  for (let at = 0; at <= ROUNDS; at++) {
    const body = noise(SIZE, at + 1)
    const version = `1.0.${at}`
    await origin.put(tarballPath('missed', version), 'application/octet-stream', body)
    versions.push({ version, integrity: integrityOf(body) })
  }
  await origin.put('/missed', 'application/json', packument('missed', origin.url, versions, 10))
  const served = await place(bench, 'miss', { npm: { ecosystem: 'npm', upstream: origin.url } }).serve()
  const nginx = await startNginxCache(bench.folder, origin.url)
  const seen = new Map<string, Answer[]>()
  const from = (name: string, base: string) => async (round: number) => {
    // the last one warms up connections and code
    if (round === 0) await mustGet(base + tarballPath('missed', `1.0.${ROUNDS}`))
    const answer = await mustGet(base + tarballPath('missed', `1.0.${round}`))
    if (answer.bytes.length !== SIZE) throw new Error(`${name} sent ${answer.bytes.length} bytes`)
    seen.set(name, [...(seen.get(name) ?? []), answer])
    return { value: answer.whole }
  }
  try {
    await mustGet(`${served.url}/npm/missed`)
    const proxy =
      nginx === undefined
        ? []
        : [{ name: 'nginx proxy_cache', watched: nginx, turn: from('nginx proxy_cache', nginx.url) }]
    await report({
      title: 'miss of 5 MB, whole',
      unit: 'ms',
      rounds: ROUNDS,
      contenders: [
        { name: 'direct', turn: from('direct', origin.url) },
        ...proxy,
        { name: 'pkgmirror', watched: served, turn: from('pkgmirror', `${served.url}/npm`) },
      ],
    })
    await report({
      title: 'miss of 5 MB, first byte',
      unit: 'ms',
      rounds: ROUNDS,
      contenders: [...seen].map(([name, answers]) => ({
        name,
        turn: async (round) => ({ value: answers[round]?.first ?? Number.NaN }),
      })),
    })
  } finally {
    await Promise.all([served.stop(), nginx?.stop(), origin.close()])
  }
}
