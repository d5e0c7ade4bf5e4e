// A sync of a large Debian suite in which nothing has changed, against aptly and debmirror.

import path from 'node:path'
import { type Archive, aptly, debmirror, type Mirroring } from './archive-tools.ts'
import { type Contender, report } from './figures.ts'
import { pool } from './made.ts'
import { startOrigin } from './origin.ts'
import type { Bench, SyncSummary } from './shipped.ts'
import { putPool } from './signed-root.ts'
import { debianMirror } from './sync-debian.ts'

export async function noopDebian(bench: Bench): Promise<void> {
  // the first sync of all of them is what takes minutes
  const count = bench.full ? 63_440 : 10_000
  const origin = await startOrigin()
  const made = pool(count, () => 100)
  const archive: Archive = { url: origin.url, suite: 'steady', root: await putPool(origin, 'steady', made) }
  const home = (name: string): string => path.join(bench.folder, `${name}-noop`)
  const { mirror, manifest } = debianMirror(bench, home('ours'), archive)
  const tools: readonly (readonly [string, Mirroring | undefined])[] = [
    ['aptly mirror update', aptly(home('aptly'), archive)],
    ['debmirror', debmirror(home('debmirror'), archive)],
  ]
  const peers: Contender[] = []
  for (const [name, again] of tools) {
    if (again === undefined) {
      console.log(`\n${name}: not installed, it is left out`)
      continue
    }
    console.log(`\n${name}, first: ${((await again()).value / 1000).toFixed(1)} s`)
    peers.push({ name, turn: again })
  }
  const first = await mirror.sync(manifest)
  console.log(`pkgmirror, first: ${(first.whole / 1000).toFixed(1)} s`)
  await origin.asked()
  const seen: SyncSummary[] = []
  const again = async (): Promise<SyncSummary> => {
    const summary = await mirror.sync(manifest)
    seen.push(summary)
    return summary
  }
  try {
    await report({
      title: `no-change sync of a Debian suite of ${count.toLocaleString('en')} packages`,
      unit: 'ms',
      rounds: 3,
      contenders: [
        ...peers,
        { name: 'pkgmirror sync, the run', turn: async () => ({ value: (await again()).milliseconds }) },
        {
          name: 'pkgmirror sync, from start to exit',
          async turn() {
            const { whole, cpu, peak } = await again()
            return { value: whole, cpu, peak }
          },
        },
      ],
    })
    const requests = seen.map(({ repositories }) => repositories.debian?.requests ?? Number.NaN)
    console.log(`requests of one sync: ${Math.max(...requests)}; changed: ${seen.some(({ changed }) => changed)}`)
  } finally {
    await origin.close()
  }
}
