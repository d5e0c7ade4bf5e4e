// Reads Ruby's Marshal format, version 4.8. Only what the indexes of gems are made of is understood; anything else, and what
// refers to itself, is refused.
// https://docs.ruby-lang.org/en/master/marshal_rdoc.html

import { MirrorError } from '../errors.ts'
import type { RubyValue, Variables } from './ruby-values.ts'

/** Values within values: specifications have nine levels. */
const deepest = 64
/** Bytes of an integer that is written long. */
const longestInteger = 128

const unreadable = (why: string): MirrorError => new MirrorError('UNREADABLE', `the Marshal data ${why}`)

/** A value that is still being read, or was let go of: nothing may refer to it. */
const nothing = Symbol('nothing')

interface Reader {
  /** Reads the version; nothing else comes before it. */
  version(): void
  /** Reads one value. */
  value(): RubyValue
  /** The length of an array, whose items are then read one by one. */
  array(): number
  /** Bytes that follow those it has. */
  feed(bytes: Uint8Array): void
  /** Lets go of the value read last: a reference to it is refused. */
  forget(): void
  /** Bytes not read yet. */
  readonly left: number
}

function createReader(): Reader {
  let bytes: Uint8Array = new Uint8Array(0)
  let at = 0
  let depth = 0
  const symbols: string[] = []
  const objects: (RubyValue | typeof nothing)[] = []
  let outermost = 0

  function byte(): number {
    const read = bytes[at]
    if (read === undefined) throw unreadable('ends too early')
    at += 1
    return read
  }

  function take(count: number): Uint8Array {
    if (count > bytes.length - at) throw unreadable('ends too early')
    // a copy: a view would keep all that came with it
    const taken = new Uint8Array(bytes.subarray(at, at + count))
    at += count
    return taken
  }

  /** One byte for small ones, else their count of bytes (negative for negative numbers) and these, the lowest first. */
  function integer(): number {
    const head = (byte() << 24) >> 24
    if (head === 0) return 0
    if (head > 4) return head - 5
    if (head < -4) return head + 5
    let read = head > 0 ? 0 : -1
    for (let index = 0; index < Math.abs(head); index++)
      read = (read & ~(0xff << (8 * index))) | (byte() << (8 * index))
    // four bytes may hold more than the 31 bits that Ruby writes
    if (head === 4 && read < 0) throw unreadable('holds an integer out of range')
    return read
  }

  /** Every item takes a byte at least, so that no length promises more than there is. */
  function length(each = 1): number {
    const read = integer()
    if (read < 0 || read * each > bytes.length - at) throw unreadable('states a length that it does not have')
    return read
  }

  function symbol(): string {
    const type = String.fromCharCode(byte())
    if (type === ';') return symbols[integer()] ?? lost('a symbol')
    if (type === 'I') {
      const name = symbol()
      for (let left = length(2); left > 0; left--) {
        symbol()
        value()
      }
      return name
    }
    if (type !== ':') throw unreadable('names something by no symbol')
    const name = new TextDecoder('utf-8', { ignoreBOM: true }).decode(take(length()))
    symbols.push(name)
    return name
  }

  function lost(what: string): never {
    throw unreadable(`refers to ${what} that it does not hold`)
  }

  function variables(): Variables {
    return Array.from({ length: length(2) }, () => [symbol(), value()] as const)
  }

  function reserve(): number {
    objects.push(nothing)
    return objects.length - 1
  }

  function register<T extends RubyValue>(made: T, place = reserve()): T {
    objects[place] = made
    return made
  }

  /** `named`: reads the variables that an `I` in front announces. */
  function typed(type: string, named: () => Variables): RubyValue {
    if (type === '0') return null
    if (type === 'T') return true
    if (type === 'F') return false
    if (type === 'i') return integer()
    if (type === ':' || type === ';') {
      at -= 1
      return { type: 'symbol', name: symbol() }
    }
    if (type === '@') {
      const found = objects[integer()]
      if (found === undefined || found === nothing) return lost('a value')
      return found
    }
    if (type === 'f') return register({ type: 'float', text: Buffer.from(take(length())).toString('latin1') })
    if (type === 'l') return register(long())
    const place = type === 'u' ? -1 : reserve()
    if (type === '"') {
      const read = take(length())
      return register({ type: 'string', bytes: read, variables: named() }, place)
    }
    if (type === '[') {
      const items = Array.from({ length: length() }, value)
      return register({ type: 'array', items }, place)
    }
    if (type === '{' || type === '}') {
      const pairs = Array.from({ length: length(2) }, () => [value(), value()] as const)
      return register({ type: 'hash', pairs, ...(type === '}' ? { fallback: value() } : {}) }, place)
    }
    if (type === 'o') return register({ type: 'object', class: symbol(), variables: variables() }, place)
    if (type === 'U') return register({ type: 'marshalled', class: symbol(), value: value() }, place)
    // the one kind that is counted after what stands in it
    if (type === 'u') return register({ type: 'dumped', class: symbol(), bytes: take(length()), variables: named() })
    throw unreadable('holds a kind of value that no index of gems has')
  }

  function long(): bigint {
    const sign = String.fromCharCode(byte())
    const count = length() * 2
    if ((sign !== '+' && sign !== '-') || count > longestInteger) throw unreadable('holds an integer out of range')
    let read = 0n
    for (const [index, part] of take(count).entries()) read |= BigInt(part) << BigInt(8 * index)
    return sign === '-' ? -read : read
  }

  function value(): RubyValue {
    depth += 1
    if (depth > deepest) throw unreadable('is nested too deeply')
    const type = String.fromCharCode(byte())
    let read: RubyValue
    if (type !== 'I') read = typed(type, () => [])
    else {
      const inner = String.fromCharCode(byte())
      if (inner === ':' || inner === ';') {
        at -= 2
        read = { type: 'symbol', name: symbol() }
      } else if (inner === '"' || inner === 'u') read = typed(inner, variables)
      else throw unreadable('holds a kind of value that no index of gems has')
    }
    depth -= 1
    return read
  }

  return {
    version() {
      if (byte() !== 4 || byte() > 8) throw unreadable('is not of version 4.8')
    },
    value() {
      outermost = objects.length
      return value()
    },
    array() {
      if (String.fromCharCode(byte()) !== '[') throw unreadable('is no list')
      reserve()
      return integer()
    },
    feed(more) {
      bytes = at === bytes.length ? more : Buffer.concat([bytes.subarray(at), more])
      at = 0
    },
    forget() {
      if (outermost < objects.length) objects[outermost] = nothing
    },
    get left() {
      return bytes.length - at
    },
  }
}

