// Hashing of blobs across the processor's cores, by threads of its own.

import { Worker } from 'node:worker_threads'
import type { Digests } from '../contract.ts'
import { asMirrorError, MirrorError } from '../errors.ts'
import { hashers } from '../formats/digest.ts'
import type { Opened, Store } from '../store/store.ts'

export interface HashJob {
  readonly id: number
  readonly file: string
  readonly algorithms: readonly string[]
}
export type Hashed =
  | { readonly id: number; readonly size: number; readonly digests: Digests }
  /** The file could not be read. */
  | { readonly id: number; readonly message: string }

/** What the bytes of a blob really are. `broken`: the disk would not give them. */
export type Found =
  | { readonly size: number; readonly digests: Digests }
  | { readonly broken: string }
  | { readonly missing: true }

export interface Hashing {
  hash(sha256: string, algorithms: readonly string[]): Promise<Found>
  close(): Promise<void>
}

interface Lane {
  readonly worker: Worker
  readonly waiting: Map<number, PromiseWithResolvers<Hashed>>
}

const PIECE = 1024 * 1024

export function createHashing(store: Store, threads: number): Hashing {
  const lanes: Lane[] = []
  let lastId = 0
  let closed = false

  function start(): Lane {
    const file = new URL(import.meta.url.endsWith('.ts') ? './hash-thread.ts' : './hash-thread.js', import.meta.url)
    const worker = new Worker(file, { name: 'hashes' })
    const lane: Lane = { worker, waiting: new Map() }
    worker.on('message', (hashed: Hashed) => {
      lane.waiting.get(hashed.id)?.resolve(hashed)
      lane.waiting.delete(hashed.id)
    })
    const lost = (error: MirrorError): void => {
      const at = lanes.indexOf(lane)
      if (at !== -1) lanes.splice(at, 1)
      for (const { reject } of lane.waiting.values()) reject(error)
      lane.waiting.clear()
    }
    worker.on('error', (error) => lost(asMirrorError(error)))
    worker.on('exit', () => lost(new MirrorError('FAULT', 'a hashing thread ended')))
    lanes.push(lane)
    return lane
  }

  /** A lane without work, a new one, or the one with the least: a thread never waits for us between two files. */
  function pick(): Lane {
    if (closed) throw new MirrorError('STOPPED', 'the run was stopped')
    const [least] = [...lanes].sort((a, b) => a.waiting.size - b.waiting.size)
    return least === undefined || (least.waiting.size > 0 && lanes.length < threads) ? start() : least
  }

  async function inThread(file: string, algorithms: readonly string[]): Promise<Found> {
    lastId += 1
    const job: HashJob = { id: lastId, file, algorithms }
    const lane = pick()
    const done = Promise.withResolvers<Hashed>()
    lane.waiting.set(job.id, done)
    lane.worker.postMessage(job)
    const hashed = await done.promise
    return 'message' in hashed ? { broken: hashed.message } : { size: hashed.size, digests: hashed.digests }
  }

  return {
    async hash(sha256, algorithms) {
      const opened = await store.open(sha256)
      if (opened === undefined) return { missing: true }
      try {
        return await (opened.file === undefined ? hashHere(opened, algorithms) : inThread(opened.file, algorithms))
      } finally {
        await opened.close()
      }
    },
    async close() {
      closed = true
      await Promise.all(lanes.map(({ worker }) => worker.terminate()))
    },
  }
}

/** For a store that has no files. */
async function hashHere(opened: Opened, algorithms: readonly string[]): Promise<Found> {
  const hash = hashers(algorithms)
  const buffer = Buffer.allocUnsafe(PIECE)
  let size = 0
  for (;;) {
    const count = await opened.read(buffer, size)
    if (count === 0) return { size, digests: hash.digests() }
    hash.update(buffer.subarray(0, count))
    size += count
  }
}
