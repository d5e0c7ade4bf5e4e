// What the engine hands to whoever shows it: a body that is held, made in memory, or still arriving.

/** Bytes that are still arriving. What may be read already has either been verified or is covered by the 64 KiB held back. */
export interface Growing {
  /** The total, when upstream or a voucher stated it. */
  readonly size: number | undefined
  /** Bytes that may be shown now. */
  readonly released: number
  /** Everything has arrived, was verified and may be shown. */
  readonly done: boolean
  /** Reads up to `buffer.length` released bytes at `position`. */
  read(buffer: Uint8Array, position: number): Promise<number>
  /** Resolves when more than `position` bytes are released or all is done; rejects when the download failed. */
  more(position: number): Promise<void>
  /** Every follower says when it stops reading. */
  leave(): void
}

export interface Blob {
  readonly sha256: string
  readonly size: number
}

/** A whole answer, before the client's conditions, ranges and codings are looked at. */
export interface Served {
  readonly type: string
  /** Strong entity tag with its quotes; none while a body without stated digest is still arriving. */
  readonly etag?: string
  /** The tag names the content in every coding: twins have the same one, weak. Else each twin has a tag of its own. */
  readonly twinTags?: 'weak'
  /** Milliseconds since 1970. */
  readonly modified?: number
  /** Ready header fields: Cache-Control, Cache-Status, X-Cache, Age, Vary, Warning and the protocol's own. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Blob | Uint8Array | Growing
  /** The body can only be had from its beginning to its end: ranges are not answered. */
  readonly whole?: true
  /** The same body, compressed beforehand, by content coding: gzip, br, zstd. */
  readonly twins?: Readonly<Record<string, Blob>>
}

export const isGrowing = (body: Served['body']): body is Growing => 'more' in body
export const isBlob = (body: Served['body']): body is Blob => 'sha256' in body
