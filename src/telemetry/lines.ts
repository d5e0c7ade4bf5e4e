// Progress as lines: one a finished item for people whose output is no terminal, one JSON document a line for programs,
// failures alone for those who asked for quiet.

import type { EngineEvent, Events } from '../engine/events.ts'
import type { MirrorError } from '../errors.ts'
import { pathText, shownText } from './safe-text.ts'
import { bytesText, durationText } from './words.ts'

/** Takes whole lines, with their line feed. */
export interface LineSink {
  write(text: string): unknown
}

type Finished = Extract<EngineEvent, { type: 'finished' }>

/** `fetched npm /react (1.2 MB, 340 ms)`; a failure with its code, message and hint. */
export function itemLine({ outcome, repo, path, bytes, milliseconds, error }: Finished): string {
  const subject = `${outcome} ${shownText(repo)} ${pathText(path)}`
  if (outcome === 'missing') return `${subject} (upstream does not have it)`
  if (error !== undefined) return `${subject}: ${errorText(error)}`
  return outcome === 'fetched' ? `${subject} (${bytesText(bytes)}, ${durationText(milliseconds)})` : subject
}

/** `CODE: message (hint)`. */
export function errorText(error: MirrorError): string {
  return `${error.code}: ${shownText(error.located)} (${shownText(error.hint)})`
}

export function warningLine({ repo, path, error }: Extract<EngineEvent, { type: 'warning' }>): string {
  const subject = [repo, path].filter((part) => part !== undefined).map(shownText)
  return ['warning', ...subject].join(' ').concat(`: ${errorText(error)}`)
}

const flipLine = ({ repo, generation, was, is }: Extract<EngineEvent, { type: 'flipped' }>): string =>
  `flipped ${shownText(repo)} ${shownText(generation)}: generation ${was === undefined ? '' : `${was} to `}${is}`

/** Plain lines for people. Returns a function that ends them. */
export function showLines(events: Events, out: LineSink): () => void {
  return events.subscribe((event) => {
    if (event.type === 'finished') out.write(`${itemLine(event)}\n`)
    if (event.type === 'warning') out.write(`${warningLine(event)}\n`)
    if (event.type === 'flipped') out.write(`${flipLine(event)}\n`)
  })
}

/** Failures and warnings alone. Returns a function that ends them. */
export function showFailures(events: Events, out: LineSink): () => void {
  return events.subscribe((event) => {
    if (event.type === 'finished' && event.outcome === 'failed') out.write(`${itemLine(event)}\n`)
    if (event.type === 'warning') out.write(`${warningLine(event)}\n`)
  })
}

/** One document of a `--json` stream, with its line feed: `{"schema":1,"type":"item",…}`. */
export function jsonLine(type: string, fields: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify({ schema: 1, type, ...fields })}\n`
}

/** An error in `--json` output. */
export function errorFields(error: MirrorError): Readonly<Record<string, unknown>> {
  const { file, line, until } = error.facts
  return { code: error.code, message: shownText(error.message), hint: shownText(error.hint), file, line, until }
}

/** JSON lines of type `item`, `warning` and `flipped`. Returns a function that ends them. */
export function showJson(events: Events, out: LineSink): () => void {
  return events.subscribe((event) => {
    const line = eventLine(event)
    if (line !== undefined) out.write(line)
  })
}

function eventLine(event: EngineEvent): string | undefined {
  if (event.type === 'finished') {
    const { repo, path, url, outcome, bytes, milliseconds, proof, error } = event
    return jsonLine('item', {
      repo,
      path,
      url: url === undefined ? undefined : shownText(url),
      outcome,
      bytes,
      milliseconds: Math.round(milliseconds),
      proof,
      error: error === undefined ? undefined : errorFields(error),
    })
  }
  if (event.type === 'warning') {
    const { repo, path, error } = event
    return jsonLine('warning', { repo, path, error: errorFields(error) })
  }
  if (event.type === 'flipped') {
    const { repo, generation, was, is } = event
    return jsonLine('flipped', { repo, generation, was, is })
  }
  return undefined
}
