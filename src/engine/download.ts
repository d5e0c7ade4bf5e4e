// One fetch writes a growing file at full speed; clients and sync follow it. The last 64 KiB are shown only when the
// bytes are verified. A broken transfer goes on by Range where a digest or a strong validator makes that safe, else it
// starts again; bytes that do not verify are fetched once more from the start, and never kept.

import { setImmediate as turn } from 'node:timers/promises'
import type { Digests } from '../contract.ts'
import { asMirrorError, MirrorError } from '../errors.ts'
import { inflate } from '../formats/compress.ts'
import { compareDigests } from '../formats/digest.ts'
import type { Staged, Store } from '../store/store.ts'
import type { Client, Received } from '../upstream/client.ts'
import type { Events } from './events.ts'
import type { Flight } from './flights.ts'
import { GrowingFile } from './growing-file.ts'
import type { Hashing, Running } from './hashing.ts'
import type { Growing } from './served.ts'

/** Unwritten bytes in memory at which the network waits for the disk. */
const BACKLOG = 4 * 1024 * 1024
/** Bytes of a file's beginning that are passed on piece by piece. */
const EAGER = 1024 * 1024
/** Transfers of one file before it is given up; a mismatch counts double. */
const TRIES = 4
/** Pages of one document; the largest repositories have some hundreds. */
const MOST_PAGES = 5000
/** What stands between pages (RFC 7464 §2.2). */
const SEPARATOR = Uint8Array.of(0x1e)

export interface Wanted {
  readonly repo: string
  readonly path: string
  readonly variant: string
  /** Equal addresses; the next is tried when one fails. */
  readonly urls: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  /** Does the address come out of a document? */
  readonly guarded: boolean
  readonly digests: Digests
  /** Further digests to compute. */
  readonly hashes: readonly string[]
  readonly size: number | undefined
  /** No more bytes than this are taken. */
  readonly limit: number
  readonly priority: number
  readonly absent: readonly number[]
  /** The addresses of the next page by the header fields of the one before, in the order of `urls`. */
  readonly next?: (headers: Readonly<Record<string, string>>) => readonly string[] | undefined
  /** Why an answer with these header fields may not be kept; undefined when it may. */
  readonly whyNotKept?: (headers: Readonly<Record<string, string>>) => string | undefined
  /** Where the bytes are put; the store's own place when left out. */
  readonly stage?: (size: number | undefined) => Promise<Staged>
  /** Takes over an answer that may not be kept; without it the answer is let go. */
  readonly pass?: (received: Received) => void
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

interface Seams {
  readonly client: Client
  readonly store: Store
  readonly events: Events
  readonly hashing: Hashing
}

/**
 * Starts a download. `settle` is called once with the verified bytes (or with an answer without body) and makes them
 * held; it may refuse them by throwing, and nothing of the last 64 KiB has been shown by then.
 */
export function download<T>(
  seams: Seams,
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
      const result = await settle(arrived, () => transfer.file.finish())
      transfer.file.finish()
      return result
    } catch (error) {
      const failure = asMirrorError(error)
      transfer.file.fail(failure)
      head.reject(failure)
      throw failure
    } finally {
      transfer.forget()
      await transfer.file.close()
    }
  }

  return { head: head.promise, landed, follow: () => transfer.file.follow() }
}

/** The life of one transfer: its requests, its hashes, and the file it fills. */
class Transfer {
  readonly #client: Client
  readonly #store: Store
  readonly #events: Events
  readonly #hashing: Hashing
  readonly #wanted: Wanted
  /** What arrives, and those who follow it. */
  readonly file: GrowingFile
  #hashes: Running | undefined
  /** Conditions are sent until upstream has answered with a body. */
  #conditional = true
  /** The strong validator of the bytes that are there. */
  #validator: string | undefined
  #head: Head | undefined

  constructor(seams: Seams, wanted: Wanted) {
    this.#client = seams.client
    this.#store = seams.store
    this.#events = seams.events
    this.#hashing = seams.hashing
    this.#wanted = wanted
    this.file = new GrowingFile(wanted.path, wanted.size)
  }

