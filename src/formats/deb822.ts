// deb822, the stanzas of Debian's control files: `Field: value` lines, continuation lines that begin with a blank, an
// empty line between stanzas. https://www.debian.org/doc/debian-policy/ch-controlfields.html and, for what a client
// accepts, deb822(5). `#` is no comment in repository files. Indexes are streamed, since they reach 60 MB and 100,000
// stanzas; a Release is one stanza and is parsed whole.

import { MirrorError } from '../errors.ts'

/** The asked fields of one stanza, under the names they were asked by; the text of each is made when it is asked for. */
export type Stanza<F extends string> = { readonly [K in F]: string | undefined }

export interface Limits {
  /** Bytes of one line; 1 MiB when left out. Long `Provides` and `Binary` lines reach 100 kB in practice. */
  readonly maxLine?: number
  /** Bytes of one stanza; 16 MiB when left out. */
  readonly maxStanza?: number
  /** Fields of one stanza; 1000 when left out. */
  readonly maxFields?: number
}

const defaults: Required<Limits> = { maxLine: 1 << 20, maxStanza: 16 << 20, maxFields: 1000 }

/** A batch never comes from more than this, so that nothing else waits long for the event loop. */
const slice = 256 << 10

const newline = 10
const carriageReturn = 13
const tab = 9
const space = 32
const colon = 58
const tilde = 126

const isBlank = (byte: number | undefined): boolean => byte === space || byte === tab
const broken = (message: string, line: number): MirrorError => new MirrorError('UNREADABLE', message, { line })

/**
 * What `take` makes of each stanza of a document, in batches. The stanza that it is handed is good for the call alone. Field
 * names are compared without case; continuation lines lose their first blank and are joined by '\n'. Memory does not grow
 * with the document.
 *
 * @throws MirrorError UNREADABLE for a line that is no field, an asked field written twice in a stanza, or a cap.
 */
export async function* stanzas<const F extends string, T>(
  bytes: AsyncIterable<Uint8Array>,
  fields: readonly F[],
  take: (stanza: Stanza<F>) => T,
  limits: Limits = {},
): AsyncGenerator<readonly T[]> {
  const scan = scanner(fields, take, { ...defaults, ...limits })
  for await (const piece of bytes) {
    for (let at = 0; at < piece.length; at += slice) {
      const batch = scan.feed(piece.subarray(at, at + slice))
      if (batch.length > 0) yield batch
    }
  }
  const last = scan.end()
  if (last.length > 0) yield last
}

/** Where an asked name of that length and first letter may be; a name collides only with a few others. */
const slot = (length: number, first: number): number => length * 32 + (first & 31)
const longestName = 63

/** Finds the asked field that bytes name. */
function nameFinder(fields: readonly string[]): (bytes: Uint8Array, start: number, end: number) => number {
  const names = fields.map((field) => Buffer.from(field.toLowerCase(), 'latin1'))
  /** The last of each slot, and the one before each. */
  const lasts = new Int16Array((longestName + 1) * 32).fill(-1)
  const before = new Int16Array(names.length)
  for (const [index, name] of names.entries()) {
    const own = slot(name.length, name[0] ?? 0)
    before[index] = lasts[own] ?? -1
    lasts[own] = index
  }
  return (bytes, start, end) => {
    const length = end - start
    if (length > longestName) return -1
    search: for (let index = lasts[slot(length, bytes[start] ?? 0)] ?? -1; index !== -1; index = before[index] ?? -1) {
      const name = names[index]
      if (name === undefined) return -1
      for (let at = 0; at < length; at++) {
        const byte = bytes[start + at] ?? 0
        if ((byte >= 65 && byte <= 90 ? byte | 32 : byte) !== name[at]) continue search
      }
      return index
    }
    return -1
  }
}

/** For four bytes at a time: is one of them a line feed, or beyond ASCII? https://graphics.stanford.edu/~seander/bithacks.html */
const feeds = 0x0a0a0a0a
const ones = 0x01010101
const highs = 0x80808080 | 0

/**
 * Looks at every byte once, four at a time where nothing else is asked than whether a line ends there. A stanza stays
 * as bytes until it ends; then it is one string, of which the values are cut out, or each is decoded by itself when there
 * are bytes beyond ASCII among them.
 */
