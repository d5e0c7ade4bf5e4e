// Hashing across the processor's cores, by threads of its own: of blobs, and of bytes while they arrive.

import { Worker } from 'node:worker_threads'
import type { Digests } from '../contract.ts'
import { asMirrorError, MirrorError } from '../errors.ts'
import { hashers } from '../formats/digest.ts'
import type { Opened, Store } from '../store/store.ts'

export type ToHash =
  /** A file as it lies there. */
  | { readonly type: 'file'; readonly id: number; readonly file: string; readonly algorithms: readonly string[] }
  /** Bytes that come in pieces, until `end`. */
  | { readonly type: 'begin'; readonly id: number; readonly algorithms: readonly string[] }
  | { readonly type: 'piece'; readonly id: number; readonly piece: Uint8Array }
  | { readonly type: 'end'; readonly id: number }
  | { readonly type: 'drop'; readonly id: number }

export type Hashed =
  | { readonly type: 'taken'; readonly id: number; readonly size: number }
  | { readonly type: 'hashed'; readonly id: number; readonly size: number; readonly digests: Digests }
  /** The file could not be read; `code` is the system's. */
  | { readonly type: 'broken'; readonly id: number; readonly message: string; readonly code?: string }

/** What the bytes of a blob really are. `broken`: the disk would not give them. */
export type Found =
  | { readonly size: number; readonly digests: Digests }
  | { readonly broken: MirrorError }
  | { readonly missing: true }

/** Throws DAMAGED for bytes that are not there, and what the disk said where it would not give them. */
export function digestsFound(found: Found, sha256: string): Digests {
  if ('digests' in found) return found.digests
  if ('broken' in found) throw found.broken
  throw new MirrorError('DAMAGED', `the blob ${sha256} is not in the store`, { sha256 })
}

/** Digests of bytes while they arrive. */
export interface Running {
  update(piece: Uint8Array): void
  /** Undefined: go on at once. Else too many bytes wait to be hashed, until it settles. */
  room(): Promise<void> | undefined
  /** Ends the computation. */
  digests(): Promise<Digests>
  /** Nobody wants to know any more. */
  drop(): void
}

export interface Hashing {
  hash(sha256: string, algorithms: readonly string[]): Promise<Found>
  /** For bytes of this size, when it is known: a thread takes over where that is worth its messages. */
  running(algorithms: Iterable<string>, size: number | undefined): Running
  close(): Promise<void>
}

interface Lane {
  readonly worker: Worker
  readonly work: Map<number, Work>
  idle: NodeJS.Timeout | undefined
}
interface Work {
  said(hashed: Hashed): void
  lost(error: MirrorError): void
}

const PIECE = 1024 * 1024
/** Smaller bodies are hashed sooner than a thread has its first message. */
const WORTH = 1024 * 1024
/** Bytes under way to a thread at which those who bring them wait. */
const AHEAD = 4 * PIECE
/** A thread without work is ended after this many milliseconds. */
const IDLE = 10_000

