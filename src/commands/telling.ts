// Who is told of a sync beside the one who started it: the files of its report, and the hooks of `notify`. A failure here
// is a warning and changes nothing of the run.

import { asMirrorError, failures, type MirrorError } from '../errors.ts'
import { errorText } from '../telemetry/lines.ts'
import type { Context } from './context.ts'
import { tellHook } from './notify.ts'
import { type Report, reportJson, writeReport } from './report.ts'
import type { Summary } from './run.ts'
import type { SyncOptions } from './sync.ts'

export interface Telling {
  /** `summary` of a run that came to its end, `error` of one that did not. */
  ended(end: { readonly code: number; readonly summary?: Summary; readonly error?: MirrorError }): Promise<void>
}

/** The exit code of a run that another one kept out. */
const LOCKED = failures.LOCKED.exit

/** Tells of the beginning. Nobody is told of a dry run but its report's reader. */
export async function beginTelling(context: Context, { dryRun }: SyncOptions): Promise<Telling> {
  const { settings, files, signal } = context
  const started = Date.now()
  const command = `sync ${files.join(' + ')}`
  const { start, success, failure } = dryRun ? {} : settings.notify
  if (start !== undefined) {
    const begun = `${JSON.stringify({ schema: 1, type: 'begun', command, started: new Date(started).toISOString() })}\n`
    await warned(() => tellHook(start, begun, settings))
  }
  return {
    async ended({ code, ...end }) {
      const state = signal.aborted ? 'stopped' : code === 0 ? 'success' : 'failure'
      const report: Report = { command, state, code, started, ended: Date.now(), ...end }
      // whoever holds the lock writes a report of its own
      const reports = code === LOCKED ? [] : settings.report
      for (const file of reports) await warned(() => writeReport(file, report))
      const hook = code === 0 ? success : failure
      if (hook !== undefined) await warned(() => tellHook(hook, reportJson(report), settings))
    },
  }
}

/** On standard error, for the summary is the last line of standard output. */
async function warned(tell: () => Promise<void>): Promise<void> {
  try {
    await tell()
  } catch (thrown) {
    process.stderr.write(`warning: ${errorText(asMirrorError(thrown))}\n`)
  }
}
