// A log record, one line of JSON as pino writes it, as a line that people read:
// `07:08:09 info  GET /npm/react 200 HIT 1.2 MB 3 ms`.

import { safeText } from './safe-text.ts'
import { bytesText, durationText } from './words.ts'

/** Fields that have their own place in the line. */
const placed: ReadonlySet<string> = new Set(['level', 'time', 'msg', 'error', 'bytes', 'milliseconds'])

/** With its line feed; a record that is no JSON is shown as it is. */
export function recordLine(record: string): string {
  const fields = fieldsOf(record)
  if (fields === undefined) return `${safeText(record.trim())}\n`
  const { level, time, msg, error, bytes, milliseconds } = fields
  const parts = [String(time ?? '').slice(11, 19), String(level ?? '').padEnd(5)]
  // The name of the event tells nothing that a request line does not.
  if (msg !== undefined && fields.method === undefined) parts.push(String(msg))
  for (const [name, value] of Object.entries(fields))
    if (!placed.has(name) && value !== undefined) parts.push(plain(value))
  if (typeof bytes === 'number') parts.push(bytesText(bytes))
  if (typeof milliseconds === 'number') parts.push(durationText(milliseconds))
  if (typeof error === 'object' && error !== null) parts.push(errorPart(error))
  return `${safeText(parts.join(' '))}\n`
}

function errorPart(error: object): string {
  const { code, message, hint } = error as {
    readonly code?: unknown
    readonly message?: unknown
    readonly hint?: unknown
  }
  return `${plain(code)}: ${plain(message)}${hint === undefined ? '' : ` (${plain(hint)})`}`
}

const plain = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))

function fieldsOf(record: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(record)
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined
  } catch {
    return undefined
  }
}
