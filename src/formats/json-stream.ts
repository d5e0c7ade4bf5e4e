// JSON documents too large for one piece: the values at chosen places, one by one, while the bytes pass.
// RFC 8259. What lies between is checked in its structure; what is chosen is parsed by JSON.parse.

import { MirrorError } from '../errors.ts'

/** A place: keys from the top, `*` for any key of an object or any item of a list. */
export type Place = readonly string[]

export interface Found {
  /** Keys from the top; indexes of lists in digits. */
  readonly path: readonly string[]
  readonly value: unknown
  /** The value as it is written; a part of the piece that came in. */
  readonly bytes: Buffer
  /** Where that begins in the document. */
  readonly start: number
}

/** Documents of packages have a handful of levels. */
const deepest = 64
const longestKey = 4096
const longestLiteral = 1024
/** A file's record has some 500 bytes, a description in it up to megabytes. */
const largestValue = 16 * 1024 * 1024
/** Values are handed on in groups of at most this many: one by itself is too little for an asynchronous step. */
const GROUP = 100

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a]
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d]

type Expected = 'value' | 'value or end' | 'key' | 'key or end' | 'colon' | 'comma or end' | 'end'

interface Frame {
  readonly list: boolean
  key: string
  index: number
}

/** Bytes that belong together although they came in pieces. */
interface Gathering {
  readonly pieces: Buffer[]
  size: number
}

/**
 * The values at `places`, in the order of the document and in groups. Memory holds one group at a time; `largest` is how many
 * bytes a value may have.
 * @throws MirrorError UNREADABLE for what is no JSON document, or is nested or long beyond reason, or has twice what holds
 * the values of a place.
 */
