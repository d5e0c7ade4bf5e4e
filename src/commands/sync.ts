// `pkgmirror sync MANIFEST…`: brings in what manifests want.

import { availableParallelism } from 'node:os'
import { type Offer, offerFiles } from '../engine/adopt.ts'
import { asMirrorError, MirrorError } from '../errors.ts'
import { bytesText, countText } from '../telemetry/words.ts'
import { keepAfter, snapshotAfter, tellShown } from './after-sync.ts'
import type { Context } from './context.ts'
import { printJson, say, show } from './context.ts'
import { publish } from './export.ts'
import { offeredFiles, rootsOf } from './offered-files.ts'
import { run, type Summary } from './run.ts'
import { showSummary, tellLost } from './summary.ts'
import { beginTelling } from './telling.ts'
import { wantedOf } from './wanted.ts'
import { openWorkspace, type Workspace } from './workspace.ts'

export interface SyncOptions {
  readonly dryRun: boolean
  /** Directories whose files are taken in place of what would be fetched; absolute. */
  readonly adopt?: readonly string[]
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
  const roots = await rootsOf(options.adopt ?? [])
  const workspace = await openWorkspace(settings, { lock: { command, signal: context.signal, waits } })
  const hide = await show(context, workspace.events)
  tellLost(context, workspace)
  let offer: Offer | undefined
  try {
    const { byRepo, skipped, faults } = await wantedOf(workspace.mirror, settings)
    for (const { file, line, name, reason } of skipped)
      say(context, `skipped: ${file}${line === undefined ? '' : `:${line}`}: ${name}: ${reason}`)
    offer = roots.length === 0 ? undefined : await offerOf(context, workspace, roots)
    const summary = await run(context, offer === undefined ? workspace : { ...workspace, mirror: offer.mirror }, {
      command,
      ...(offer === undefined ? {} : { before: offer.offer }),
      holder,
      dryRun: options.dryRun,
      wants: byRepo,
      faults,
    })
    hide()
    if (offer !== undefined && !options.dryRun) tellAdopted(context, roots, offer)
    const consistent = !options.dryRun && !summary.refused && isConsistent(summary.code)
    if (consistent) snapshotAfter(context, workspace, summary.changed)
    if (summary.changed && !options.dryRun) await keepAfter(workspace)
    try {
      const published = consistent ? await publish(context, workspace) : 0
      return { code: summary.code === 0 ? published : summary.code, summary }
    } finally {
      tellShown(context, workspace)
      showSummary(context, summary, options.dryRun)
    }
  } finally {
    hide()
    offer?.close()
    await workspace.close()
  }
}

function tellAdopted(context: Context, from: readonly string[], { taken: { items, bytes } }: Offer): void {
  if (context.json) printJson('adopted', { from, items, bytes })
  else say(context, `${countText(items, 'file')} (${bytesText(bytes)}) came from ${from.join(', ')}.`)
}

/** Everything below is hashed first. */
async function offerOf({ settings, signal }: Context, { mirror, places }: Workspace, roots: readonly string[]) {
  const { files, bytes } = offeredFiles(roots, [settings.data, places.store])
  return offerFiles(mirror, { files, bytes, signal, threads: availableParallelism() })
}

/** A run that failed here or met bytes that cannot be trusted publishes nothing. */
const isConsistent = (code: number): boolean => code !== 1 && code !== 2 && code !== 4
