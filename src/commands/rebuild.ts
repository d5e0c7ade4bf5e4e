// `pkgmirror verify --rebuild`: finds again what a lost catalog knew.

import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { type Place, placesOfCatalog } from '../catalog/finds.ts'
import { type Rebuilt, rebuild as rebuildCatalog } from '../engine/rebuild.ts'
import { MirrorError } from '../errors.ts'
import { errorFields, errorText } from '../telemetry/lines.ts'
import { bytesText, countText } from '../telemetry/words.ts'
import { type Context, printJson, say } from './context.ts'
import { mustBeDirectory, placesIn } from './elsewhere.ts'
import { type FoundCatalog, findCatalog } from './found-catalog.ts'
import { lock } from './lock.ts'
import { timeText } from './print.ts'
import { lostMark, openWorkspace, record, type Workspace } from './workspace.ts'

export interface RebuildFlags {
  /** Absolute. */
  readonly from: readonly string[]
  readonly recognise: boolean
}

interface RebuildOptions extends RebuildFlags {
  /** Hashing threads. */
  readonly threads: number
}

/** Opens the workspace with what was found again in it; what is wrong with it a verification tells. */
export async function rebuild(context: Context, options: RebuildOptions): Promise<Workspace> {
  const { settings } = context
  for (const directory of options.from) mustBeDirectory(directory)
  if (!existsSync(path.join(settings.store ?? settings.data, 'blobs')))
    throw new MirrorError('CONFIG', `there are no blobs at ${settings.store ?? settings.data}`, { file: settings.data })
  const held = await lock(settings.data, settings.wait)
  let found: FoundCatalog
  try {
    found = await findCatalog(settings, Date.now())
  } finally {
    held.release()
  }
  tellFound(context, found)
  const workspace = await openWorkspace(settings, { lock: true, offline: true })
  try {
    const { mirror, places } = workspace
    async function* claims(): AsyncGenerator<Place> {
      for (const file of found.others) yield* placesOfCatalog(file)
      for (const directory of options.from) yield* placesIn(mirror, directory)
    }
    const rebuilt = await rebuildCatalog(mirror, {
      signal: context.signal,
      threads: options.threads,
      claims: claims(),
      recognise: options.recognise,
    })
    record(mirror, Object.keys(rebuilt.placed))
    await rm(lostMark(places.catalog), { force: true })
    tell(context, rebuilt)
    return workspace
  } catch (error) {
    await workspace.close()
    throw error
  }
}

function tellFound(context: Context, { copy, aside, reason, others }: FoundCatalog): void {
  if (context.json) {
    printJson('catalog', { copy: copy?.file, aside, reason, others })
    return
  }
  if (copy !== undefined)
    say(context, `The copy of ${timeText(copy.time)} is the catalog now: of the old one ${reason}.`)
  else if (reason !== undefined) say(context, `A new catalog is begun: of the old one ${reason}, and there is no copy.`)
  if (aside !== undefined) say(context, `What was there is set aside as ${aside}.`)
}

const MOST_FAULTS = 20

function tell(context: Context, { found, damaged, dropped, placed, unplaced, faults }: Rebuilt): void {
  if (context.json) {
    const failed = faults.map(({ error, ...fault }) => ({ ...fault, ...errorFields(error) }))
    printJson('rebuilt', { found, damaged, dropped, placed, unplaced, faults: failed })
    return
  }
  const blobs = ({ items, bytes }: { items: number; bytes: number }): string =>
    `${countText(items, 'blob')} (${bytesText(bytes)})`
  if (dropped > 0) say(context, `${countText(dropped, 'path')} dropped: their bytes are not in the store any more.`)
  say(context, `The catalog names no path of ${blobs(found)}.`)
  for (const [repo, count] of Object.entries(placed)) say(context, `${repo}: ${blobs(count)} placed again`)
  for (const sha256 of damaged) process.stderr.write(`damaged: ${sha256} has other bytes than its name says\n`)
  for (const { repo, path: at, error } of faults.slice(0, MOST_FAULTS))
    process.stderr.write(`not placed: ${repo} ${at}: ${errorText(error)}\n`)
  if (unplaced.items > 0)
    say(
      context,
      `${blobs(unplaced)} could not be placed: rendered pages are made anew, a sync takes what it finds among the rest, and gc drops it after keep.grace.`,
    )
}