export async function* jsonValues(
  bytes: AsyncIterable<Uint8Array>,
  places: readonly Place[],
  { path }: { readonly path: string },
  largest = largestValue,
): AsyncGenerator<readonly Found[]> {
  const unreadable = (why: string): MirrorError => new MirrorError('UNREADABLE', `${path} ${why}`, { path })
  const stack: Frame[] = []
  let expected = 'value' as Expected
  /** A string or literal that is not chosen, or a key. */
  let token: { readonly kind: 'key' | 'string' | 'literal'; readonly text: Gathering } | undefined
  let chosen: (Gathering & { readonly start: number; depth: number; inside: boolean }) | undefined
  /** Where the current piece begins. */
  let before = 0
  let escaped = false
  const found: Found[] = []

  const keys = (): string[] => stack.map((frame) => (frame.list ? String(frame.index) : frame.key))
  const isChosen = (): boolean =>
    places.some(
      (place) =>
        place.length === stack.length &&
        place.every((key, level) => {
          const frame = stack[level] as Frame
          return key === '*' || key === (frame.list ? String(frame.index) : frame.key)
        }),
    )

  const held = new Set<string>()
  /** Of two members with one name JSON.parse takes the last: what is read as it comes must not have two. */
  function holdOnce(): void {
    if (stack.length === 0) return
    const here = keys()
    if (!places.some((place) => place.length > here.length && here.every((key, level) => place[level] === key))) return
    const name = JSON.stringify(here)
    if (held.has(name)) throw unreadable('has a member twice')
    held.add(name)
  }

  function gather(into: Gathering, piece: Buffer, most: number): void {
    into.size += piece.length
    if (into.size > most) throw unreadable(`holds a value of more than ${most} bytes`)
    if (piece.length > 0) into.pieces.push(piece)
  }
  const whole = ({ pieces, size }: Gathering): Buffer =>
    pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces, size)
  const parse = (bytes: Buffer): unknown => {
    try {
      return JSON.parse(bytes.toString('utf8'))
    } catch {
      throw unreadable('is no JSON')
    }
  }
  function ended(): void {
    expected = stack.length === 0 ? 'end' : 'comma or end'
  }

  /** Where the string ends that goes on at `from`: the place of its quote, or the length of the piece. */
  function endOfString(piece: Buffer, from: number): number {
    let at = from
    if (escaped) {
      escaped = false
      at += 1
    }
    // byte by byte: most strings are too short for a search of Node's own to pay
    for (; at < piece.length; at += 1) {
      const byte = piece[at]
      if (byte === quote) return at
      if (byte !== backslash) continue
      at += 1
      escaped = at === piece.length
    }
    return piece.length
  }

  /** Goes on with the chosen value; returns where it stopped. */
  function choose(piece: Buffer, from: number): number {
    if (chosen === undefined) return from
    let at = from
    while (at < piece.length) {
      if (chosen.inside) {
        at = endOfString(piece, at)
        if (at === piece.length) break
        chosen.inside = false
        at += 1
        if (chosen.depth === 0) return finish(piece, from, at)
        continue
      }
      const byte = piece[at] as number
      if (byte === quote) chosen.inside = true
      else if (byte === openBrace || byte === openBracket) {
        chosen.depth += 1
        if (chosen.depth > deepest) throw unreadable('is nested too deeply')
      } else if (byte === closeBrace || byte === closeBracket) {
        if (chosen.depth === 0) return finish(piece, from, at)
        chosen.depth -= 1
        if (chosen.depth === 0) return finish(piece, from, at + 1)
      } else if (chosen.depth === 0 && chosen.size + at - from > 0 && (byte === comma || isBlank(byte))) {
        return finish(piece, from, at)
      }
      at += 1
    }
    gather(chosen, piece.subarray(from), largest)
    return piece.length
  }
  function finish(piece: Buffer, from: number, to: number): number {
    const gathered = chosen as Gathering & { readonly start: number }
    gather(gathered, piece.subarray(from, to), largest)
    chosen = undefined
    const bytes = whole(gathered)
    found.push({ path: keys(), value: parse(bytes), bytes, start: gathered.start })
    ended()
    return to
  }

  /** Goes on with a string or literal that is not chosen; returns where it stopped. */
  function pass(piece: Buffer, from: number): number {
    const { kind, text } = token as NonNullable<typeof token>
    if (kind === 'literal') {
      let at = from
      while (at < piece.length && isLiteral(piece[at] as number)) at += 1
      gather(text, piece.subarray(from, at), longestLiteral)
      if (at < piece.length) endLiteral()
      return at
    }
    const at = endOfString(piece, from)
    if (kind === 'key') gather(text, piece.subarray(from, at), longestKey)
    if (at === piece.length) return at
    if (kind === 'key') {
      gather(text, Buffer.from('"'), longestKey)
      const frame = stack.at(-1) as Frame
      frame.key = String(parse(whole(text)))
      expected = 'colon'
    } else ended()
    token = undefined
    return at + 1
  }
  function endLiteral(): void {
    parse(whole((token as NonNullable<typeof token>).text))
    token = undefined
    ended()
  }

  function open(list: boolean): void {
    if (stack.length >= deepest) throw unreadable('is nested too deeply')
    holdOnce()
    stack.push({ list, key: '', index: 0 })
    expected = list ? 'value or end' : 'key or end'
  }
  function close(list: boolean): void {
    const frame = stack.pop()
    const fits = expected === 'comma or end' || expected === (list ? 'value or end' : 'key or end')
    if (frame?.list !== list || !fits) throw unreadable('is no JSON')
    ended()
  }
  function next(): void {
    const frame = stack.at(-1)
    if (expected !== 'comma or end' || frame === undefined) throw unreadable('is no JSON')
    frame.index += 1
    expected = frame.list ? 'value' : 'key'
  }

  /** Takes what begins at `at`; returns where to go on. */
  function begin(piece: Buffer, at: number): number {
    const byte = piece[at] as number
    if (byte === closeBrace || byte === closeBracket) close(byte === closeBracket)
    else if (byte === comma) next()
    else if (byte === colon) {
      if (expected !== 'colon') throw unreadable('is no JSON')
      expected = 'value'
    } else if (expected === 'key' || expected === 'key or end') {
      if (byte !== quote) throw unreadable('is no JSON')
      token = { kind: 'key', text: { pieces: [Buffer.from('"')], size: 1 } }
    } else if (expected !== 'value' && expected !== 'value or end') throw unreadable('is no JSON')
    else if (isChosen()) {
      chosen = { pieces: [], size: 0, start: before + at, depth: 0, inside: false }
      return at
    } else if (byte === openBrace || byte === openBracket) open(byte === openBracket)
    else if (byte === quote) token = { kind: 'string', text: { pieces: [], size: 0 } }
    else if (isLiteral(byte)) {
      token = { kind: 'literal', text: { pieces: [], size: 0 } }
      return at
    } else throw unreadable('is no JSON')
    return at + 1
  }

  for await (const part of bytes) {
    const piece = Buffer.from(part.buffer, part.byteOffset, part.byteLength)
    let at = 0
    while (at < piece.length) {
      if (chosen !== undefined) at = choose(piece, at)
      else if (token !== undefined) at = pass(piece, at)
      else if (isBlank(piece[at] as number)) at += 1
      else at = begin(piece, at)
      if (found.length >= GROUP) yield found.splice(0)
    }
    before += piece.length
    if (found.length > 0) yield found.splice(0)
  }
  if (token?.kind === 'literal') endLiteral()
  if (chosen?.depth === 0 && !chosen.inside && stack.length === 0) finish(Buffer.alloc(0), 0, 0)
  if (found.length > 0) yield found
  if (expected !== 'end' || chosen !== undefined || token !== undefined) throw unreadable('is no JSON, or was cut off')
}

const isBlank = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09

/** Of numbers, `true`, `false` and `null`. */
const isLiteral = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) ||
  (byte >= 0x61 && byte <= 0x7a) ||
  byte === 0x2d ||
  byte === 0x2b ||
  byte === 0x2e ||
  byte === 0x45
