// What a store of blobs can do. Names point elsewhere (the catalog); a store knows digests alone.

/** A blob that is being written. Bytes written so far can be read back at once. */
export interface Staged {
  /** Bytes written so far. */
  readonly size: number
  write(pieces: readonly Uint8Array[]): Promise<void>
  /** Reads up to `buffer.length` bytes at `position`; 0 at the end of what has been written. Works on until `release`. */
  read(buffer: Uint8Array, position: number): Promise<number>
  /** Throws away what has been written, to start again from 0. */
  restart(): Promise<void>
  /** Makes it a blob under its sha256. The bytes are durable after the next `flush`. */
  commit(sha256: string): Promise<void>
  /** Closes it; removes it when it was not committed. */
  release(): Promise<void>
}

/** A blob open for positioned reads. */
export interface Opened {
  readonly size: number
  /** A file with exactly these bytes, when there is one: for hard links and worker threads. */
  readonly file?: string
  read(buffer: Uint8Array, position: number): Promise<number>
  close(): Promise<void>
}

export interface Stat {
  readonly sha256: string
  readonly size: number
  /** Milliseconds since 1970. */
  readonly modified: number
}

export interface Store {
  stage(): Promise<Staged>
  put(bytes: AsyncIterable<Uint8Array>): Promise<{ readonly sha256: string; readonly size: number }>
  open(sha256: string): Promise<Opened | undefined>
  /** The file that holds a blob if the blob is there; only where each is a file of its own. */
  file?(sha256: string): string
  stream(sha256: string, from?: number, to?: number): AsyncIterable<Uint8Array>
  stat(sha256: string): Promise<Stat | undefined>
  delete(sha256: string): Promise<void>
  list(): AsyncIterable<Stat>
  /** Bytes of where it lies: what this user may still write, and all. Infinite where that is not known. */
  space(): Promise<{ readonly free: number; readonly total: number }>
  /**
   * Everything committed so far is durable when this returns; concurrent calls share one round. Throws when something is
   * not, and when one of `needed` could not be made durable before and was not committed again since.
   */
  flush(needed?: readonly string[]): Promise<void>
  /** Removes what a crash left behind; returns how many files and bytes. What running processes write stays. */
  clean(): Promise<{ readonly files: number; readonly bytes: number }>
  close(): Promise<void>
}
