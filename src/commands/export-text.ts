// An export in words, or as JSON lines: each change, then what the tree holds and how clients are pointed at it.

import type { Setup } from '../contract.ts'
import type { Exported, ExportedRepo } from '../engine/export.ts'
import type { Change } from '../sinks/sink.ts'
import { errorFields, errorText, jsonLine } from '../telemetry/lines.ts'
import { shownText } from '../telemetry/safe-text.ts'
import { bytesText, countText } from '../telemetry/words.ts'
import { type Context, printJson, say } from './context.ts'

const MOST_FAULTS = 50

/** Characters that are written at once, and milliseconds after which less is. */
const PIECE = 32_768
const LATEST = 100

export interface Teller {
  changed(change: Change): void
  /** Tells what was not told yet. */
  flush(): void
}

/**
 * People see each change of a dry run alone, and what failed in the end. Programs are told of each, in pieces of many lines: to
 * write one takes longer than to link a file.
 */
export function changesTo(context: Context, dryRun: boolean): Teller {
  let text = ''
  let told = 0
  function flush(): void {
    if (text !== '') process.stdout.write(text)
    text = ''
    told = performance.now()
  }
  return {
    flush,
    changed(change) {
      if (context.json) {
        const fields = change.what === 'failed' ? { ...change, error: errorFields(change.error) } : { ...change }
        text += jsonLine('file', fields)
        if (text.length > PIECE || performance.now() - told > LATEST) flush()
      } else if (dryRun) {
        say(context, `${change.what} ${shownText(change.path)}`)
      }
    },
  }
}

export interface ExportedTo {
  /** Of the JSON line. */
  readonly type: 'summary' | 'published'
  readonly target: string
  /** Undefined for a form that is not for web servers. */
  readonly baseUrl: string | undefined
  readonly dryRun: boolean
  /** Exit code. */
  readonly code: number
}

export function showExported(context: Context, exported: Exported, to: ExportedTo): void {
  const { repos, faults, files, treeBytes, bytes: writtenBytes, linked, copied, unchanged, deleted, leaving } = exported
  if (context.json) {
    const { type, ...told } = to
    const counts = { files, bytes: treeBytes, linked, copied, unchanged, deleted, leaving, writtenBytes }
    const failed = faults.map(({ error, ...fault }) => ({ ...fault, ...errorFields(error) }))
    printJson(type, { ...told, ...counts, repositories: repos, faults: failed })
    return
  }
  for (const [name, repo] of Object.entries(repos)) {
    say(context, `${name}: ${countText(repo.files, 'file')}, ${bytesText(repo.bytes)}${leftOut(repo)}`)
  }
  for (const { repo, path, error } of faults.slice(0, MOST_FAULTS)) {
    process.stderr.write(`failed: ${repo} ${shownText(path)} ${errorText(error)}\n`)
  }
  if (faults.length > MOST_FAULTS)
    process.stderr.write(`… and ${faults.length - MOST_FAULTS} more; --json lists all.\n`)
  if (faults.length > 0) say(context, 'Nothing was deleted: what failed may have been published before.')
  const place = to.target === '-' ? 'The archive' : to.target
  const served = to.baseUrl === undefined ? '' : `, to be served at ${to.baseUrl}`
  const holds = `${countText(files, 'file')}, ${bytesText(treeBytes)}${served}`
  say(context, `${place} ${to.dryRun ? 'would hold' : 'holds'} ${holds}`)
  const later = leaving === 0 ? '' : `, ${leaving} to be deleted when their grace has passed`
  if (to.dryRun)
    say(context, `${unchanged} unchanged, ${deleted} to delete${later}. Nothing was written: this was a dry run.`)
  else say(context, `${linked} linked, ${copied} copied, ${unchanged} unchanged, ${deleted} deleted${later}.`)
  if (!to.dryRun && to.type === 'summary') for (const { setup } of Object.values(repos)) showSetup(context, setup)
}

function leftOut({ denied, waiting, unnamed }: ExportedRepo): string {
  const parts = [
    ...(denied > 0 ? [`${denied} denied by policy`] : []),
    ...(waiting > 0 ? [`${waiting} waiting for their cooldown`] : []),
    ...(unnamed > 0 ? [`${unnamed} that no index shows`] : []),
  ]
  return parts.length === 0 ? '' : `; left out: ${parts.join(', ')}`
}

/** One way for each client. */
function showSetup(context: Context, setups: readonly Setup[]): void {
  const told = new Set<string>()
  for (const { client, title, files = [], env = {} } of setups) {
    if (told.has(client)) continue
    told.add(client)
    for (const { path, text } of files)
      say(context, `\n${title}: ${path}\n  ${text.trimEnd().replaceAll('\n', '\n  ')}`)
    if (files.length > 0) continue
    for (const [name, value] of Object.entries(env)) say(context, `\n${title}: ${name}=${value}`)
  }
}
