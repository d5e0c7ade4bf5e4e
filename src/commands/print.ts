// Answers for people on standard output: what a verb was asked for, in lines and columns. What comes from outside is made
// fit for a terminal line by line.

import { shownText } from '../telemetry/safe-text.ts'
import { durationText } from '../telemetry/words.ts'
import type { Context } from './context.ts'

/** Nothing with --quiet, and nothing beside a JSON document. */
export function print(context: Context, lines: readonly string[]): void {
  if (context.quiet || context.json) return
  process.stdout.write(lines.map((line) => `${shownText(line)}\n`).join(''))
}

/** Rows as lines, every cell but the last of a row padded to its column's width; `indent` in blanks. */
export function columns(rows: readonly (readonly string[])[], indent = 0): readonly string[] {
  const widths: number[] = []
  for (const row of rows) {
    for (const [at, cell] of row.slice(0, -1).entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length)
  }
  const line = (row: readonly string[]): string =>
    row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0))).join('  ')
  return rows.map((row) => `${' '.repeat(indent)}${line(row)}`.trimEnd())
}

/** The largest time that a Date can hold. */
const LAST_DATE = 8_640_000_000_000_000

/** `2026-01-02T03:04:05Z`; milliseconds since 1970. */
export function timeText(time: number): string {
  if (time === Number.POSITIVE_INFINITY) return 'for ever'
  return Math.abs(time) > LAST_DATE ? 'at no readable date' : new Date(time).toISOString().replace(/\.\d+Z$/, 'Z')
}

/** The same with how long ago it was. */
export const pastText = (time: number, now: number): string =>
  now >= time ? `${timeText(time)} (${durationText(now - time)} ago)` : timeText(time)

/** A time for JSON: `2026-01-02T03:04:05.678Z`; `for ever` has none. */
export const jsonTime = (time: number | undefined): string | undefined =>
  time === undefined || Math.abs(time) > LAST_DATE ? undefined : new Date(time).toISOString()
