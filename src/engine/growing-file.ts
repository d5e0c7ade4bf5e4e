// A file that is being written while others read it. What may be read runs 64 KiB behind what is written, until the whole
// is verified.

import { MirrorError } from '../errors.ts'
import type { Staged } from '../store/store.ts'
import type { Growing } from './served.ts'

/** Bytes that are not shown before the whole is verified. */
const HOLD_BACK = 64 * 1024

export class GrowingFile {
  readonly #path: string
  #staged: Staged | undefined
  #written = 0
  #released = 0
  #done = false
  #failure: MirrorError | undefined
  /** Raised when bytes that followers may have read turn out not to be the right ones. */
  #start = 0
  #changed = Promise.withResolvers<void>()
  #followers = 0
  #closed = false
  /** The total, when upstream or a voucher stated it. */
  size: number | undefined

  /** `path` names it in errors. */
  constructor(path: string, size: number | undefined) {
    this.#path = path
    this.size = size
    this.#changed.promise.catch(() => undefined)
  }

  /** Bytes written so far. */
  get written(): number {
    return this.#written
  }

  /** Bytes of them that may be shown. */
  get released(): number {
    return this.#released
  }

  get staged(): Staged | undefined {
    return this.#staged
  }

  /** Makes the file itself; true when it was not there before. */
  async open(stage: () => Promise<Staged>): Promise<boolean> {
    if (this.#staged !== undefined) return false
    this.#staged = await stage()
    return true
  }

  async append(pieces: readonly Uint8Array[], bytes: number): Promise<void> {
    await this.#staged?.write(pieces)
    this.#written += bytes
    this.#released = Math.max(this.#released, this.#written - HOLD_BACK)
    this.#wake()
  }

  /** Throws away what is there. Followers who have read of it are told that it broke off. */
  async restart(): Promise<void> {
    // followers are told first: they must not look for bytes in a file that is being emptied
    this.#written = 0
    this.#released = 0
    this.#start += 1
    this.#wake()
    await this.#staged?.restart()
  }

  /** Everything may be shown. */
  finish(): void {
    if (this.#done || this.#failure !== undefined) return
    this.#released = this.#written
    this.size = this.#written
    this.#done = true
    this.#wake()
  }

  fail(error: MirrorError): void {
    if (this.#done) return
    this.#failure = error
    this.#changed.reject(error)
  }

  /** No more is written; the file is let go when the last follower leaves. */
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

  /** The file, for one follower. */
  follow(): Growing {
    const file = this
    const start = this.#start
    const told = this.size
    let left = false
    let read = 0
    this.#followers += 1
    const current = () => {
      if (file.#failure !== undefined) throw file.#failure
      if (file.#start !== start && (read > 0 || (told !== undefined && file.size !== told))) {
        throw new MirrorError('TRUNCATED', `the transfer of ${file.#path} had to start again`, { path: file.#path })
      }
    }
    return {
      get size() {
        return file.size
      },
      get released() {
        return file.#released
      },
      get done() {
        return file.#done
      },
      async read(buffer, position) {
        current()
        const most = Math.min(buffer.length, file.#released - position)
        if (most <= 0 || file.#staged === undefined) return 0
        const bytes = await file.#staged.read(buffer.subarray(0, most), position)
        read += bytes
        return bytes
      },
      async more(position) {
        for (;;) {
          current()
          if (file.#done || file.#released > position) return
          await file.#changed.promise
        }
      },
      leave() {
        if (left) return
        left = true
        file.#followers -= 1
        if (file.#closed && file.#followers === 0) void file.#staged?.release()
      },
    }
  }
}
