// `pkgmirror seed FILE…`: brings in what lockfiles lock, without a manifest.

import type { AddressForm } from './address-forms.ts'
import { addressMap, sedScript } from './addresses.ts'
import { baseOf } from './base-address.ts'
import { type Context, printJson, say, show } from './context.ts'
import { type LedgerLine, openLedger } from './ledger.ts'
import { readLockfiles } from './locked-file.ts'
import { tallyLines, tallyText } from './lockfile-tally.ts'
import { writeNew } from './new-file.ts'
import { print } from './print.ts'
import { run } from './run.ts'
import { addressLines, missingLines, type Report, reportFields, reportText } from './seed-text.ts'
import { type Seeded, seededManifest } from './seeded-manifest.ts'
import { showSummary } from './summary.ts'
import { openWorkspace } from './workspace.ts'

export interface SeedOptions {
  /** Lockfiles, absolute. */
  readonly files: readonly string[]
  /** The format of all of them, for names that do not tell. */
  readonly as: string | undefined
  readonly dryRun: boolean
  /** Print where the mirror has what the lockfiles name by address. */
  readonly addresses: AddressForm | undefined
  /** Absolute. */
  readonly writeManifest: string | undefined
  readonly force: boolean
}

/** Skipped lines that are told of one by one. */
const MOST_SKIPPED = 20

/** Returns the exit code, as `sync` does. Throws LOCKFILE where no file is of a known format. */
export async function seed(context: Context, options: SeedOptions): Promise<number> {
  const { as, dryRun, addresses, writeManifest } = options
  // before anything is opened: files that are no lockfiles leave no data directory behind
  const { files, faults } = await readLockfiles(options.files, as)
  const base = addresses === undefined ? undefined : baseOf(context.settings)
  const workspace = await openWorkspace(context.settings, { lock: true })
  const hide = await show(context, workspace.events)
  try {
    const ledger = openLedger(workspace.mirror, files)
    const seeded: Seeded[] = []
    for (const file of files) {
      const skipped = (ledger.lines.get(file) ?? []).flatMap((line) => skippedOf(file.file, line))
      seeded.push({ file: file.file, tally: await tallyLines(file.format, file.lines), skipped })
    }
    tell(context, seeded)
    if (writeManifest !== undefined) {
      await writeNew(writeManifest, seededManifest(writeManifest, seeded, { command: 'seed', as }), options.force)
      say(context, `wrote ${writeManifest}`)
    }
    const holder = options.files.join(' + ')
    const { wants, item } = ledger
    const summary = await run(context, workspace, { command: `seed ${holder}`, holder, dryRun, wants, faults, item })
    for (const fault of summary.faults) ledger.fault(fault)
    hide()
    const reports = files.map((file): Report => {
      const booked = ledger.booked(file)
      return { file, booked, addresses: base === undefined ? undefined : addressMap(workspace.mirror, base, booked) }
    })
    tellReports(context, reports, options)
    showSummary(context, summary, dryRun)
    return summary.code
  } finally {
    hide()
    await workspace.close()
  }
}

const skippedOf = (file: string, { locked: { name, line }, mounted, reason }: LedgerLine): Seeded['skipped'] =>
  mounted !== undefined ? [] : [{ file, name, reason: reason ?? '', ...(line === undefined ? {} : { line }) }]

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

function tellReports(context: Context, reports: readonly Report[], { dryRun, addresses }: SeedOptions): void {
  if (context.json) for (const report of reports) printJson('lockfile', reportFields(report))
  for (const report of reports) say(context, reportText(report, dryRun))
  for (const line of missingLines(reports)) say(context, line)
  if (addresses === undefined) return
  const maps = reports.flatMap((report) => report.addresses ?? [])
  if (maps.every(({ mapped, unmapped }) => mapped.length + unmapped.length === 0)) {
    say(context, 'No address stands in these lockfiles: their clients ask the registry that is configured.')
    return
  }
  print(context, addresses === 'sed' ? sedScript(maps).trimEnd().split('\n') : addressLines(maps))
}
