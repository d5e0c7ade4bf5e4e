// deb822, the stanzas of Debian's control files: `Field: value` lines, continuation lines that begin with a blank, an
// empty line between stanzas. https://www.debian.org/doc/debian-policy/ch-controlfields.html and, for what a client
// accepts, deb822(5). `#` is no comment in repository files. Indexes are streamed, since they reach 60 MB and 100,000
// stanzas; a Release is one stanza and is parsed whole.

import { MirrorError } from '../errors.ts'

/** The asked fields of one stanza, under the names they were asked by. */
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
 * The stanzas of a document, in batches, with only the asked fields. Field names are compared without case;
 * continuation lines lose their first blank and are joined by '\n'. Memory does not grow with the document.
 *
 * @throws MirrorError UNREADABLE for a line that is no field, an asked field written twice in a stanza, or a cap.
 */
export async function* stanzas<const F extends string>(
  bytes: AsyncIterable<Uint8Array>,
  fields: readonly F[],
  limits: Limits = {},
): AsyncGenerator<readonly Stanza<F>[]> {
  const scan = scanner(fields, { ...defaults, ...limits })
  for await (const piece of bytes) {
    for (let at = 0; at < piece.length; at += slice) {
      const batch = scan.feed(Buffer.from(piece.buffer, piece.byteOffset + at, Math.min(slice, piece.length - at)))
      if (batch.length > 0) yield batch
    }
  }
  const last = scan.end()
  if (last.length > 0) yield last
}

/** Where an asked name of that length and first letter may be; a name collides only with a few others. */
const slot = (length: number, first: number): number => length * 32 + (first & 31)
const longestName = 63

function scanner<const F extends string>(fields: readonly F[], limits: Required<Limits>) {
  const names = fields.map((field) => Buffer.from(field.toLowerCase(), 'latin1'))
  const slots: number[][] = Array.from({ length: (longestName + 1) * 32 }, () => [])
  for (const [index, name] of names.entries()) slots[slot(name.length, name[0] ?? 0)]?.push(index)

  let batch: Stanza<F>[] = []
  let values: (string | undefined)[] = []
  let current = -1
  let fieldCount = 0
  let stanzaBytes = 0
  let lineNumber = 0
  let held: Buffer[] = []
  let heldBytes = 0

  /** Index of the asked field that the bytes name, or -1. */
  function asked(bytes: Buffer, start: number, end: number): number {
    const length = end - start
    if (length > longestName) return -1
    const candidates = slots[slot(length, bytes[start] ?? 0)]
    if (candidates === undefined) return -1
    search: for (const index of candidates) {
      const name = names[index]
      if (name === undefined) continue
      for (let at = 0; at < length; at++) {
        const byte = bytes[start + at] ?? 0
        if ((byte >= 65 && byte <= 90 ? byte | 32 : byte) !== name[at]) continue search
      }
      return index
    }
    return -1
  }

  function text(bytes: Buffer, start: number, end: number): string {
    let last = end
    while (last > start && isBlank(bytes[last - 1])) last--
    return bytes.toString('utf8', start, last)
  }

  function finish(): void {
    if (fieldCount > 0) {
      const stanza: Record<string, string | undefined> = {}
      for (const [index, field] of fields.entries()) stanza[field] = values[index]
      batch.push(stanza as Stanza<F>)
    }
    values = []
    current = -1
    fieldCount = 0
    stanzaBytes = 0
  }

  function field(bytes: Buffer, start: number, end: number): void {
    let at = start
    while (at < end && bytes[at] !== colon) {
      const byte = bytes[at] ?? 0
      if (byte <= space || byte > tilde) throw broken('a line is no field of a stanza', lineNumber)
      at++
    }
    if (at === end || at === start) throw broken('a line is no field of a stanza', lineNumber)
    if (++fieldCount > limits.maxFields) throw broken(`a stanza has over ${limits.maxFields} fields`, lineNumber)
    current = asked(bytes, start, at)
    if (current === -1) return
    if (values[current] !== undefined) throw broken(`${fields[current]} is written twice in a stanza`, lineNumber)
    let from = at + 1
    while (from < end && isBlank(bytes[from])) from++
    values[current] = text(bytes, from, end)
  }

  function line(bytes: Buffer, start: number, stop: number): void {
    lineNumber++
    let end = stop
    while (end > start && bytes[end - 1] === carriageReturn) end--
    if (end === start) {
      finish()
      return
    }
    if (stop - start > limits.maxLine) throw broken(`a line is longer than ${limits.maxLine} bytes`, lineNumber)
    stanzaBytes += stop - start
    if (stanzaBytes > limits.maxStanza) throw broken(`a stanza is longer than ${limits.maxStanza} bytes`, lineNumber)
    if (!isBlank(bytes[start])) field(bytes, start, end)
    else if (fieldCount === 0) throw broken('a stanza begins with a continuation line', lineNumber)
    else if (current !== -1) values[current] += `\n${text(bytes, start + 1, end)}`
  }

  /** Keeps an unfinished line; a list, since joining at every piece would be quadratic for tiny pieces. */
  function hold(rest: Buffer): void {
    if (rest.length === 0) return
    held.push(Buffer.from(rest))
    heldBytes += rest.length
    if (heldBytes > limits.maxLine) throw broken(`a line is longer than ${limits.maxLine} bytes`, lineNumber + 1)
  }

  function release(rest: Buffer): void {
    const whole = Buffer.concat([...held, rest])
    held = []
    heldBytes = 0
    line(whole, 0, whole.length)
  }

  function take(): readonly Stanza<F>[] {
    const full = batch
    batch = []
    return full
  }

  return {
    feed(piece: Buffer): readonly Stanza<F>[] {
      let from = 0
      let at = piece.indexOf(newline)
      if (heldBytes > 0 && at !== -1) {
        release(piece.subarray(0, at))
        from = at + 1
        at = piece.indexOf(newline, from)
      }
      while (at !== -1) {
        line(piece, from, at)
        from = at + 1
        at = piece.indexOf(newline, from)
      }
      hold(piece.subarray(from))
      return take()
    },
    end(): readonly Stanza<F>[] {
      if (heldBytes > 0) release(Buffer.alloc(0))
      finish()
      return take()
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
