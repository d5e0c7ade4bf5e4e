// The records of requests, as pino would write them. Their form is fixed and their values are few, so that they are put
// together by hand: through pino one took as long as the rest of a small answer.

import type { EngineEvent } from '../engine/events.ts'
import { batched } from './batched.ts'
import { errorFields, type LineSink } from './lines.ts'
import { recordLine } from './log-text.ts'
import { pathText, shownText } from './safe-text.ts'

export interface LogOptions {
  /** A level of pino: trace, debug, info, warn, error, fatal, silent. */
  readonly level: string
  /** `auto`: text on a terminal, JSON elsewhere. */
  readonly format: 'auto' | 'text' | 'json'
}

type Answered = Extract<EngineEvent, { type: 'answered' }>

/** Paths that are shown as they are: printable, without what JSON escapes, and with no address in them. */
const plainPath = /^\/(?!.*:\/\/)[!#-[\]-~]*$/

let time = 0
let timeText = ''

function now(): string {
  const current = Date.now()
  if (current !== time) {
    time = current
    timeText = new Date(current).toISOString()
  }
  return timeText
}

/** Its line of JSON, with its line feed. */
function accessLine({ method, path, status, bytes, milliseconds, cache, error }: Answered): string {
  const level = status >= 500 ? 'error' : 'info'
  const failed = error === undefined ? '' : `,"error":${JSON.stringify(errorFields(error))}`
  return `{"level":"${level}","time":"${now()}","method":${JSON.stringify(method)},"path":"${shownPath(path)}","status":${status},"bytes":${bytes},"milliseconds":${Math.round(milliseconds * 10) / 10},"cache":"${cache}"${failed},"msg":"answered"}\n`
}

function shownPath(path: string): string {
  const query = path.indexOf('?')
  const short = query < 0 ? path : path.slice(0, query)
  if (short.length < 2000 && plainPath.test(short)) return short
  return JSON.stringify(pathText(path)).slice(1, -1)
}

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

/** Is a record of this level written? */
export const isLogged = (level: 'debug' | 'info' | 'warn' | 'error', least: string): boolean =>
  levels.indexOf(level) >= levels.indexOf(least)

/** A write of up to so many bytes to a pipe is whole, whoever else writes to it (POSIX: at least 512, Linux: 4096). */
const WHOLE = 4096

export interface AccessLog {
  answered(event: Answered): void
  /** A record as pino writes it, with its line feed, in the form that is wanted. */
  write(record: string): void
  /** A record of level info, whose texts hold no secrets. */
  said(record: Readonly<Record<string, unknown>>, text: string): void
  flush(): void
}

/** `shared`: other processes write to `out` too. */
export function createAccessLog(
  { level, format }: LogOptions,
  out: LineSink & { readonly isTTY?: boolean },
  { shared }: { readonly shared: boolean },
): AccessLog {
  const sink = shared ? batched(out, WHOLE) : batched(out)
  const asText = format === 'text' || (format === 'auto' && out.isTTY === true)
  const write = (record: string): void => void sink.write(asText ? recordLine(record) : record)
  return {
    write,
    answered(event) {
      if (isLogged(event.status >= 500 ? 'error' : 'info', level)) write(accessLine(event))
    },
    said(record, text) {
      if (!isLogged('info', level)) return
      const shown = (_: string, value: unknown) => (typeof value === 'string' ? shownText(value) : value)
      write(`${JSON.stringify({ level: 'info', time: now(), ...record, msg: text }, shown)}\n`)
    },
    flush: sink.flush,
  }
}