  /** Fetches until the bytes are whole and right, or there is no hope. */
  async run(onHead: (head: Head) => void): Promise<Arrived> {
    const { urls, digests } = this.#wanted
    const most = Math.max(TRIES, urls.length)
    let failure: MirrorError | undefined
    let mismatches = 0
    for (let attempt = 0; attempt < most; attempt += 1) {
      try {
        const arrived = await this.#attempt(attempt % urls.length, onHead)
        if (arrived !== undefined) return arrived
      } catch (error) {
        failure = asMirrorError(error)
        const { code } = failure
        if (code === 'NOT_FOUND' && attempt + 1 < urls.length) continue
        if (code === 'WRONG_DIGEST' || code === 'WRONG_LENGTH') {
          mismatches += 1
          if (mismatches > 1 || this.file.written === 0) throw failure
          await this.#restart()
          continue
        }
        // only what upstream did may be better the next time
        if (failure.failure.exit !== 6 || !failure.failure.retry || attempt + 1 >= most) throw failure
        // before there was an answer the client has tried again by itself
        if (this.#head === undefined && attempt + 1 >= urls.length) throw failure
        if (this.file.written > 0 && !strongest(digests) && this.#validator === undefined) await this.#restart()
      }
    }
    throw failure ?? new MirrorError('UNREACHABLE', `no address for ${this.#wanted.path}`)
  }

  /** One request and its body; undefined when it has to be asked once more in another way. */
  async #attempt(place: number, onHead: (head: Head) => void): Promise<Arrived | undefined> {
    const url = this.#wanted.urls[place] ?? ''
    const received = await this.#ask(url, this.#range())
    if (received.status === 200) await this.#mayKeep(received)
    let head: Head
    try {
      if (received.status !== 200 && received.status !== 206) return await this.#bodiless(received, url)
      await this.#prepare(received)
      head = { status: received.status, headers: received.headers, url, size: this.file.size }
      if (received.status === 200 || this.#head === undefined) this.#head = head
      onHead(head)
    } catch (error) {
      // the connection would wait for its body to be read
      await received.discard()
      throw error
    }
    await this.#pump(received)
    await this.#pages(received.headers, place)
    if (received.status === 206 && this.file.size !== undefined && this.file.written < this.file.size) {
      throw new MirrorError('TRUNCATED', `upstream sent less of ${this.#wanted.path} than was asked for`, {
        path: this.#wanted.path,
      })
    }
    return { ...this.#head, body: await this.#verified() }
  }

  /** The pages after the first one, behind it in the same file. */
  async #pages(first: Readonly<Record<string, string>>, place: number): Promise<void> {
    const { path, next } = this.#wanted
    const asked = new Set<string>()
    let url = next?.(first)?.[place]
    while (url !== undefined) {
      if (asked.has(url) || asked.size >= MOST_PAGES)
        throw new MirrorError('UNREADABLE', `the pages of ${path} lead in a circle, or never end`, { path, url })
      asked.add(url)
      const received = await this.#ask(url, {})
      if (received.status !== 200) {
        await received.discard()
        const refused = this.#refused(received.status, url)
        // the document is there: one page of it is missing
        throw refused.code === 'NOT_FOUND'
          ? new MirrorError('UPSTREAM_STATUS', refused.message, refused.facts)
          : refused
      }
      this.#hashes?.update(SEPARATOR)
      await this.file.append([SEPARATOR], SEPARATOR.length)
      await this.#pump(received)
      url = next?.(received.headers)?.[place]
    }
  }

  async #mayKeep(received: Received): Promise<void> {
    const { path, repo, whyNotKept, pass } = this.#wanted
    const reason = whyNotKept?.(received.headers)
    if (reason === undefined) return
    if (pass === undefined) await received.discard()
    else pass(received)
    throw new MirrorError('UNSTORABLE', `upstream does not let ${path} be kept: ${reason}`, { path, repo })
  }

  /** An answer without a body to keep: 304, the end of a resumed transfer, or an error. */
  async #bodiless(received: Received, url: string): Promise<Arrived | undefined> {
    const { status, headers } = received
    if (status === 304 && this.#conditional) {
      await received.discard()
      // a 304 about other bytes than ours (RFC 9111 §4.3.4): they are asked for
      const [ours, theirs] = [this.#wanted.headers['if-none-match'], strongValidator(headers)]
      const isOurs = ours === undefined || theirs === undefined || ours.startsWith('W/') || ours === theirs
      if (isOurs) return { status, headers, url, size: this.file.size, body: undefined }
      this.#conditional = false
      return undefined
    }
    if (status === 416 && this.file.written > 0) {
      await received.discard()
      const total = /^bytes \*\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1]
      if (this.#head !== undefined && Number(total) === this.file.written)
        return { ...this.#head, body: await this.#verified() }
      await this.#restart()
      return undefined
    }
    throw this.#refused(status, url)
  }

  #ask(url: string, range: Readonly<Record<string, string>>): Promise<Received> {
    const { repo, path, variant, headers, guarded, priority, size, signal } = this.#wanted
    this.#events.emit({ type: 'started', repo, path, url, ...(size === undefined ? {} : { size }) })
    return this.#client.ask({
      url,
      repo,
      place: { path, variant },
      guarded,
      priority,
      headers: this.#conditional ? headers : { ...withoutConditions(headers), ...range },
      ...(signal === undefined ? {} : { signal }),
    })
  }

  #range(): Readonly<Record<string, string>> {
    if (this.file.written === 0) return {}
    const condition = this.#validator === undefined ? {} : { 'if-range': this.#validator }
    return { range: `bytes=${this.file.written}-`, ...condition }
  }

  #refused(status: number, url: string): MirrorError {
    const { path, repo, absent } = this.#wanted
    const facts = { url, status, path, repo }
    if (absent.includes(status)) return new MirrorError('NOT_FOUND', `${repo} has no ${path}`, facts)
    const said = `upstream answered ${status} for ${path}`
    if (status === 401 || status === 403) return new MirrorError('UPSTREAM_AUTH', said, facts)
    return new MirrorError(status === 429 ? 'RATE_LIMITED' : 'UPSTREAM_STATUS', said, facts)
  }

  /** Readies the file for this body: from the start, or behind what is there. */
  async #prepare(received: Received): Promise<void> {
    const { path, limit, size: vouched } = this.#wanted
    const { 'content-length': length, 'content-encoding': coding } = received.headers
    const partial = received.status === 206
    if (partial && !this.#continues(received)) {
      await this.#restart()
      throw new MirrorError('TRUNCATED', `upstream sent another part of ${path} than was asked for`, { path })
    }
    const stated = length !== undefined && coding === undefined ? Number(length) : undefined
    const size = vouched ?? (partial ? this.file.size : stated)
    if (size !== undefined && size > limit) {
      throw new MirrorError('TOO_LARGE', `${path} is stated with ${size} bytes, more than the ${limit} allowed`, {
        path,
      })
    }
    const { stage } = this.#wanted
    const begins = await this.file.open(stage === undefined ? this.#store.stage : () => stage(size))
    this.#conditional = false
    if (partial) return
    this.file.size = size
    if (begins) this.#hashAnew()
    // what validates a page says nothing of the others
    this.#validator = this.#wanted.next === undefined ? strongValidator(received.headers) : undefined
    if (this.file.written > 0) await this.#restart()
  }

  /** Is it the part that was asked for, of the same whole? A part nobody asked for is none (RFC 9110 §15.3.7). */
  #continues(received: Received): boolean {
    const [, from, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(received.headers['content-range'] ?? '') ?? []
    if (this.file.written === 0 || Number(from) !== this.file.written) return false
    if (this.#validator !== undefined && strongValidator(received.headers) !== this.#validator) return false
    if (total === '*') return this.file.size !== undefined || strongest(this.#wanted.digests)
    if (this.file.size !== undefined) return Number(total) === this.file.size
    this.file.size = Number(total)
    return true
  }

  #hashAnew(): void {
    this.forget()
    const algorithms = ['sha256', ...this.#wanted.hashes, ...Object.keys(this.#wanted.digests)]
    this.#hashes = this.#hashing.running(new Set(algorithms), this.file.size)
  }

  /** Lets go of hashes that nobody asks for any more. */
  forget(): void {
    this.#hashes?.drop()
    this.#hashes = undefined
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
        await this.file.append(batch, bytes)
        this.#events.emit({ type: 'progress', repo: this.#wanted.repo, path: this.#wanted.path, bytes })
      }
    }
    let arrived = this.file.written
    try {
      for await (const piece of this.#decoded(received)) {
        arrived += piece.length
        if (arrived > limit) {
          const code = this.#wanted.size === undefined ? 'TOO_LARGE' : 'WRONG_LENGTH'
          throw new MirrorError(code, `more than the ${limit} bytes expected came for ${this.#wanted.path}`, {
            path: this.#wanted.path,
          })
        }
        this.#hashes?.update(piece)
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
        const room = this.#hashes?.room()
        if (room !== undefined) await room
        if (backlog >= BACKLOG) await writing
        // a body that is there already comes in one go: followers get a turn of the event loop for their first bytes
        else if (arrived <= EAGER) await turn()
        if (broken !== undefined) throw broken
      }
    } finally {
      // what was hashed is written too, or a resumed transfer would not fit behind it
      await writing
      if (broken === undefined) await drain()
    }
    if (broken !== undefined) throw broken
  }

  /** Upstream may compress although asked not to; a name that ends in the coding is the file itself (http-caching §9). */
  #decoded(received: Received): AsyncIterable<Uint8Array> {
    const coding = received.headers['content-encoding']?.trim().toLowerCase()
    const coded = coding === 'gzip' || coding === 'br' || coding === 'zstd' || coding === 'x-gzip'
    if (!coded || received.status === 206 || /\.(gz|tgz|br|zst|crate)$/.test(this.#wanted.path)) return received.body
    return inflate(received.body, coding === 'x-gzip' ? 'gzip' : coding, this.#wanted.size ?? this.#wanted.limit)
  }

  async #verified(): Promise<NonNullable<Arrived['body']>> {
    const { path, size, digests: expected, repo } = this.#wanted
    if (size !== undefined && this.file.written !== size) {
      throw new MirrorError('WRONG_LENGTH', `${path} has ${this.file.written} bytes, ${size} were stated`, {
        path,
        repo,
        expected: size,
        found: this.file.written,
      })
    }
    const digests = (await this.#hashes?.digests()) ?? {}
    if (compareDigests(expected, digests) === 'different') {
      throw new MirrorError('WRONG_DIGEST', `${path} does not have the digest that was stated for it`, {
        path,
        repo,
        expected,
        found: digests,
      })
    }
    const { sha256 } = digests
    const { staged } = this.file
    if (staged === undefined || sha256 === undefined) throw new MirrorError('FAULT', `${path} arrived without a file`)
    return { staged, size: this.file.written, digests: { ...digests, sha256 } }
  }

  async #restart(): Promise<void> {
    this.#hashAnew()
    await this.file.restart()
  }
}

/** A digest that is strong enough to prove bytes put together from several transfers. */
const strongest = (digests: Digests): boolean =>
  ['sha256', 'sha512', 'sha384', 'blake2b512'].some((name) => digests[name] !== undefined)

const withoutConditions = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('if-')))

/** A strong entity tag (RFC 9110 §8.8.3); dates are too coarse to join two transfers by. */
function strongValidator(headers: Readonly<Record<string, string>>): string | undefined {
  const etag = headers.etag
  return etag?.startsWith('"') ? etag : undefined
}
