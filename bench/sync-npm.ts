// A first sync of 600 npm packages with full verification, against `npm ci` of the same, direct.

import { report } from './figures.ts'
import { installProject, putProject } from './npm-ci.ts'
import { startOrigin } from './origin.ts'
import { found } from './process.ts'
import { type Bench, place } from './shipped.ts'

const COUNT = 600

export async function syncNpm(bench: Bench): Promise<void> {
  if (found('npm') === undefined) {
    console.log('\nnpm is not installed: a first sync is not compared')
    return
  }
  const origin = await startOrigin()
  const project = await putProject(origin, 'synced', COUNT)
  const manifest = { packages: { npm: [...project.packages.keys()] } }
  try {
    await report({
      title: `first sync of ${COUNT} npm packages`,
      unit: 'ms',
      rounds: 3,
      contenders: [
        { name: 'npm ci, direct', turn: async () => ({ value: await installProject(bench, project, origin.url) }) },
        {
          name: 'pkgmirror sync, from start to exit',
          async turn(round) {
            const mirror = place(bench, `sync-npm${round}`, { npm: { ecosystem: 'npm', upstream: origin.url } })
            const { whole, cpu, peak } = await mirror.sync(manifest)
            return { value: whole, cpu, peak }
          },
        },
      ],
    })
  } finally {
    await origin.close()
  }
}
