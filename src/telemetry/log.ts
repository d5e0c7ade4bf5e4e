// The log of a server or a run: pino records out of engine events, one a line, with secrets blanked. pino is loaded only
// when there is a log to write, to keep the command line quick.

import type { Logger } from 'pino'
import type { EngineEvent, Events } from '../engine/events.ts'
import { MirrorError } from '../errors.ts'
import { accessLine, isLogged, type LogOptions } from './access.ts'
import { batched } from './batched.ts'
import { errorFields, type LineSink } from './lines.ts'
import { recordLine } from './log-text.ts'
import { pathText, shownText } from './safe-text.ts'

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
  function heard(event: EngineEvent): void {
    if (event.type !== 'answered') record(logger, event)
    else if (isLogged(event.status >= 500 ? 'error' : 'info', options.level)) destination.write(accessLine(event))
  }
  return {
    logger,
    follow: (events) => events.subscribe(heard),
    flush: sink.flush,
  }
}

function record(logger: Logger, event: EngineEvent): void {
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
