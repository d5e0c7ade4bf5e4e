// The record of an answered request, as pino would write it. Its form is fixed and its values are few, so that it is put
// together by hand: through pino it took as long as the rest of a small answer.

import type { EngineEvent } from '../engine/events.ts'
import { pathText } from './safe-text.ts'

/** Paths that are shown as they are: printable, without what JSON escapes, and with no address in them. */
const plainPath = /^\/(?!.*:\/\/)[!#-[\]-~]*$/

let time = 0
let timeText = ''

/** Its line of JSON, with its line feed. */
export function accessLine(event: Extract<EngineEvent, { type: 'answered' }>): string {
  const { method, status, bytes, milliseconds, cache } = event
  const now = Date.now()
  if (now !== time) {
    time = now
    timeText = new Date(now).toISOString()
  }
  const level = status >= 500 ? 'error' : 'info'
  return `{"level":"${level}","time":"${timeText}","method":${JSON.stringify(method)},"path":"${shownPath(event.path)}","status":${status},"bytes":${bytes},"milliseconds":${Math.round(milliseconds * 10) / 10},"cache":"${cache}","msg":"answered"}\n`
}

function shownPath(path: string): string {
  const query = path.indexOf('?')
  const short = query < 0 ? path : path.slice(0, query)
  if (short.length < 2000 && plainPath.test(short)) return short
  return JSON.stringify(pathText(path)).slice(1, -1)
}
