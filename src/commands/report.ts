// What a sync reports: one record, as the JSON that programs get and as a short page for people.

import type { MirrorError } from '../errors.ts'
import { errorFields } from '../telemetry/lines.ts'
import { reportHtml, reportMarkdown } from './report-text.ts'
import type { Summary } from './run.ts'
import { summaryFields } from './summary.ts'
import { replaceFile } from './text-file.ts'
import { version } from './version.ts'

export interface Report {
  readonly command: string
  readonly state: 'success' | 'failure' | 'stopped'
  readonly code: number
  /** Milliseconds since 1970. */
  readonly started: number
  readonly ended: number
  /** Of a run that came to its end. */
  readonly summary?: Summary
  /** Why it did not. */
  readonly error?: MirrorError
}

/** With every fault, as `--json` prints it. */
export function reportJson({ command, state, code, started, ended, summary, error }: Report): string {
  return `${JSON.stringify({
    ...{ schema: 1, type: 'report', version, command, state, code },
    ...{ started: new Date(started).toISOString(), ended: new Date(ended).toISOString() },
    milliseconds: ended - started,
    ...(summary === undefined ? {} : { summary: summaryFields(summary) }),
    ...(error === undefined ? {} : { error: errorFields(error) }),
  })}\n`
}

const forms: Readonly<Record<string, (report: Report) => string>> = {
  '.json': reportJson,
  '.md': reportMarkdown,
  '.html': reportHtml,
}

/** Whole or not at all; whoever reads one meanwhile has the one before. Throws the system's error. */
export async function writeReport(file: string, report: Report): Promise<void> {
  const form = forms[/\.[a-z]+$/.exec(file)?.[0] ?? ''] ?? reportJson
  await replaceFile(file, form(report))
}
