// First syncs of a Debian suite with full verification, against aptly: many bytes in few files, few bytes in many files.

import { rmSync } from 'node:fs'
import path from 'node:path'
import { files } from '../test/clients/place.ts'
import { type Archive, aptly } from './archive-tools.ts'
import { type Contender, report } from './figures.ts'
import { type Pool, pool } from './made.ts'
import { startOrigin } from './origin.ts'
import { type Bench, type Place, place } from './shipped.ts'
import { putPool } from './signed-root.ts'

const ROUNDS = 3

export async function syncDebian(bench: Bench): Promise<void> {
  await compare(
    bench,
    '609 MB in 300 packages',
    pool(300, (at) => 30_000 + at * 13_380),
  )
  await compare(
    bench,
    '1,470 small packages',
    pool(1470, (at) => 2000 + at * 10),
  )
}

async function compare(bench: Bench, title: string, made: Pool): Promise<void> {
  const origin = await startOrigin()
  const archive: Archive = { url: origin.url, suite: 'steady', root: await putPool(origin, 'steady', made) }
  const home = (name: string, round: number): string => path.join(bench.folder, `${name}-${made.names.length}-${round}`)
  const fresh: Contender[] = []
  if (aptly(home('aptly', ROUNDS), archive) === undefined) console.log('\naptly is not installed: it is left out')
  else
    fresh.push({
      name: 'aptly mirror',
      async turn(round) {
        const at = home('aptly', round)
        const turn = await aptly(at, archive)?.()
        rmSync(at, { recursive: true })
        return turn ?? { value: Number.NaN }
      },
    })
  fresh.push({
    name: 'pkgmirror sync, from start to exit',
    async turn(round) {
      const { mirror, manifest } = debianMirror(bench, home('sync', round), archive)
      const { whole, cpu, peak } = await mirror.sync(manifest)
      rmSync(mirror.data, { recursive: true })
      return { value: whole, cpu, peak }
    },
  })
  try {
    await report({ title: `first sync of ${title}`, unit: 'ms', rounds: ROUNDS, contenders: fresh })
  } finally {
    await origin.close()
  }
}

/** A mirror of all of an archive, with the manifest for it. */
export function debianMirror(
  bench: Bench,
  home: string,
  { url, suite, root }: Archive,
): { readonly mirror: Place; readonly manifest: unknown } {
  const keyring = `${files(home, { 'archive.asc': root.key })}/archive.asc`
  const mirror = place(bench, path.basename(home), { debian: { ecosystem: 'debian', upstream: url, keyring } })
  const manifest = { roots: [{ repo: 'debian', suites: [suite], components: ['main'], architectures: ['amd64'] }] }
  return { mirror, manifest }
}
