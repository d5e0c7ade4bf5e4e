// The worker threads: started when first needed, given one job at a time each.

import { Worker } from 'node:worker_threads'
import type { Entry } from '../contract.ts'
import { asMirrorError, MirrorError } from '../errors.ts'
import type { Call, FromThread, Job, Rendered, ToThread } from './messages.ts'

/** A thread's young generation, MiB: entries die at once, and V8 would let them pile up to a multiple of this. */
const YOUNG = 8
/** What a thread may hold, MiB: a document that takes more is refused, and the less it may be, the sooner V8 collects. */
const MEMORY = 1024
/** A thread without work is ended after this many milliseconds; its memory goes with it. */
const IDLE = 10_000

export interface Watching {
  entries?(entries: readonly Entry[]): void
  dropped?(path: string): void
  /** Settles when there is room for another piece; never rejects. */
  piece?(coding: 'identity' | 'gzip', piece: Uint8Array): Promise<void>
  answer?(call: Call): Promise<(ToThread & { type: 'reply' })['value']>
}

export interface Threads {
  run(job: Job, watching: Watching): Promise<Rendered>
  close(): Promise<void>
}

interface Waiting {
  readonly job: Job
  readonly watching: Watching
  readonly done: PromiseWithResolvers<Rendered>
}
interface Running {
  readonly worker: Worker
  current: Waiting | undefined
  idle: NodeJS.Timeout | undefined
}

/** `ecosystems`: address of the module that exports the list of ecosystems; `memory`: what each may hold, MiB. */
export function createThreads(ecosystems: string, most: number, memory = MEMORY): Threads {
  const running: Running[] = []
  const queue: Waiting[] = []
  let lastId = 0
  let closed = false

  function start(): Running {
    const file = new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js', import.meta.url)
    const worker = new Worker(file, {
      workerData: { ecosystems },
      name: 'documents',
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG, maxOldGenerationSizeMb: memory },
    })
    const one: Running = { worker, current: undefined, idle: undefined }
    worker.on('message', (message: FromThread) => heard(one, message))
    worker.on('error', (error) => lost(one, failureOf(error, one.current?.job, memory)))
    worker.on('exit', () => lost(one, new MirrorError('FAULT', 'a worker thread ended')))
    worker.unref()
    running.push(one)
    return one
  }

  function lost(one: Running, error: MirrorError): void {
    clearTimeout(one.idle)
    const at = running.indexOf(one)
    if (at !== -1) running.splice(at, 1)
    one.current?.done.reject(error)
    one.current = undefined
    if (!closed) next()
  }

  function heard(one: Running, message: FromThread): void {
    const { current } = one
    if (current === undefined) return
    switch (message.type) {
      case 'entries':
        attempt(one, () => current.watching.entries?.(message.entries))
        taken(one)
        break
      case 'dropped':
        current.watching.dropped?.(message.path)
        break
      case 'piece':
        void current.watching.piece?.(message.coding, message.piece).then(() => taken(one))
        break
      case 'call':
        void reply(one, message)
        break
      case 'done':
        current.done.resolve(message.rendered)
        free(one)
        break
      case 'failed':
        current.done.reject(new MirrorError(message.error.code, message.error.message, message.error.facts))
        free(one)
    }
  }

  const taken = (one: Running): void => one.worker.postMessage({ type: 'taken' } satisfies ToThread)

  /** What the main thread does with a message may fail; then the job has failed, and the thread is stopped with it. */
  function attempt(one: Running, work: () => void): void {
    try {
      work()
    } catch (error) {
      one.current?.done.reject(error)
      one.current = undefined
      void one.worker.terminate()
    }
  }

  async function reply(one: Running, { id, call, what }: FromThread & { type: 'call' }): Promise<void> {
    let answer: ToThread
    try {
      answer = { type: 'reply', id, call, value: await one.current?.watching.answer?.(what) }
    } catch (error) {
      const { code, message, facts } = asMirrorError(error)
      answer = { type: 'reply', id, call, error: { code, message, facts: { hint: facts.hint, until: facts.until } } }
    }
    one.worker.postMessage(answer)
  }

  function free(one: Running): void {
    one.current = undefined
    one.worker.unref()
    one.idle = setTimeout(() => retire(one), IDLE)
    one.idle.unref()
    next()
  }

  /** Out of the list first, so that no job is given to a thread that is ending. */
  function retire(one: Running): void {
    running.splice(running.indexOf(one), 1)
    void one.worker.terminate()
  }

  function next(): void {
    while (queue.length > 0) {
      const one = running.find((other) => other.current === undefined) ?? (running.length < most ? start() : undefined)
      const waiting = one === undefined ? undefined : queue.shift()
      if (one === undefined || waiting === undefined) return
      clearTimeout(one.idle)
      one.current = waiting
      one.worker.ref()
      lastId += 1
      one.worker.postMessage({ type: 'job', id: lastId, job: waiting.job } satisfies ToThread)
    }
  }

  return {
    run(job, watching) {
      const done = Promise.withResolvers<Rendered>()
      queue.push({ job, watching, done })
      next()
      return done.promise
    },
    async close() {
      closed = true
      await Promise.all(running.map((one) => one.worker.terminate()))
    },
  }
}

function failureOf(error: Error, job: Job | undefined, memory: number): MirrorError {
  if (!('code' in error) || error.code !== 'ERR_WORKER_OUT_OF_MEMORY') return asMirrorError(error)
  const path = job?.doc?.head.path
  const message = `${path ?? 'a made document'} takes more than ${memory} MiB of memory to be read`
  return new MirrorError('TOO_LARGE', message, { path })
}