function scanner<const F extends string, T>(
  fields: readonly F[],
  take: (stanza: Stanza<F>) => T,
  { maxLine, maxStanza, maxFields }: Required<Limits>,
) {
  const asked = nameFinder(fields)
  let bytes = Buffer.allocUnsafeSlow(2 * slice)
  let words = new Int32Array(bytes.buffer)
  /** What is not taken yet: from the first byte of the stanza under way to the end, of which the line under way is searched up to `at`. */
  let first = 0
  let lineStart = 0
  let at = 0
  let end = 0
  let lineNumber = 0
  let fieldCount = 0
  let stanzaBytes = 0
  let current = -1
  /** The asked fields' values, from `first`: where they begin, -1 for a field that is not there; where they end; have they further lines? */
  const starts = new Int32Array(fields.length).fill(-1)
  const ends = new Int32Array(fields.length)
  const continued = new Uint8Array(fields.length)
  /** Every bit that is set in any of the stanza's bytes, with a few around it. */
  let bits = 0
  let text: string | undefined
  let batch: T[] = []

  const stanza = Object.defineProperties(
    {},
    Object.fromEntries(fields.map((field, index) => [field, { enumerable: true, get: () => textOf(index) }])),
  ) as Stanza<F>

  function textOf(index: number): string | undefined {
    const start = starts[index] ?? -1
    if (start === -1) return undefined
    const stop = ends[index] ?? 0
    return continued[index] === 0 ? cut(first + start, first + stop) : joined(first + start, first + stop)
  }

  /** The text without what is blank at its end. */
  function cut(from: number, to: number): string {
    let stop = to
    while (stop > from && isBlank(bytes[stop - 1])) stop--
    if ((bits & highs) !== 0) return bytes.toString('utf8', from, stop)
    text ??= bytes.toString('latin1', first, lineStart)
    return text.slice(from - first, stop - first)
  }

  function joined(from: number, to: number): string {
    const parts: string[] = []
    for (let start = from; start <= to; ) {
      const feed = bytes.indexOf(newline, start)
      const next = feed === -1 ? to : Math.min(feed, to)
      parts.push(cut(start, beforeReturns(start, next)))
      // the blank that a continuation line begins with is none of it
      start = next + 2
    }
    return parts.join('\n')
  }

  function beforeReturns(start: number, stop: number): number {
    let to = stop
    while (to > start && bytes[to - 1] === carriageReturn) to--
    return to
  }

  /** What is under way ends before the line that begins at `lineStart`. */
  function finish(): void {
    if (fieldCount > 0) batch.push(take(stanza))
    starts.fill(-1)
    current = -1
    fieldCount = 0
    stanzaBytes = 0
    bits = 0
    text = undefined
  }

  function field(all: Uint8Array, start: number, stop: number): void {
    let to = start
    let byte = all[to] ?? 0
    while (byte !== colon && byte > space && byte <= tilde && to < stop) byte = all[++to] ?? 0
    if (byte !== colon || to >= stop || to === start) throw broken('a line is no field of a stanza', lineNumber)
    if (++fieldCount > maxFields) throw broken(`a stanza has over ${maxFields} fields`, lineNumber)
    current = asked(all, start, to)
    if (current === -1) return
    if (starts[current] !== -1) throw broken(`${fields[current]} is written twice in a stanza`, lineNumber)
    let from = to + 1
    while (from < stop && isBlank(all[from])) from++
    starts[current] = from - first
    ends[current] = stop - first
    continued[current] = 0
  }

  function line(all: Uint8Array, start: number, feed: number): void {
    lineNumber++
    let stop = feed
    while (stop > start && all[stop - 1] === carriageReturn) stop--
    if (stop === start) {
      finish()
      first = feed + 1
      return
    }
    if (feed - start > maxLine) throw broken(`a line is longer than ${maxLine} bytes`, lineNumber)
    stanzaBytes += feed - start
    if (stanzaBytes > maxStanza) throw broken(`a stanza is longer than ${maxStanza} bytes`, lineNumber)
    if (!isBlank(all[start])) field(all, start, stop)
    else if (fieldCount === 0) throw broken('a stanza begins with a continuation line', lineNumber)
    else if (current !== -1) {
      ends[current] = stop - first
      continued[current] = 1
    }
  }

  function lines(): void {
    // what changes with every byte is kept out of the closure
    const [all, allWords, to] = [bytes, words, end]
    const lastWord = to - 3
    let from = at
    let seen = 0
    for (;;) {
      while ((from & 3) !== 0 && from < to && all[from] !== newline) seen |= all[from++] ?? 0
      if ((from & 3) === 0) {
        for (; from < lastWord; from += 4) {
          const word = allWords[from >> 2] ?? 0
          const zero = word ^ feeds
          if (((zero - ones) & ~zero & highs) !== 0) break
          seen |= word
        }
        while (from < to && all[from] !== newline) seen |= all[from++] ?? 0
      }
      bits |= seen
      if (from >= to) break
      line(all, lineStart, from)
      seen = 0
      from++
      lineStart = from
    }
    at = from
  }

  /** Makes room behind what is not taken yet; at least half of it is free then, so that tiny pieces of a long stanza are not moved too often. */
  function room(length: number): void {
    if (end + length <= bytes.length) return
    let size = bytes.length
    while (2 * (end - first) > size) size *= 2
    const to = size === bytes.length ? bytes : Buffer.allocUnsafeSlow(size)
    bytes.copy(to, 0, first, end)
    bytes = to
    words = new Int32Array(to.buffer)
    lineStart -= first
    at -= first
    end -= first
    first = 0
  }

  function taken(): readonly T[] {
    const full = batch
    batch = []
    return full
  }

  return {
    feed(piece: Uint8Array): readonly T[] {
      room(piece.length)
      bytes.set(piece, end)
      end += piece.length
      lines()
      if (end - lineStart > maxLine) throw broken(`a line is longer than ${maxLine} bytes`, lineNumber + 1)
      return taken()
    },
    end(): readonly T[] {
      if (lineStart < end) line(bytes, lineStart, end)
      lineStart = end
      finish()
      return taken()
    },
  }
}

