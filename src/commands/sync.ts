// `pkgmirror sync MANIFEST…`: brings in what manifests want.

import { nameOf } from '../catalog/snapshots.ts'
import { MirrorError } from '../errors.ts'
import type { Context } from './context.ts'
import { printJson, say, show } from './context.ts'
import { publish } from './export.ts'
import { run } from './run.ts'
import { showSummary } from './summary.ts'
import { wantedOf } from './wanted.ts'
import { openWorkspace, type Workspace } from './workspace.ts'

export interface SyncOptions {
  readonly dryRun: boolean
}

/** Returns the exit code. */
export async function sync(context: Context, options: SyncOptions): Promise<number> {
  const { settings } = context
  if (settings.wants.length === 0 && settings.lockfiles.length === 0) {
    throw new MirrorError(
      'USAGE',
      'nothing is wanted: no manifest was named, or it names no packages, roots or lockfiles',
      {
        hint: 'Name a manifest: `pkgmirror sync manifests/quickstart.yaml`.',
      },
    )
  }
  const workspace = await openWorkspace(settings, { lock: true })
  const hide = await show(context, workspace.events)
  try {
    const { byRepo, skipped, faults } = await wantedOf(workspace.mirror, settings)
    for (const { file, line, name, reason } of skipped)
      say(context, `skipped: ${file}${line === undefined ? '' : `:${line}`}: ${name}: ${reason}`)
    const holder = context.files.join(' + ')
    const summary = await run(context, workspace, {
      command: `sync ${holder}`,
      holder,
      dryRun: options.dryRun,
      wants: byRepo,
      faults,
    })
    hide()
    if (!options.dryRun && isConsistent(summary.code)) snapshotAfter(context, workspace)
    try {
      const published = options.dryRun || !isConsistent(summary.code) ? 0 : await publish(context, workspace)
      return summary.code === 0 ? published : summary.code
    } finally {
      showSummary(context, summary, options.dryRun)
      tellShown(context, workspace)
    }
  } finally {
    hide()
    await workspace.close()
  }
}

/** The state that this run left, by the time. */
function snapshotAfter(context: Context, { mirror, settings }: Workspace): void {
  const { snapshots } = mirror.catalog
  const last = snapshots.list().at(-1)
  if (!settings.snapshots.auto || (last !== undefined && !snapshots.changedSince(last.id))) return
  const time = mirror.now()
  const name = nameOf(time)
  if (snapshots.get(name) !== undefined) return
  snapshots.create({ name, time, automatic: true })
  mirror.catalog.touch()
  if (context.json) printJson('snapshot-change', { what: 'created', snapshot: name, dryRun: false })
  else say(context, `Snapshot ${name} is made.`)
}

function tellShown(context: Context, { mirror }: Workspace): void {
  const shown = mirror.catalog.snapshots.shown()
  if (shown === undefined) return
  if (context.json) printJson('snapshot-change', { what: 'shown', snapshot: shown.name, dryRun: false })
  else
    say(
      context,
      `serve and export go on showing snapshot ${shown.name}: \`pkgmirror snapshot release\` shows what is new.`,
    )
}

/** A run that failed here or met bytes that cannot be trusted publishes nothing. */
const isConsistent = (code: number): boolean => code !== 1 && code !== 2 && code !== 4
