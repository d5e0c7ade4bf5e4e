// `pkgmirror status --runs`: the history of runs, the newest first.

import type { Run } from '../catalog/rows.ts'
import { MirrorError } from '../errors.ts'
import { isObject } from '../formats/json-object.ts'
import { bytesText, countText, durationText } from '../telemetry/words.ts'
import { type Context, printJson } from './context.ts'
import { columns, jsonTime, pastText, print } from './print.ts'
import { openWorkspace } from './workspace.ts'

/** Runs that are told when no number is given. */
const USUAL = 20
/** Runs that gc leaves, beside the last of each command. */
export const HISTORY = 1000

/** `number` as it was typed. Returns the exit code. Throws CONFIG where there is no data directory yet. */
export async function runs(context: Context, number: string | undefined): Promise<number> {
  const most = number === undefined ? USUAL : Number(number)
  if (!Number.isSafeInteger(most) || most < 1)
    throw new MirrorError('USAGE', `--runs: ${JSON.stringify(number)} is no number of runs`, {
      hint: 'For example `pkgmirror status --runs 50`.',
    })
  const workspace = await openWorkspace(context.settings, { mustExist: true, offline: true })
  try {
    const all = workspace.mirror.catalog.runs.list(most)
    if (context.json) printJson('runs', { runs: all.map(runJson) })
    else print(context, runLines(all, workspace.mirror.now()))
    return 0
  } finally {
    await workspace.close()
  }
}

/** With all that the run has left: a run that is under way, or was broken off, has no end. */
const runJson = ({ id, command, started, ended, code, summary }: Run) => ({
  ...{ id, command, started: jsonTime(started), ended: jsonTime(ended) },
  milliseconds: ended === undefined ? undefined : ended - started,
  code,
  summary,
})

function runLines(all: readonly Run[], now: number): readonly string[] {
  if (all.length === 0) return ['There was no run yet.']
  return columns(
    all.map((run) => [`#${run.id}`, pastText(run.started, now), outcomeText(run), didText(run.summary), run.command]),
  )
}

export const outcomeText = ({ started, ended, code }: Omit<Run, 'summary'>): string =>
  ended === undefined ? 'under way, or broken off' : `code ${code} after ${durationText(ended - started)}`

/** What a sync or a seed has done, in a few words; other verbs leave nothing that is told here. */
function didText(summary: unknown): string {
  if (!isObject(summary) || !isObject(summary.repositories)) return ''
  let [files, bytes] = [0, 0]
  for (const one of Object.values(summary.repositories)) {
    if (!isObject(one)) continue
    files += typeof one.fetched === 'number' ? one.fetched : 0
    bytes += typeof one.fetchedBytes === 'number' ? one.fetchedBytes : 0
  }
  const faults = Array.isArray(summary.faults) ? summary.faults.length : 0
  const fetched = files === 0 ? 'nothing new' : `${countText(files, 'file')}, ${bytesText(bytes)}`
  return faults === 0 ? fetched : `${fetched}, ${countText(faults, 'fault')}`
}
