// One fetch writes a growing file at full speed; clients and sync follow it. The last 64 KiB are shown only when the
// bytes are verified. A broken transfer goes on by Range where a digest or a strong validator makes that safe, else it
// starts again; bytes that do not verify are fetched once more from the start, and never kept.

import type { Digests } from '../contract.ts'
import { asMirrorError, MirrorError } from '../errors.ts'
import { inflate } from '../formats/compress.ts'
import { compareDigests, hashers } from '../formats/digest.ts'
import type { Staged, Store } from '../store/store.ts'
import type { Client, Received } from '../upstream/client.ts'
import type { Events } from './events.ts'
import type { Flight } from './flights.ts'
import type { Growing } from './served.ts'

/** Bytes that are not shown before the whole is verified. */
const HOLD_BACK = 64 * 1024
/** Unwritten bytes in memory at which the network waits for the disk. */
const BACKLOG = 4 * 1024 * 1024
/** Transfers of one file before it is given up; a mismatch counts double. */
const TRIES = 4

export interface Wanted {
  readonly repo: string
  readonly path: string
  /** Equal addresses; the next is tried when one fails. */
  readonly urls: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  /** Does the address come out of a document? */
  readonly guarded: boolean
  readonly digests: Digests
  readonly size: number | undefined
  /** No more bytes than this are taken. */
  readonly limit: number
  readonly priority: number
  readonly absent: readonly number[]
  readonly signal?: AbortSignal
}

/** The first thing known of an answer. */
export interface Head {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly url: string
  /** Content length, where it was stated or vouched for. */
  readonly size: number | undefined
}

export interface Arrived extends Head {
  /** Undefined when there is no body to keep: 304, or not there. */
  readonly body:
    | { readonly staged: Staged; readonly size: number; readonly digests: Digests & { readonly sha256: string } }
    | undefined
}

export interface Download<T> extends Flight {
  /** When upstream has answered with a body; rejects when it does not. */
  readonly head: Promise<Head>
  readonly landed: Promise<T>
  /** The body, for one follower. */
  follow(): Growing
}

/**
 * Starts a download. `settle` is called once with the verified bytes (or with an answer without body) and makes them
 * held; it may refuse them by throwing, and nothing of the last 64 KiB has been shown by then.
 */
export function download<T>(
  seams: { readonly client: Client; readonly store: Store; readonly events: Events },
  wanted: Wanted,
  settle: (arrived: Arrived, release: () => void) => Promise<T>,
): Download<T> {
  const transfer = new Transfer(seams, wanted)
  const head = Promise.withResolvers<Head>()
  head.promise.catch(() => undefined)
  const landed = land()
  landed.catch(() => undefined)

  async function land(): Promise<T> {
    try {
      const arrived = await transfer.run(head.resolve)
      const result = await settle(arrived, () => transfer.finish())
      transfer.finish()
      return result
    } catch (error) {
      const failure = asMirrorError(error)
      transfer.fail(failure)
      head.reject(failure)
      throw failure
    } finally {
      await transfer.close()
    }
  }

  return { head: head.promise, landed, follow: () => transfer.follow() }
}

/** The life of one transfer: the file, its hashes, and those who follow it. */
class Transfer {
  readonly #client: Client
  readonly #store: Store
  readonly #events: Events
  readonly #wanted: Wanted
  #staged: Staged | undefined
  #hashes = hashers([])
  #written = 0
  #released = 0
  #size: number | undefined
  #done = false
  #failure: MirrorError | undefined
  /** Raised when bytes that followers may have read turn out not to be the right ones. */
  #start = 0
  #changed = Promise.withResolvers<void>()
  #followers = 0
  #closed = false

  constructor(seams: { client: Client; store: Store; events: Events }, wanted: Wanted) {
    this.#client = seams.client
    this.#store = seams.store
    this.#events = seams.events
    this.#wanted = wanted
    this.#size = wanted.size
    this.#changed.promise.catch(() => undefined)
  }

