// `pkgmirror import --oci-layout DIR`: brings in what a directory of images holds, as a sync from a registry would.

import path from 'node:path'
import type { Repository, Settings } from '../config/types.ts'
import { repositoryNamed } from '../config/words.ts'
import { ecosystems } from '../ecosystems/index.ts'
import type { Context } from './context.ts'
import { show } from './context.ts'
import { openLayout } from './layout-registry.ts'
import { run } from './run.ts'
import { showSummary } from './summary.ts'
import { openWorkspace, record } from './workspace.ts'

export interface ImportFlags {
  /** Absolute. */
  readonly directory: string
  readonly repo: string
  /** Name of the images that have a tag and no name. */
  readonly name: string | undefined
  readonly dryRun: boolean
}

/** Returns the exit code. Throws USAGE for a directory that is no layout. */
export async function importLayout(context: Context, flags: ImportFlags): Promise<number> {
  const { settings } = context
  const repository = repositoryNamed(flags.repo, settings.repositories, ecosystems, { file: '--repo' })
  const layout = await openLayout(flags.directory, flags.name)
  try {
    const workspace = await openWorkspace(from(settings, repository, layout.url), { lock: true, offline: false })
    const hide = await show(context, workspace.events)
    try {
      const wants = [...layout.images].map(([name, tags]) => ({
        name,
        range: [...tags.keys()].map((tag) => `=${tag}`).join(' || '),
        from: { file: path.join(flags.directory, 'index.json') },
      }))
      const holder = `import ${flags.directory}`
      const byRepo = new Map([[repository.name, wants]])
      const summary = await run(context, workspace, { command: holder, holder, dryRun: flags.dryRun, wants: byRepo })
      hide()
      // from now on its own upstream is asked again
      const mounted = workspace.mirror.repos.get(repository.name)
      if (mounted !== undefined && !flags.dryRun) {
        const repos = new Map([[repository.name, { ...mounted, settings: repository }]])
        record({ ...workspace.mirror, repos }, [repository.name])
      }
      showSummary(context, summary, flags.dryRun)
      return summary.code
    } finally {
      hide()
      await workspace.close()
    }
  } finally {
    await layout.close()
  }
}

/** The repository asks the layout, and nobody else. */
function from(settings: Settings, repository: Repository, url: string): Settings {
  const { sources: _, hosts: __, ...rest } = repository
  // not built in: what an earlier run recorded of it does not count here
  const local: Repository = { ...rest, upstreams: [url], credentials: [], allowHosts: [], builtin: false }
  return { ...settings, repositories: settings.repositories.map((one) => (one === repository ? local : one)) }
}
