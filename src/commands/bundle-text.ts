// What an import or the writing of a bundle did, in words and as JSON lines.

import type { Written } from '../bundle/to-directory.ts'
import type { Entries } from '../catalog/entries.ts'
import type { Taken } from '../engine/take.ts'
import { errorFields, errorText } from '../telemetry/lines.ts'
import { bytesText, countText, durationText } from '../telemetry/words.ts'
import type { Arriving } from './bundle-order.ts'
import { type Context, printJson, say } from './context.ts'
import { print } from './print.ts'

export interface Imported extends Arriving {
  readonly code: number
  readonly milliseconds: number
  readonly dryRun: boolean
  /** Blobs that were here before. */
  readonly here: number
  readonly totals: ReturnType<Entries['totals']>
  readonly taken?: Taken
  /** Its text; undefined where there is no key to sign it, or nothing was taken. */
  readonly receipt?: string | undefined
}

export function showImported(context: Context, imported: Imported): void {
  const { header, digest, key, code, milliseconds, dryRun, here, totals, taken, receipt } = imported
  const { series, number, snapshot } = header
  if (context.json) {
    const { faults = [], ...counts } = taken ?? {}
    printJson('summary', {
      ...{ code, milliseconds, dryRun, series, number, header: digest, key, snapshot: snapshot.name, here },
      ...{ listed: totals.held, gone: totals.gone, blobs: totals.blobs, bytes: totals.bytes },
      ...counts,
      faults: faults.map(({ error, ...fault }) => ({ ...fault, ...errorFields(error) })),
      receipt,
    })
    return
  }
  const name = `bundle ${number} of series ${series} (${snapshot.name}), signed by ${key}`
  if (taken === undefined) {
    const blobs = `${countText(totals.blobs, 'blob')} of ${bytesText(totals.bytes)}, ${here} of them here already`
    say(
      context,
      `${name}: ${countText(totals.held, 'path')}, ${totals.gone} gone; ${blobs}. Nothing was taken: this was a dry run.`,
    )
    return
  }
  for (const { repo, path, blob, error } of taken.faults)
    process.stderr.write(`failed: ${repo} ${path} (${blob}): ${errorText(error)}\n`)
  if (code !== 0) {
    say(context, `Nothing of ${name} was taken. ${durationText(milliseconds)}.`)
    return
  }
  const proofs = Object.entries(taken.proofs).map(([proof, count]) => `${count} by ${proof}`)
  const flipped = taken.flipped.map(({ repo, key: set }) => `${repo} ${set}`)
  say(
    context,
    `Took ${name}: ${countText(taken.held, 'path')} (${taken.fetched} new, ${bytesText(taken.fetchedBytes)}), ${taken.removed} removed; proven: ${proofs.join(', ') || 'nothing'}${flipped.length === 0 ? '' : `; new generation of ${flipped.join(', ')}`}. ${durationText(milliseconds)}.`,
  )
  if (taken.unnamed > 0) say(context, `${countText(taken.unnamed, 'file')} that no index names any more was left out.`)
  if (receipt === undefined) say(context, 'There is no key to sign a receipt: `pkgmirror keys create` makes one.')
  else print(context, receipt.trimEnd().split('\n'))
}

export interface Exported extends Omit<Arriving, 'place'> {
  readonly target: string
  readonly dryRun: boolean
  readonly totals: ReturnType<Entries['totals']>
  /** What was written: a directory, an archive, its volumes. */
  readonly files: readonly string[]
  readonly written?: Written | undefined
}

export function showBundle(context: Context, exported: Exported): void {
  const { header, digest, key, target, dryRun, totals, files, written } = exported
  const { series, number, snapshot, bases } = header
  if (context.json) {
    printJson('summary', {
      ...{ code: 0, target, dryRun, series, number, header: digest, key, snapshot: snapshot.name, files },
      bases: bases.map((one) => one.number),
      ...{ listed: totals.held, gone: totals.gone, blobs: totals.blobs, bytes: totals.bytes },
      ...written,
    })
    return
  }
  const kind = bases.length === 0 ? 'full' : `upon bundle ${bases.map((one) => one.number).join(' or ')}`
  const held = `${countText(totals.held, 'path')}, ${totals.gone} gone; ${countText(totals.blobs, 'blob')} of ${bytesText(totals.bytes)}`
  const where = dryRun
    ? 'Nothing was written: this was a dry run.'
    : `Written to ${files.length > 3 ? `${files[0]} and ${files.length - 1} more volumes` : files.join(', ')}.`
  say(context, `Bundle ${number} of series ${series} (${snapshot.name}, ${kind}): ${held}. ${where}`)
}
