// The log of a server or a run: pino records out of engine events, one a line, with secrets blanked. pino is loaded only
// when there is a log to write, to keep the command line quick.

import type { Logger } from 'pino'
import type { EngineEvent, Events } from '../engine/events.ts'
import { MirrorError } from '../errors.ts'
import { accessLine } from './access.ts'
import { errorFields, type LineSink } from './lines.ts'
import { recordLine } from './log-text.ts'
import { pathText, shownText } from './safe-text.ts'

export interface LogOptions {
  /** A level of pino: trace, debug, info, warn, error, fatal, silent. */
  readonly level: string
  /** `auto`: text on a terminal, JSON elsewhere. */
  readonly format: 'auto' | 'text' | 'json'
}

export interface Log {
  readonly logger: Logger
  /** Logs engine events from now on. Returns a function that ends it. */
  follow(events: Events): () => void
  /** Writes what is still waiting; call it before the process ends. */
  flush(): void
}

/** Fields of any record that may hold secrets, wherever they were logged. */
const secret = ['authorization', 'cookie', 'password', 'bearer', 'token']
const redacted = secret.flatMap((name) => [name, `*.${name}`, `*.*.${name}`])

/** Writes to `out`. Throws a MirrorError CONFIG when there is no such level. */
export async function createLog(options: LogOptions, out: LineSink & { readonly isTTY?: boolean }): Promise<Log> {
  const { pino } = await import('pino')
  if (options.level !== 'silent' && !(options.level in pino.levels.values))
    throw new MirrorError('CONFIG', `There is no log level "${options.level}".`, {
      hint: `Use one of ${Object.keys(pino.levels.values).join(', ')} or silent.`,
    })

  const asText = options.format === 'text' || (options.format === 'auto' && out.isTTY === true)
  const sink = batched(out)
  const destination = asText ? { write: (record: string) => sink.write(recordLine(record)) } : sink
  const logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: redacted, censor: '***' },
      hooks: {
        logMethod(values, method) {
          const shown = values.map((value: unknown) => (typeof value === 'string' ? shownText(value) : value))
          method.apply(this, shown as typeof values)
        },
      },
      serializers: { url: (url: unknown) => (typeof url === 'string' ? shownText(url) : url) },
    },
    destination,
  )
  const [infos, errors] = (['info', 'error'] as const).map((level) => logger.isLevelEnabled(level))
  function heard(event: EngineEvent): void {
    if (event.type !== 'answered' || event.error !== undefined) record(logger, event)
    else if (event.status >= 500 ? errors : infos) destination.write(accessLine(event))
  }
  return {
    logger,
    follow: (events) => events.subscribe(heard),
    flush: sink.flush,
  }
}

/** One write for all lines of a turn of the event loop: under load a write a line costs more than making the line. */
function batched(out: LineSink): LineSink & { flush(): void } {
  let waiting = ''
  function flush(): void {
    const text = waiting
    waiting = ''
    if (text !== '') out.write(text)
  }
  return {
    write(line) {
      if (waiting === '') setImmediate(flush)
      waiting += line
    },
    flush,
  }
}

function record(logger: Logger, event: EngineEvent): void {
  if (event.type === 'answered') {
    const { method, path, status, bytes, milliseconds, cache, error } = event
    const taken = Math.round(milliseconds * 10) / 10
    const fields = { method, path: pathText(path), status, bytes, milliseconds: taken, cache, ...withError(error) }
    if (status >= 500) logger.error(fields, 'answered')
    else logger.info(fields, 'answered')
  }
  if (event.type === 'warning') {
    const { repo, path, error } = event
    logger.warn({ repo, path: path === undefined ? undefined : pathText(path), ...withError(error) }, 'warning')
  }
  if (event.type === 'finished' && event.error !== undefined) {
    const { repo, path, url, outcome, error } = event
    const fields = { repo, path: pathText(path), url, outcome, ...withError(error) }
    if (outcome === 'failed') logger.error(fields, outcome)
    else logger.warn(fields, outcome)
  }
  if (event.type === 'flipped') {
    const { repo, generation, was, is } = event
    logger.info({ repo, generation, was, is }, 'flipped')
  }
  if (event.type === 'asked') {
    const { repo, url, status, milliseconds } = event
    logger.debug({ repo, url, status, milliseconds: Math.round(milliseconds) }, 'asked')
  }
}

const withError = (error: MirrorError | undefined): { error?: Readonly<Record<string, unknown>> } =>
  error === undefined ? {} : { error: errorFields(error) }