/**
 * A document of exactly one stanza, such as a Release: every field by its name in lower case, continuation lines joined
 * by '\n' without their first blank.
 *
 * @throws MirrorError UNREADABLE when it is none, has a field twice, or passes a cap.
 */
export function parseStanza(text: string, limits: Limits = {}): ReadonlyMap<string, string> {
  const { maxLine, maxStanza, maxFields } = { ...defaults, ...limits }
  if (text.length > maxStanza) throw new MirrorError('UNREADABLE', `the stanza is longer than ${maxStanza} bytes`)
  const fields = new Map<string, string[]>()
  let current: string[] | undefined
  let number = 0
  let ended = false
  for (const raw of lines(text)) {
    number++
    const line = raw.trimEnd()
    if (raw.length > maxLine) throw broken(`a line is longer than ${maxLine} bytes`, number)
    if (line === '') {
      ended = fields.size > 0
      continue
    }
    if (ended) throw broken('more than one stanza', number)
    if (line.startsWith(' ') || line.startsWith('\t')) {
      if (current === undefined) throw broken('the stanza begins with a continuation line', number)
      current.push(line.slice(1))
      continue
    }
    const [, name, value = ''] = /^([!-9;-~]+):[ \t]*(.*)$/s.exec(line) ?? []
    if (name === undefined) throw broken('a line is no field of a stanza', number)
    const key = name.toLowerCase()
    if (fields.has(key)) throw broken(`${name} is written twice`, number)
    if (fields.size >= maxFields) throw broken(`over ${maxFields} fields`, number)
    current = [value]
    fields.set(key, current)
  }
  return new Map(Array.from(fields, ([key, parts]) => [key, parts.join('\n')]))
}

function* lines(text: string): Generator<string> {
  let from = 0
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', from)) {
    yield text.slice(from, at)
    from = at + 1
  }
  if (from < text.length) yield text.slice(from)
}

/**
 * One stanza as text, each line ended by LF; the inverse of `parseStanza`. A value's further lines become continuation
 * lines. Nothing that could begin another field or stanza gets through.
 *
 * @throws MirrorError UNREADABLE for a name that is none, and for a value with a control character or a blank line.
 */
export function formatStanza(fields: Iterable<readonly [name: string, value: string]>): string {
  let text = ''
  for (const [name, value] of fields) {
    if (!/^[!-9;-~]+$/.test(name) || /^[#-]/.test(name)) {
      throw new MirrorError('UNREADABLE', `${JSON.stringify(name)} is no field name`)
    }
    const [first = '', ...more] = value.split('\n')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not get through
    if (/[\0-\x08\x0b-\x1f\x7f]/.test(value) || more.some((line) => line.trim() === '')) {
      throw new MirrorError('UNREADABLE', `${name} cannot be written: a control character or a blank line`)
    }
    text += `${name}:${first === '' ? '' : ' '}${first}\n`
    for (const line of more) text += ` ${line}\n`
  }
  return text
}
