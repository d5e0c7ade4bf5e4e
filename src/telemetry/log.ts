// The log of a server or a run: pino records out of engine events, one a line, with secrets blanked. pino is loaded only
// when there is a log to write, to keep the command line quick.

import type { Logger } from 'pino'
import type { EngineEvent, Events } from '../engine/events.ts'
import type { MirrorError } from '../errors.ts'
import { createAccessLog, isLogged, type LogOptions } from './access.ts'
import { errorFields, type LineSink } from './lines.ts'
import { pathText, shownText } from './safe-text.ts'

export interface Log {
  /** Logs engine events from now on. Returns a function that ends it. */
  follow(events: Events): () => void
  /** A record of level info, for what is no event. */
  said(fields: Readonly<Record<string, unknown>>, text: string): void
  /** Loads what records need, so that they are written also when no file can be opened any more. */
  open(): Promise<void>
  /** Writes what is still waiting; call it before the process ends. */
  flush(): Promise<void>
}

/** Fields of any record that may hold secrets, wherever they were logged. */
const secret = ['authorization', 'cookie', 'password', 'bearer', 'token']
const redacted = secret.flatMap((name) => [name, `*.${name}`, `*.*.${name}`])

/** Writes to `out`. */
export function createLog(options: LogOptions, out: LineSink & { readonly isTTY?: boolean }): Log {
  const access = createAccessLog(options, out, { shared: false })
  let last: Promise<Logger> | undefined
  let settled: Promise<void> = Promise.resolve()

  function heard(event: EngineEvent): void {
    if (event.type === 'answered') access.answered(event)
    else if (isTold(event) && isLogged(levelOf(event), options.level)) void write((logger) => record(logger, event))
  }

  /** In order, once pino is there. What comes while it cannot be loaded is lost, and the next tries again. */
  function write(how: (logger: Logger) => void): Promise<void> {
    const own = (last ?? openLogger(options.level, access)).then((logger) => {
      how(logger)
      return logger
    })
    last = own
    settled = own.then(
      () => undefined,
      () => {
        if (last === own) last = undefined
      },
    )
    return settled
  }

  return {
    follow: (events) => events.subscribe(heard),
    said(fields, text) {
      if (isLogged('info', options.level)) void write((logger) => logger.info(fields, text))
    },
    open: () => write(() => undefined),
    async flush() {
      await settled
      access.flush()
    },
  }
}

type Told = Extract<EngineEvent, { type: 'warning' | 'finished' | 'flipped' | 'asked' }>

/** Progress is for those who watch. */
const isTold = (event: EngineEvent): event is Told =>
  ['warning', 'flipped', 'asked'].includes(event.type) || (event.type === 'finished' && event.error !== undefined)

function levelOf(event: Told): 'debug' | 'info' | 'warn' | 'error' {
  if (event.type === 'asked') return 'debug'
  if (event.type === 'flipped') return 'info'
  return event.type === 'finished' && event.outcome === 'failed' ? 'error' : 'warn'
}

async function openLogger(level: string, destination: LineSink): Promise<Logger> {
  const { pino } = await import('pino')
  return pino(
    {
      level,
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
}

function record(logger: Logger, event: Told): void {
  const level = levelOf(event)
  if (event.type === 'warning') {
    const { repo, path, error } = event
    logger[level]({ repo, path: path === undefined ? undefined : pathText(path), ...withError(error) }, 'warning')
  }
  if (event.type === 'finished') {
    const { repo, path, url, outcome, error } = event
    const fields = { repo, path: pathText(path), url, outcome, ...withError(error) }
    logger[level](fields, outcome)
  }
  if (event.type === 'flipped') {
    const { repo, generation, was, is } = event
    logger[level]({ repo, generation, was, is }, 'flipped')
  }
  if (event.type === 'asked') {
    const { repo, url, status, milliseconds } = event
    logger[level]({ repo, url, status, milliseconds: Math.round(milliseconds) }, 'asked')
  }
}

const withError = (error: MirrorError | undefined): { error?: Readonly<Record<string, unknown>> } =>
  error === undefined ? {} : { error: errorFields(error) }