/** `threads`: 0 where there is no core to spare, and bytes are hashed where they arrive. */
export function createHashing(store: Store, threads: number): Hashing {
  const lanes: Lane[] = []
  let lastId = 0
  let closed = false

  function start(): Lane {
    const file = new URL(import.meta.url.endsWith('.ts') ? './hash-thread.ts' : './hash-thread.js', import.meta.url)
    const worker = new Worker(file, { name: 'hashes' })
    const lane: Lane = { worker, work: new Map(), idle: undefined }
    worker.on('message', (hashed: Hashed) => lane.work.get(hashed.id)?.said(hashed))
    const lost = (error: MirrorError): void => {
      retire(lane)
      for (const work of lane.work.values()) work.lost(error)
      lane.work.clear()
    }
    worker.on('error', (error) => lost(asMirrorError(error)))
    worker.on('exit', () => lost(new MirrorError('FAULT', 'a hashing thread ended')))
    lanes.push(lane)
    return lane
  }

  /** Out of the list first, so that no work is given to a thread that is ending. */
  function retire(lane: Lane): void {
    clearTimeout(lane.idle)
    const at = lanes.indexOf(lane)
    if (at !== -1) lanes.splice(at, 1)
    void lane.worker.terminate()
  }

  /** A lane without work, a new one, or the one with the least: a thread never waits for us between two files. */
  function pick(): Lane {
    if (closed) throw new MirrorError('STOPPED', 'the run was stopped')
    const [least] = [...lanes].sort((a, b) => a.work.size - b.work.size)
    return least === undefined || (least.work.size > 0 && lanes.length < threads) ? start() : least
  }

  /** Gives work to a thread; returns how to speak to it. */
  function employ(work: Work): { say(message: ToHash, transfer?: ArrayBuffer[]): void; id: number; done(): void } {
    const lane = pick()
    lastId += 1
    const id = lastId
    clearTimeout(lane.idle)
    lane.worker.ref()
    lane.work.set(id, work)
    return {
      id,
      say: (message, transfer = []) => lane.worker.postMessage(message, transfer),
      done() {
        if (!lane.work.delete(id) || lane.work.size > 0) return
        lane.worker.unref()
        lane.idle = setTimeout(() => retire(lane), IDLE)
        lane.idle.unref()
      },
    }
  }

  async function inThread(file: string, algorithms: readonly string[]): Promise<Found> {
    const found = Promise.withResolvers<Found>()
    const { id, say, done } = employ({
      said(hashed) {
        if (hashed.type === 'hashed') found.resolve({ size: hashed.size, digests: hashed.digests })
        else if (hashed.type === 'broken')
          found.resolve(hashed.code === 'ENOENT' ? { missing: true } : { broken: ofSystem(hashed) })
      },
      lost: found.reject,
    })
    say({ type: 'file', id, file, algorithms })
    return found.promise.finally(done)
  }

  function runningInThread(algorithms: readonly string[]): Running {
    const digests = Promise.withResolvers<Digests>()
    digests.promise.catch(() => undefined)
    let room = Promise.withResolvers<void>()
    let waiting = 0
    let gathered: Uint8Array[] = []
    let size = 0
    const { id, say, done } = employ({
      said(hashed) {
        if (hashed.type === 'hashed') digests.resolve(hashed.digests)
        if (hashed.type !== 'taken') return
        waiting -= hashed.size
        if (waiting < AHEAD) room.resolve()
      },
      lost(error) {
        digests.reject(error)
        room.resolve()
        waiting = Number.NEGATIVE_INFINITY
      },
    })
    say({ type: 'begin', id, algorithms })

    /** Copied into one piece: what arrives is written to disk at the same time. */
    function flush(): void {
      if (size === 0) return
      const piece = new Uint8Array(size)
      let at = 0
      for (const one of gathered) {
        piece.set(one, at)
        at += one.length
      }
      say({ type: 'piece', id, piece }, [piece.buffer])
      waiting += size
      gathered = []
      size = 0
    }
    return {
      update(piece) {
        gathered.push(piece)
        size += piece.length
        if (size >= PIECE) flush()
      },
      room() {
        if (waiting < AHEAD) return undefined
        room = Promise.withResolvers()
        return room.promise
      },
      digests() {
        flush()
        say({ type: 'end', id })
        return digests.promise.finally(done)
      },
      drop() {
        say({ type: 'drop', id })
        done()
      },
    }
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
    running(algorithms, size = 0) {
      return threads > 0 && size >= WORTH ? runningInThread([...algorithms]) : runningHere(algorithms)
    },
    async close() {
      closed = true
      await Promise.all(lanes.map(({ worker }) => worker.terminate()))
    },
  }
}

const ofSystem = ({ message, code }: { readonly message: string; readonly code?: string }): MirrorError =>
  asMirrorError(Object.assign(new Error(message), code === undefined ? {} : { code }))

function runningHere(algorithms: Iterable<string>): Running {
  const hash = hashers(algorithms)
  return {
    update: hash.update,
    room: () => undefined,
    digests: async () => hash.digests(),
    drop() {
      // it holds nothing
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
