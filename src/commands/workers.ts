// The processes of `serve --workers`: started, watched and stopped by the one with the engine. One that ends unasked is
// replaced.

import cluster, { type Worker } from 'node:cluster'
import { getCompileCacheDir } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { MirrorError } from '../errors.ts'
import type { Use } from '../server/hits.ts'
import type { LogOptions } from '../telemetry/access.ts'

/** What a worker needs to know. */
export interface Plan {
  /** Where the process with the engine is reached. */
  readonly engine: string
  /** Sockets by the name of the repository that is alone there; '' for what is common to all. */
  readonly listen: readonly { readonly name: string; readonly at: readonly string[] }[]
  readonly store: string
  readonly catalog: string
  readonly baseUrl?: string
  readonly hosts: readonly string[]
  readonly log: LogOptions
  readonly debug: boolean
  /** Addresses of nginx in front, when it sends large files itself. */
  readonly accel?: readonly string[]
}

export type ToWorker =
  | { readonly type: 'plan'; readonly plan: Plan }
  | { readonly type: 'stop'; readonly grace: number }

export type FromWorker =
  | { readonly type: 'ready'; readonly addresses: Addressed; readonly ports: readonly number[] }
  | { readonly type: 'failed'; readonly message: string; readonly hint: string }
  | { readonly type: 'used'; readonly uses: readonly Use[] }

/** Addresses by the name of the listener. */
export type Addressed = Readonly<Record<string, readonly string[]>>

export interface Fleet {
  readonly addresses: Addressed
  readonly ports: readonly number[]
  /** Answers under way get `grace` milliseconds. */
  stop(grace: number): Promise<void>
}

export interface Watching {
  used(uses: readonly Use[]): void
  /** A worker ended although nobody told it to. */
  lost(error: MirrorError): void
}

/** One that ends sooner is not replaced at once, milliseconds. */
const PAUSE = 1000

/** Starts `count` workers. Throws CONFIG when they cannot listen. */
export async function startWorkers(count: number, plan: Plan, { used, lost }: Watching): Promise<Fleet> {
  cluster.setupPrimary({
    exec: fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)),
    args: [],
    // what a worker makes lives for one answer: a young generation of 16 MiB only takes memory
    execArgv: [...process.execArgv, '--max-semi-space-size=4'],
    ...(process.platform === 'win32' ? { windowsHide: true } : {}),
  })
  const compiled = getCompileCacheDir()
  const running = new Set<Worker>()
  let stopping = false

  function start(): Promise<Extract<FromWorker, { type: 'ready' }>> {
    const worker = cluster.fork(compiled === undefined ? {} : { NODE_COMPILE_CACHE: compiled })
    const begun = performance.now()
    const connections = passedTo(worker)
    const ready = Promise.withResolvers<Extract<FromWorker, { type: 'ready' }>>()
    running.add(worker)
    worker.on('message', (message: FromWorker) => {
      if (message.type === 'used') used(message.uses)
      else if (message.type === 'ready') ready.resolve(message)
      else ready.reject(new MirrorError('CONFIG', message.message, { hint: message.hint }))
    })
    // what was being told to one that has ended: its end is told, too
    worker.on('error', () => undefined)
    worker.once('exit', (code: number | null, signal: string | null) => {
      running.delete(worker)
      connections.close()
      const error = new MirrorError('FAULT', `worker ${worker.process.pid} ended with ${signal ?? code}`, {
        hint: 'Another takes its place; what it was answering has broken off.',
      })
      ready.reject(error)
      if (stopping || !started) return
      lost(error)
      const pause = Math.max(0, PAUSE - (performance.now() - begun))
      void sleep(pause, undefined, { ref: false }).then(() => (stopping ? undefined : start().catch(() => undefined)))
    })
    // the process may have ended before it could be told
    worker.send({ type: 'plan', plan } satisfies ToWorker, () => undefined)
    return ready.promise
  }

  async function stop(grace: number): Promise<void> {
    stopping = true
    await Promise.all(
      [...running].map(async (worker) => {
        // an error of what it was being told comes before its end, and is not its end
        const gone = new Promise((resolve) => worker.once('exit', resolve))
        const timer = setTimeout(() => worker.process.kill('SIGKILL'), grace + PAUSE)
        if (worker.isConnected()) worker.send({ type: 'stop', grace } satisfies ToWorker, () => undefined)
        await gone
        clearTimeout(timer)
      }),
    )
  }

  let started = false
  try {
    const [first] = await Promise.all(Array.from({ length: count }, start))
    started = true
    return { addresses: first?.addresses ?? {}, ports: first?.ports ?? [], stop }
  } catch (error) {
    await stop(0)
    throw error
  }
}

/** What node:cluster says to a worker, and hears of it, about a connection that is handed over. */
interface Handing {
  readonly act?: string
  readonly seq?: number
  readonly ack?: number
}

/**
 * The connections on their way to a worker. node:cluster holds each until the worker says that it has it, and for ever where
 * that died before: its client would wait without an end. Such are closed.
 */
function passedTo({ process: child }: Worker): { close(): void } {
  const passed = new Map<number, { close(): void }>()
  const send = child.send.bind(child) as (...args: readonly unknown[]) => boolean
  child.send = (...args: readonly unknown[]) => {
    const [message, handle] = args as [Handing, { close(): void } | undefined]
    if (message.act === 'newconn' && message.seq !== undefined && handle !== undefined) passed.set(message.seq, handle)
    return send(...args)
  }
  child.on('internalMessage', ({ ack }: Handing) => void (ack === undefined || passed.delete(ack)))
  return {
    close() {
      for (const handle of passed.values()) handle.close()
      passed.clear()
    },
  }
}
