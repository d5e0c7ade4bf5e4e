// What a sync leaves beside what it brought in: a snapshot, a copy of the catalog.

import { nameOf } from '../catalog/snapshots.ts'
import { asMirrorError } from '../errors.ts'
import { errorText } from '../telemetry/lines.ts'
import { type Context, printJson, say } from './context.ts'
import { copyWhenDue } from './copies.ts'
import { keepReserve } from './reserve.ts'
import type { Workspace } from './workspace.ts'

/** A copy of the catalog, which fails no sync when it cannot be taken, and the room that gc needs on a full disk. */
export async function keepAfter(workspace: Workspace): Promise<void> {
  try {
    await copyWhenDue(workspace)
  } catch (error) {
    process.stderr.write(`warning: ${errorText(asMirrorError(error))}\n`)
  }
  await keepReserve(workspace)
}

/** The state that this run left, by the time. */
export function snapshotAfter(context: Context, { mirror, settings }: Workspace, changed: boolean): void {
  const { snapshots } = mirror.catalog
  const last = snapshots.list().at(-1)
  // what clients had fetched since counts too
  if (!settings.snapshots.auto || (last !== undefined && !changed && !snapshots.changedSince(last.id))) return
  const time = mirror.now()
  const name = nameOf(time)
  if (snapshots.get(name) !== undefined) return
  snapshots.create({ name, time, automatic: true })
  mirror.catalog.touch()
  if (context.json) printJson('snapshot-change', { what: 'created', snapshot: name, dryRun: false })
  else say(context, `Snapshot ${name} is made.`)
}

/** What is shown stays as it is, whatever came in. */
export function tellShown(context: Context, { mirror }: Workspace): void {
  const shown = mirror.catalog.snapshots.shown()
  if (shown === undefined) return
  if (context.json) printJson('snapshot-change', { what: 'shown', snapshot: shown.name, dryRun: false })
  else
    say(
      context,
      `serve and export go on showing snapshot ${shown.name}: \`pkgmirror snapshot release\` shows what is new.`,
    )
}
