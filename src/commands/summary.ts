// The end of a run in words, or as the last JSON line.

import { errorFields, errorText } from '../telemetry/lines.ts'
import { bytesText, countText, durationText } from '../telemetry/words.ts'
import { type Context, printJson, say } from './context.ts'
import type { Drift } from './drift.ts'
import { proofWord } from './proof-words.ts'
import type { Held, RepoSummary, Summary } from './run.ts'
import { lostWarning, type Workspace } from './workspace.ts'

const MOST_FAULTS = 50

export function showSummary(context: Context, summary: Summary, dryRun: boolean): void {
  if (context.json) {
    printJson('summary', { ...summaryFields(summary), dryRun })
    return
  }
  tellCleaned(context, summary.cleaned)
  for (const [repo, one] of Object.entries(summary.repositories))
    say(context, `${repo}: ${dryRun ? planText(one) : repoText(one)}`)
  for (const fault of summary.faults.slice(0, MOST_FAULTS))
    process.stderr.write(`failed: ${fault.repo === undefined ? '' : `${fault.repo} `}${errorText(fault.error)}\n`)
  if (summary.faults.length > MOST_FAULTS)
    process.stderr.write(`… and ${summary.faults.length - MOST_FAULTS} more; --json lists all.\n`)
  if (!dryRun) for (const line of changeLines(summary)) say(context, line)
  say(context, closing(summary, dryRun))
}

/** A run's sums and every fault, for JSON. */
export function summaryFields({ faults, ...rest }: Summary): Readonly<Record<string, unknown>> {
  return { ...rest, faults: faults.map(({ error, ...fault }) => ({ ...fault, ...errorFields(error) })) }
}

/** What grew, and what changed upstream. */
export function changeLines({ growth: { before, after }, drift: { vanished, withdrawn } }: Summary): readonly string[] {
  const grown = before.files !== after.files || before.bytes !== after.bytes
  return [
    ...(grown ? [`Held: ${heldText(after)}; before: ${heldText(before)}.`] : []),
    ...driftLines('Vanished upstream', vanished),
    ...driftLines('Taken back upstream', withdrawn),
  ]
}

const heldText = ({ packages, files, bytes }: Held): string =>
  `${countText(packages, 'package')}, ${countText(files, 'file')}, ${bytesText(bytes)}`

const MOST_DRIFTED = 10

function driftLines(what: string, { count, items }: Drift['vanished']): readonly string[] {
  if (count === 0) return []
  const named = items.slice(0, MOST_DRIFTED).map(({ repo, path, name, version, word }) => {
    const is = name === undefined ? path : `${name}${version === undefined ? '' : `@${version}`}`
    return `${repo} ${is}${word === undefined ? '' : ` (${word})`}`
  })
  const more = count > named.length ? ` and ${count - named.length} more` : ''
  return [`${what}: ${named.join(', ')}${more}.`]
}

/** Says what an interrupted run had left behind. */
export function tellCleaned(context: Context, { files, bytes }: Summary['cleaned']): void {
  if (files > 0)
    say(context, `Cleaned up ${countText(files, 'unfinished file')} (${bytesText(bytes)}) of an interrupted run.`)
}

/** Says, whoever listens, that the catalog is not the one that belongs to the store. */
export function tellLost({ json }: Context, workspace: Workspace): void {
  if (!workspace.lost) return
  const error = lostWarning(workspace)
  if (json) printJson('warning', { error: errorFields(error) })
  else process.stderr.write(`warning: ${errorText(error)}\n`)
}

function repoText(one: RepoSummary): string {
  const proofs = Object.entries(one.proofs).map(([proof, count]) => `${count} by ${proofWord(proof)}`)
  const fetched =
    one.fetched === 0
      ? one.steady
        ? 'as the last run left it, nothing planned again'
        : 'nothing new'
      : `${countText(one.fetched, 'file')} fetched (${bytesText(one.fetchedBytes)} from ${one.hosts.join(', ')})`
  const flipped = one.flipped.length === 0 ? '' : `; new generation of ${one.flipped.join(', ')}`
  return `${countText(one.items, 'file')}, ${bytesText(one.bytes)}: ${fetched}, ${countText(one.requests, 'request')}; proven: ${proofs.join(', ')}${flipped}`
}

const planText = (one: RepoSummary): string =>
  `${countText(one.items, 'file')} wanted, ${one.planned} to fetch (${bytesText(one.plannedBytes)} as far as stated)`

function closing(summary: Summary, dryRun: boolean): string {
  const time = durationText(summary.milliseconds)
  if (summary.refused) return `Nothing was fetched but indexes, and nothing changed for clients. ${time}.`
  if (summary.faults.length > 0)
    return `${countText(summary.faults.length, 'item')} failed; what is published is consistent. ${time}.`
  if (dryRun) return `Nothing was fetched but indexes: this was a dry run. ${time}.`
  return summary.changed ? `Done in ${time}.` : `Nothing changed. ${time}.`
}
