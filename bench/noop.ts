// A sync that finds nothing new: 300 npm documents and a signed Debian root on loopback. Compared with the least that must
// be done: a bare loop of the same conditional requests.

import { writeFileSync } from 'node:fs'
import path from 'node:path'
import Database from 'better-sqlite3'
import { report } from './figures.ts'
import { integrityOf, noise, packument, pool, tarballPath } from './made.ts'
import { startOrigin } from './origin.ts'
import { type Bench, place, type SyncSummary } from './shipped.ts'
import { putPool } from './signed-root.ts'

const DOCUMENTS = 300
const AT_ONCE = 16

export async function noop(bench: Bench): Promise<void> {
  const origin = await startOrigin()
  const debian = await startOrigin()
  const names = Array.from({ length: DOCUMENTS }, (_, at) => `small${at}`)
  for (const [at, name] of names.entries()) {
    const body = noise(2000, at)
    // a sync of names holds what they depend on; here every name stands alone
    const text = packument(name, origin.url, [{ version: '1.0.0', integrity: integrityOf(body) }], 20, {})
    await origin.put(`/${name}`, 'application/json', text)
    await origin.put(tarballPath(name, '1.0.0'), 'application/octet-stream', body)
  }
  const keyring = path.join(bench.folder, 'archive.asc')
  writeFileSync(keyring, (await putPool(debian, 'steady', pool(20))).key)
  const mirror = place(bench, 'noop', {
    npm: { ecosystem: 'npm', upstream: origin.url },
    debian: { ecosystem: 'debian', upstream: debian.url, keyring },
  })
  const manifest = {
    packages: { npm: names },
    roots: [{ repo: 'debian', suites: ['steady'], components: ['main'], architectures: ['amd64'] }],
  }
  try {
    const first = await mirror.sync(manifest)
    const readings = lastReading(mirror.data)
    const seen: SyncSummary[] = []
    await Promise.all([origin.asked(), debian.asked()])
    const again = async (): Promise<SyncSummary> => {
      const summary = await mirror.sync(manifest)
      seen.push(summary)
      return summary
    }
    await report({
      title: `no-change sync of ${DOCUMENTS} npm documents and a Debian root`,
      unit: 'ms',
      rounds: 3,
      contenders: [
        { name: 'bare loop of conditional requests', turn: async () => ({ value: await bareLoop(origin.url, names) }) },
        { name: 'pkgmirror sync, the run', turn: async () => ({ value: (await again()).milliseconds }) },
        { name: 'pkgmirror sync, from start to exit', turn: async () => ({ value: (await again()).whole }) },
      ],
    })
    const requests = seen.map(({ repositories }) => repositories.npm?.requests ?? Number.NaN)
    const signed = seen.map(({ repositories }) => repositories.debian?.requests ?? Number.NaN)
    console.log(
      [
        `first sync: ${first.milliseconds} ms`,
        `a later one: ${Math.max(...requests)} requests for ${DOCUMENTS} npm documents and the registry's keys`,
        `${Math.max(...signed)} for the Debian root`,
        `changed: ${seen.some(({ changed }) => changed)}`,
        `documents read again: ${lastReading(mirror.data) - readings}`,
      ].join('; '),
    )
  } finally {
    await Promise.all([origin.close(), debian.close()])
  }
}

/** Each reading of a document gets the next number. */
function lastReading(data: string): number {
  const catalog = new Database(path.join(data, 'catalog.db'), { readonly: true })
  const last = Number(catalog.prepare('SELECT max(id) FROM reading').pluck().get())
  catalog.close()
  return last
}

/** Milliseconds. */
async function bareLoop(registry: string, names: readonly string[]): Promise<number> {
  const tags = new Map<string, string>()
  const ask = async (name: string): Promise<void> => {
    const tag = tags.get(name)
    const answer = await fetch(`${registry}/${name}`, tag === undefined ? {} : { headers: { 'if-none-match': tag } })
    tags.set(name, answer.headers.get('etag') ?? '')
    await answer.arrayBuffer()
  }
  const askAll = async (): Promise<void> => {
    const waiting = [...names]
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) await ask(name)
      }),
    )
  }
  await askAll()
  const started = performance.now()
  await askAll()
  return performance.now() - started
}