/**
 * The one value that the bytes hold.
 * @throws MirrorError UNREADABLE when they are no such data, hold more than one value, or what no index of gems has.
 */
export function parseMarshal(bytes: Uint8Array): RubyValue {
  const reader = createReader()
  reader.feed(bytes)
  reader.version()
  const value = reader.value()
  if (reader.left > 0) throw unreadable('goes on after its end')
  return value
}

/** No item of a list takes more bytes than this. */
const longestItem = 64 * 1024
/** No list has more items: many times those of the largest registry. */
const mostItems = 32 * 1024 * 1024

/**
 * The items of a list that is too long to be held: each is let go of when the next one is read, and only what is in it may
 * be referred to later.
 * @throws MirrorError UNREADABLE, as `parseMarshal`, and for an item of more than 64 KiB.
 */
export async function* parseMarshalList(stream: AsyncIterable<Uint8Array>): AsyncGenerator<RubyValue> {
  const reader = createReader()
  const pieces = stream[Symbol.asyncIterator]()
  let ended = false
  /** Twice as much as an item may take at once, or bytes that come one by one would be moved over and over. */
  async function fill(): Promise<void> {
    const more: Uint8Array[] = []
    for (let size = 0; !ended && reader.left + size < 2 * longestItem; ) {
      const step = await pieces.next()
      ended = step.done === true
      if (step.done === true) break
      more.push(step.value)
      size += step.value.length
    }
    if (more.length > 0) reader.feed(Buffer.concat(more))
  }
  try {
    await fill()
    reader.version()
    const count = reader.array()
    if (count < 0 || count > mostItems) throw unreadable('states a length that no list has')
    for (let index = 0; index < count; index++) {
      if (reader.left < longestItem && !ended) await fill()
      yield reader.value()
      reader.forget()
    }
    await fill()
    if (reader.left > 0) throw unreadable('goes on after its end')
  } finally {
    await pieces.return?.()
  }
}
