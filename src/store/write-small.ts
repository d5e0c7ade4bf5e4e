// Small blobs are written by a thread: while it writes one group, the next one gathers. It is started when there is
// something to write, and ended when there has been nothing for a while.

import { Worker } from 'node:worker_threads'
import { asMirrorError, MirrorError } from '../errors.ts'

export interface SmallFile {
  readonly temporary: string
  readonly blob: string
  /** Where its bytes are in the group's. */
  readonly start: number
  readonly end: number
}

export interface Group {
  readonly files: readonly SmallFile[]
  readonly bytes: Uint8Array
}

/** What the system said. */
export interface Failure {
  readonly message: string
  readonly code?: string
}

export interface SmallWriter {
  /** The bytes are durable under the blob's name when it resolves. Throws what the system says of the disk. */
  write(temporary: string, blob: string, bytes: Uint8Array): Promise<void>
  /** Ends the thread. What is still to be written fails. */
  close(): Promise<void>
}

interface Waiting {
  readonly temporary: string
  readonly blob: string
  readonly bytes: Uint8Array
  readonly done: PromiseWithResolvers<void>
}

/** Bytes of a group; one file may have more. */
const MOST = 1024 * 1024
/** A thread without work is ended after this many milliseconds. */
const IDLE = 10_000

export function smallWriter(): SmallWriter {
  let waiting: Waiting[] = []
  let writing: readonly Waiting[] = []
  let worker: Worker | undefined
  let idle: NodeJS.Timeout | undefined
  let closed = false

  function start(): Worker {
    const file = new URL(import.meta.url.endsWith('.ts') ? './write-thread.ts' : './write-thread.js', import.meta.url)
    const made = new Worker(file, { name: 'writes', resourceLimits: { maxYoungGenerationSizeMb: 2 } })
    made.on('message', (failures: readonly (Failure | null)[]) => {
      const group = writing
      writing = []
      for (const [at, one] of group.entries()) {
        const failure = failures[at]
        if (failure === null || failure === undefined) one.done.resolve()
        else one.done.reject(ofSystem(failure))
      }
      next()
    })
    made.on('error', (error) => lost(made, asMirrorError(error)))
    made.on('exit', () => lost(made, new MirrorError('FAULT', 'the thread that writes blobs ended')))
    return made
  }

  function lost(ended: Worker, error: MirrorError): void {
    if (worker !== ended) return
    worker = undefined
    for (const one of [...writing, ...waiting]) one.done.reject(error)
    writing = []
    waiting = []
  }

  function next(): void {
    if (writing.length > 0) return
    if (waiting.length === 0) {
      worker?.unref()
      idle = setTimeout(retire, IDLE).unref()
      return
    }
    let size = 0
    const end = waiting.findIndex(({ bytes }, at) => {
      size += bytes.length
      return at > 0 && size > MOST
    })
    writing = end === -1 ? waiting : waiting.slice(0, end)
    waiting = end === -1 ? [] : waiting.slice(end)
    clearTimeout(idle)
    worker ??= start()
    worker.ref()
    const group = packed(writing)
    worker.postMessage(group, [group.bytes.buffer as ArrayBuffer])
  }

  function retire(): void {
    const ended = worker
    worker = undefined
    void ended?.terminate()
  }

  return {
    write(temporary, blob, bytes) {
      if (closed) throw new MirrorError('STOPPED', 'the run was stopped')
      const done = Promise.withResolvers<void>()
      waiting.push({ temporary, blob, bytes, done })
      next()
      return done.promise
    },
    async close() {
      closed = true
      clearTimeout(idle)
      await worker?.terminate()
    },
  }
}

function packed(waiting: readonly Waiting[]): Group {
  const bytes = new Uint8Array(waiting.reduce((sum, one) => sum + one.bytes.length, 0))
  let end = 0
  const files = waiting.map((one) => {
    const start = end
    bytes.set(one.bytes, start)
    end += one.bytes.length
    return { temporary: one.temporary, blob: one.blob, start, end }
  })
  return { files, bytes }
}

const ofSystem = ({ message, code }: Failure): MirrorError =>
  asMirrorError(Object.assign(new Error(message), code === undefined ? {} : { code }))
