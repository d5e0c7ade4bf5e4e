// `pkgmirror gc`: drops what nothing keeps, or shows what it would drop.

import type { Collected, Gone } from '../engine/collect.ts'
import { asMirrorError } from '../errors.ts'
import { countText } from '../telemetry/words.ts'
import { collectRecorded } from './collecting.ts'
import type { Context } from './context.ts'
import { collectedLines } from './gc-text.ts'
import { manifestsOf } from './manifests.ts'
import { print } from './print.ts'
import { keepReserve, useReserve } from './reserve.ts'
import { openWorkspace } from './workspace.ts'

export interface GcOptions {
  readonly dryRun: boolean
  /** Although more than half of what is kept would go. */
  readonly force: boolean
}

/**
 * Returns the exit code. Throws CONFIG where there is no data directory, LOCKED when a run works on it, DENIED (exit 5)
 * when more than half of what is kept would go.
 */
export async function gc(context: Context, options: GcOptions): Promise<number> {
  try {
    return await gcOnce(context, options)
  } catch (thrown) {
    const error = asMirrorError(thrown)
    if (error.code !== 'DISK_FULL' || !(await useReserve(context.settings.data))) throw error
    return gcOnce(context, options)
  }
}

async function gcOnce(context: Context, options: GcOptions): Promise<number> {
  const { settings } = context
  const workspace = await openWorkspace(settings, { mustExist: true, lock: !options.dryRun })
  const document = context.json ? jsonDocument() : undefined
  try {
    const collected = await collectRecorded(workspace.mirror, {
      keep: settings.keep,
      retention: settings.snapshots,
      ...options,
      lost: workspace.lost,
      signal: context.signal,
      ...(document === undefined ? {} : { item: document.item }),
    })
    if (!options.dryRun) await keepReserve(workspace)
    document?.end(collected, options.dryRun)
    print(context, collectedLines(collected, settings.keep.grace))
    for (const { name, paths, files } of manifestsOf(workspace.mirror.catalog))
      if (!files.every(({ there }) => there))
        print(context, [`${name} is gone: its ${countText(paths, 'path')} stay until \`pkgmirror forget ${name}\`.`])
    return 0
  } finally {
    await workspace.close()
  }
}

/** One JSON document, written item by item because there may be millions. */
function jsonDocument() {
  let items = 0
  const begin = (): void => void process.stdout.write('{"schema":1,"type":"gc","items":[')
  return {
    item(gone: Gone): void {
      if (items === 0) begin()
      process.stdout.write(`${items === 0 ? '' : ','}${JSON.stringify(gone)}`)
      items += 1
    },
    end({ swept, ...plan }: Collected, dryRun: boolean): void {
      if (items === 0) begin()
      process.stdout.write(`],${JSON.stringify({ dryRun, ...plan, swept }).slice(1)}\n`)
    },
  }
}