  /** Fetches until the bytes are whole and right, or there is no hope. */
  async run(onHead: (head: Head) => void): Promise<Arrived> {
    const { urls } = this.#wanted
    let failure: MirrorError | undefined
    let mismatches = 0
    let validator: string | undefined
    for (let attempt = 0; attempt < Math.max(TRIES, urls.length); attempt += 1) {
      const url = urls[attempt % urls.length] ?? ''
      try {
        const received = await this.#ask(url, validator)
        const head = this.#headOf(received, url)
        if (received.status !== 200 && received.status !== 206) {
          const absent = this.#refused(received, head)
          await received.discard()
          if (absent !== undefined && attempt + 1 < urls.length) {
            failure = absent
            continue
          }
          if (absent !== undefined) throw absent
          return { ...head, body: undefined }
        }
        await this.#prepare(received, validator)
        validator = strongValidator(received.headers)
        onHead(head)
        await this.#pump(received)
        return { ...head, body: await this.#verified() }
      } catch (error) {
        failure = asMirrorError(error)
        if (failure.code === 'WRONG_DIGEST' || failure.code === 'WRONG_LENGTH') {
          mismatches += 1
          if (mismatches > 1 || this.#written === 0) throw failure
          await this.#restart()
          validator = undefined
          continue
        }
        if (!failure.failure.retry) throw failure
        const last = attempt + 1 >= Math.max(TRIES, urls.length)
        if (last || (this.#written === 0 && attempt + 1 >= urls.length)) throw failure
        const mayResume = strongest(this.#wanted.digests) || validator !== undefined
        if (this.#written > 0 && !mayResume) await this.#restart()
      }
    }
    throw failure ?? new MirrorError('UNREACHABLE', `no address for ${this.#wanted.path}`)
  }

  #ask(url: string, validator: string | undefined): Promise<Received> {
    const { repo, path, headers, guarded, priority, size, signal } = this.#wanted
    this.#events.emit({ type: 'started', repo, path, url, ...(size === undefined ? {} : { size }) })
    const range =
      this.#written === 0
        ? {}
        : { range: `bytes=${this.#written}-`, ...(validator === undefined ? {} : { 'if-range': validator }) }
    return this.#client.ask({
      url,
      repo,
      guarded,
      priority,
      headers: { ...headers, ...range },
      ...(signal === undefined ? {} : { signal }),
    })
  }

  /** `url` is the address that was asked: the one after redirects may carry a signature that is nobody's business. */
  #headOf(received: Received, url: string): Head {
    const stated = received.headers['content-length']
    const size =
      this.#wanted.size ??
      (stated !== undefined && received.status === 200 && received.headers['content-encoding'] === undefined
        ? Number(stated)
        : undefined)
    return { status: received.status, headers: received.headers, url, size: this.#size ?? size }
  }

  /** An error for an answer without a body to keep; undefined for 304. A lack is thrown by the caller. */
  #refused(received: Received, head: Head): MirrorError | undefined {
    const { path, repo, absent } = this.#wanted
    if (received.status === 304) return undefined
    const facts = { url: head.url, status: received.status, path, repo }
    if (absent.includes(received.status)) return new MirrorError('NOT_FOUND', `${repo} has no ${path}`, facts)
    if (received.status === 401 || received.status === 403) {
      throw new MirrorError('UPSTREAM_AUTH', `upstream answered ${received.status} for ${path}`, facts)
    }
    if (received.status === 429) throw new MirrorError('RATE_LIMITED', `upstream answered 429 for ${path}`, facts)
    throw new MirrorError('UPSTREAM_STATUS', `upstream answered ${received.status} for ${path}`, facts)
  }

  /** Readies the file for this body: from the start, or behind what is there. */
  async #prepare(received: Received, validator: string | undefined): Promise<void> {
    const { path, limit } = this.#wanted
    const stated = this.#headOf(received, '').size
    if (stated !== undefined && stated > limit) {
      throw new MirrorError('TOO_LARGE', `${path} is stated with ${stated} bytes, more than the ${limit} allowed`, {
        path,
      })
    }
    if (this.#staged === undefined) {
      this.#staged = await this.#store.stage()
      this.#hashes = hashers(this.#algorithms())
    }
    if (received.status === 206) {
      const from = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(received.headers['content-range'] ?? '')
      const same = validator === undefined || strongValidator(received.headers) === validator
      if (
        from === null ||
        Number(from[1]) !== this.#written ||
        !same ||
        (this.#size !== undefined && from[2] !== '*' && Number(from[2]) !== this.#size)
      ) {
        await received.discard()
        await this.#restart()
        throw new MirrorError('TRUNCATED', `upstream resumed ${path} at the wrong place`, { path })
      }
      return
    }
    this.#size = stated
    if (this.#written > 0) await this.#restart()
  }

  #algorithms(): ReadonlySet<string> {
    return new Set(['sha256', ...Object.keys(this.#wanted.digests)])
  }

  async #pump(received: Received): Promise<void> {
    const limit = this.#wanted.size ?? this.#wanted.limit
    let waiting: Uint8Array[] = []
    let backlog = 0
    let writing: Promise<void> | undefined
    let broken: unknown
    const drain = async () => {
      while (waiting.length > 0) {
        const batch = waiting
        const bytes = backlog
        waiting = []
        backlog = 0
        await this.#staged?.write(batch)
        this.#wrote(bytes)
      }
    }
    let arrived = this.#written
    try {
      for await (const piece of this.#decoded(received)) {
        arrived += piece.length
        if (arrived > limit) {
          const code = this.#wanted.size === undefined ? 'TOO_LARGE' : 'WRONG_LENGTH'
          throw new MirrorError(code, `more than the ${limit} bytes expected came for ${this.#wanted.path}`, {
            path: this.#wanted.path,
          })
        }
        this.#hashes.update(piece)
        waiting.push(piece)
        backlog += piece.length
        if (writing === undefined) {
          writing = drain()
            .catch((error: unknown) => {
              broken = error
            })
            .finally(() => {
              writing = undefined
            })
        }
        if (backlog >= BACKLOG) await writing
        if (broken !== undefined) throw broken
      }
    } finally {
      await writing
    }
    if (broken !== undefined) throw broken
    await drain()
  }

  /** Upstream may compress although asked not to; a name that ends in the coding is the file itself (http-caching §9). */
  #decoded(received: Received): AsyncIterable<Uint8Array> {
    const coding = received.headers['content-encoding']?.trim().toLowerCase()
    const coded = coding === 'gzip' || coding === 'br' || coding === 'zstd' || coding === 'x-gzip'
    if (!coded || received.status === 206 || /\.(gz|tgz|br|zst|crate)$/.test(this.#wanted.path)) return received.body
    return inflate(received.body, coding === 'x-gzip' ? 'gzip' : coding, this.#wanted.size ?? this.#wanted.limit)
  }

  #wrote(bytes: number): void {
    this.#written += bytes
    this.#released = Math.max(this.#released, this.#written - HOLD_BACK)
    this.#events.emit({ type: 'progress', repo: this.#wanted.repo, path: this.#wanted.path, bytes })
    this.#wake()
  }

  async #verified(): Promise<NonNullable<Arrived['body']>> {
    const { path, size, digests: expected, repo } = this.#wanted
    if (size !== undefined && this.#written !== size) {
      throw new MirrorError('WRONG_LENGTH', `${path} has ${this.#written} bytes, ${size} were stated`, {
        path,
        repo,
        expected: size,
        found: this.#written,
      })
    }
    const digests = this.#hashes.digests()
    if (compareDigests(expected, digests) === 'different') {
      throw new MirrorError('WRONG_DIGEST', `${path} does not have the digest that was stated for it`, {
        path,
        repo,
        expected,
        found: digests,
      })
    }
    const { sha256 } = digests
    if (this.#staged === undefined || sha256 === undefined)
      throw new MirrorError('FAULT', `${path} arrived without a file`)
    return { staged: this.#staged, size: this.#written, digests: { ...digests, sha256 } }
  }

  async #restart(): Promise<void> {
    await this.#staged?.restart()
    this.#hashes = hashers(this.#algorithms())
    this.#written = 0
    this.#released = 0
    this.#start += 1
    this.#wake()
  }

  /** Everything may be shown. */
  finish(): void {
    if (this.#done || this.#failure !== undefined) return
    this.#released = this.#written
    this.#size = this.#written
    this.#done = true
    this.#wake()
  }

  fail(error: MirrorError): void {
    if (this.#done) return
    this.#failure = error
    this.#changed.reject(error)
  }

  /** No more work of our own; the file is let go when the last follower leaves. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#followers === 0) await this.#staged?.release()
  }

  #wake(): void {
    const woken = this.#changed
    this.#changed = Promise.withResolvers<void>()
    this.#changed.promise.catch(() => undefined)
    woken.resolve()
  }

  follow(): Growing {
    const transfer = this
    const start = this.#start
    let left = false
    let read = 0
    this.#followers += 1
    const current = () => {
      if (transfer.#failure !== undefined) throw transfer.#failure
      if (transfer.#start !== start && read > 0) {
        throw new MirrorError('TRUNCATED', `the transfer of ${transfer.#wanted.path} had to start again`, {
          path: transfer.#wanted.path,
        })
      }
    }
    return {
      get size() {
        return transfer.#size
      },
      get released() {
        return transfer.#released
      },
      get done() {
        return transfer.#done
      },
      async read(buffer, position) {
        current()
        const most = Math.min(buffer.length, transfer.#released - position)
        if (most <= 0 || transfer.#staged === undefined) return 0
        const bytes = await transfer.#staged.read(buffer.subarray(0, most), position)
        read += bytes
        return bytes
      },
      async more(position) {
        for (;;) {
          current()
          if (transfer.#done || transfer.#released > position) return
          await transfer.#changed.promise
        }
      },
      leave() {
        if (left) return
        left = true
        transfer.#followers -= 1
        if (transfer.#closed && transfer.#followers === 0) void transfer.#staged?.release()
      },
    }
  }
}

/** A digest that is strong enough to prove bytes put together from several transfers. */
const strongest = (digests: Digests): boolean =>
  ['sha256', 'sha512', 'sha384', 'blake2b512'].some((name) => digests[name] !== undefined)

/** A strong entity tag (RFC 9110 §8.8.3); dates are too coarse to join two transfers by. */
function strongValidator(headers: Readonly<Record<string, string>>): string | undefined {
  const etag = headers.etag
  return etag?.startsWith('"') ? etag : undefined
}
