// `pkgmirror seed FILE…`: brings in what lockfiles lock, without a manifest.

import type { Selector } from '../contract.ts'
import { type Context, printJson, say, show } from './context.ts'
import { type Tally, tallyOf, tallyText } from './lockfile-tally.ts'
import { writeNew } from './new-file.ts'
import { run } from './run.ts'
import { type Seeded, seededManifest } from './seeded-manifest.ts'
import { showSummary } from './summary.ts'
import { addLockfile, mustBeLockfile, type Wanted } from './wanted.ts'
import { openWorkspace } from './workspace.ts'

export interface SeedOptions {
  /** Lockfiles, absolute. */
  readonly files: readonly string[]
  /** The format of all of them, for names that do not tell. */
  readonly as: string | undefined
  readonly dryRun: boolean
  /** Absolute. */
  readonly writeManifest: string | undefined
  readonly force: boolean
}

/** Skipped lines that are told of one by one. */
const MOST_SKIPPED = 20

/** Returns the exit code, as `sync` does. Throws LOCKFILE for a file of no known format. */
export async function seed(context: Context, options: SeedOptions): Promise<number> {
  const { files, as, dryRun, writeManifest } = options
  // before anything is opened: a file that is no lockfile leaves no data directory behind
  const tallies = new Map<string, Tally>()
  for (const file of files) tallies.set(file, await tallyOf(file, await mustBeLockfile(file, as)))
  const workspace = await openWorkspace(context.settings, { lock: true })
  const hide = await show(context, workspace.events)
  try {
    const wants = new Map<string, Selector[]>()
    const add = (repo: string, selector: Selector): void => {
      const known = wants.get(repo)
      if (known === undefined) wants.set(repo, [selector])
      else known.push(selector)
    }
    const seeded: Seeded[] = []
    for (const [file, tally] of tallies) {
      const skipped: Wanted['skipped'][number][] = []
      await addLockfile(workspace.mirror, file, as, add, (line) => skipped.push(line))
      seeded.push({ file, tally, skipped })
    }
    tell(context, seeded)
    if (writeManifest !== undefined) {
      await writeNew(writeManifest, seededManifest(writeManifest, seeded, as), options.force)
      say(context, `wrote ${writeManifest}`)
    }
    const holder = files.join(' + ')
    const summary = await run(context, workspace, { command: `seed ${holder}`, holder, dryRun, wants })
    hide()
    showSummary(context, summary, dryRun)
    return summary.code
  } finally {
    hide()
    await workspace.close()
  }
}

function tell(context: Context, seeded: readonly Seeded[]): void {
  for (const { file, tally: counted, skipped } of seeded) {
    if (context.json) {
      printJson('understood', { file, ...counted, skipped: skipped.map(({ file: _, ...line }) => line) })
      continue
    }
    say(context, `${file}: ${tallyText(counted)}`)
    // a project's own folders are counted, and nobody expects a mirror to have them
    const told = skipped.filter(({ reason }) => !/^its source is (?:link|workspace),/.test(reason))
    for (const { line, name, reason } of told.slice(0, MOST_SKIPPED))
      say(context, `skipped: ${file}${line === undefined ? '' : `:${line}`}: ${name}: ${reason}`)
    if (told.length > MOST_SKIPPED) say(context, `… and ${told.length - MOST_SKIPPED} more skipped; --json lists all.`)
  }
}
