// What every verb gets: settings, streams, and how it is to speak.

import type { Settings } from '../config/types.ts'
import type { Events } from '../engine/events.ts'
import { jsonLine, showFailures, showJson, showLines } from '../telemetry/lines.ts'

export interface Context {
  readonly settings: Settings
  /** Machine-readable output goes to standard output, people's text to standard error. */
  readonly json: boolean
  readonly quiet: boolean
  /** Raised by SIGINT and SIGTERM. */
  readonly signal: AbortSignal
  /** Configuration and manifest files, absolute. */
  readonly files: readonly string[]
}

/** What a verb does; it ends with an exit code. */
export type Verb = (context: Context) => Promise<number>

export function say(context: Context, text: string): void {
  if (!context.quiet && !context.json) process.stderr.write(`${text}\n`)
}

/** One whole JSON document, or one JSON line, on standard output. */
export function printJson(type: string, fields: Readonly<Record<string, unknown>>): void {
  process.stdout.write(jsonLine(type, fields))
}

/** Shows the engine's work as it goes: bars on a terminal, lines elsewhere, JSON lines when asked. */
export async function show(context: Context, events: Events): Promise<() => void> {
  if (context.json) return showJson(events, process.stdout)
  if (context.quiet) return showFailures(events, process.stderr)
  if (process.stderr.isTTY) {
    const { showProgress } = await import('../telemetry/progress.ts')
    return showProgress(events, process.stderr, Date.now)
  }
  return showLines(events, process.stderr)
}
