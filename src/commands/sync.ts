// `pkgmirror sync MANIFEST…`: brings in what manifests want.

import { nameOf } from '../catalog/snapshots.ts'
import { asMirrorError, MirrorError } from '../errors.ts'
import { errorText } from '../telemetry/lines.ts'
import type { Context } from './context.ts'
import { printJson, say, show } from './context.ts'
import { copyWhenDue } from './copies.ts'
import { publish } from './export.ts'
import { keepReserve } from './reserve.ts'
import { run, type Summary } from './run.ts'
import { showSummary, tellLost } from './summary.ts'
import { beginTelling } from './telling.ts'
import { wantedOf } from './wanted.ts'
import { openWorkspace, type Workspace } from './workspace.ts'

export interface SyncOptions {
  readonly dryRun: boolean
}

/** Returns the exit code. Whoever is to be told of the run is told, however it ends. */
export async function sync(context: Context, options: SyncOptions): Promise<number> {
  const telling = await beginTelling(context, options)
  try {
    const { code, summary } = await bringIn(context, options)
    await telling.ended({ code, summary })
    return code
  } catch (thrown) {
    const error = asMirrorError(thrown)
    await telling.ended({ code: error.failure.exit, error })
    throw error
  }
}

async function bringIn(context: Context, options: SyncOptions): Promise<{ code: number; summary: Summary }> {
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
  const holder = context.files.join(' + ')
  const command = `sync ${holder}`
  const waits = (other: string): void => say(context, `Waiting: ${other}.`)
  const workspace = await openWorkspace(settings, { lock: { command, signal: context.signal, waits } })
  const hide = await show(context, workspace.events)
  tellLost(context, workspace)
  try {
    const { byRepo, skipped, faults } = await wantedOf(workspace.mirror, settings)
    for (const { file, line, name, reason } of skipped)
      say(context, `skipped: ${file}${line === undefined ? '' : `:${line}`}: ${name}: ${reason}`)
    const summary = await run(context, workspace, {
      command,
      holder,
      dryRun: options.dryRun,
      wants: byRepo,
      faults,
    })
    hide()
    if (!options.dryRun && !summary.refused && isConsistent(summary.code)) snapshotAfter(context, workspace)
    if (summary.changed && !options.dryRun) {
      await copyAfter(workspace)
      await keepReserve(workspace)
    }
    try {
      const published =
        options.dryRun || summary.refused || !isConsistent(summary.code) ? 0 : await publish(context, workspace)
      return { code: summary.code === 0 ? published : summary.code, summary }
    } finally {
      showSummary(context, summary, options.dryRun)
      tellShown(context, workspace)
    }
  } finally {
    hide()
    await workspace.close()
  }
}

/** A copy that cannot be taken fails no sync. */
async function copyAfter(workspace: Workspace): Promise<void> {
  try {
    await copyWhenDue(workspace)
  } catch (error) {
    process.stderr.write(`warning: ${errorText(asMirrorError(error))}\n`)
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
