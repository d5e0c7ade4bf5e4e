// Writes Ruby's Marshal format, version 4.8, as Ruby itself does.
// https://docs.ruby-lang.org/en/master/marshal_rdoc.html

import type {
  RubyArray,
  RubyFloat,
  RubyHash,
  RubyMarshalled,
  RubyObject,
  RubyString,
  RubySymbol,
  RubyValue,
  Variables,
} from './ruby-values.ts'

interface Writer {
  version(): void
  value(value: RubyValue): void
  /** The head of an array whose items are then written one by one. */
  array(count: number): void
  /** Lets go of a value: written again it is written whole. */
  forget(value: RubyValue): void
  /** The bytes written since the last call. */
  take(): Uint8Array
  readonly size: number
}

function createWriter(): Writer {
  let pieces: Uint8Array[] = []
  let size = 0
  const symbols = new Map<string, number>()
  const objects = new Map<RubyValue, number>()
  let count = 0

  function put(bytes: Uint8Array): void {
    pieces.push(bytes)
    size += bytes.length
  }
  const type = (letter: string): void => put(Buffer.from(letter, 'latin1'))

  function integer(value: number): void {
    if (value > -124 && value < 123) {
      put(Uint8Array.of(value === 0 ? 0 : value > 0 ? value + 5 : value - 5))
      return
    }
    const bytes: number[] = []
    let rest = value
    while (rest !== 0 && rest !== -1) {
      bytes.push(rest & 0xff)
      rest >>= 8
    }
    // the sign has to be told from the count alone
    put(Uint8Array.of(value < 0 ? -bytes.length : bytes.length, ...bytes))
  }

  function counted(bytes: Uint8Array): void {
    integer(bytes.length)
    put(bytes)
  }

  function symbol(name: string): void {
    const known = symbols.get(name)
    if (known !== undefined) {
      type(';')
      integer(known)
      return
    }
    symbols.set(name, symbols.size)
    const bytes = Buffer.from(name)
    const ascii = bytes.length === name.length
    type(ascii ? ':' : 'I:')
    counted(bytes)
    if (ascii) return
    integer(1)
    symbol('E')
    type('T')
  }

  function variables(all: Variables): void {
    integer(all.length)
    for (const [name, value] of all) {
      symbol(name)
      write(value)
    }
  }

  function write(value: RubyValue): void {
    if (value === null) type('0')
    else if (typeof value === 'boolean') type(value ? 'T' : 'F')
    else if (typeof value === 'number') {
      type('i')
      integer(value)
    } else if (typeof value === 'object' && value.type === 'symbol') symbol(value.name)
    else counting(value)
  }

  /** What Ruby counts, so that it can be referred to. */
  function counting(value: Exclude<RubyValue, null | boolean | number | RubySymbol>): void {
    const known = objects.get(value)
    if (known !== undefined) {
      type('@')
      integer(known)
      return
    }
    // the one kind that is counted after what stands in it
    if (typeof value === 'object' && value.type === 'dumped') {
      named('u', value.variables, () => {
        symbol(value.class)
        counted(value.bytes)
      })
      remember(value)
      return
    }
    remember(value)
    contents(value)
  }

  function remember(value: RubyValue): void {
    // two equal big integers are two values, as in Ruby
    if (typeof value !== 'bigint') objects.set(value, count)
    count += 1
  }

  function contents(value: bigint | RubyFloat | RubyString | RubyArray | RubyHash | RubyObject | RubyMarshalled): void {
    if (typeof value === 'bigint') long(value)
    else if (value.type === 'float') {
      type('f')
      counted(Buffer.from(value.text, 'latin1'))
    } else if (value.type === 'string') named('"', value.variables, () => counted(value.bytes))
    else if (value.type === 'array') {
      type('[')
      integer(value.items.length)
      for (const item of value.items) write(item)
    } else if (value.type === 'hash') hash(value)
    else {
      type(value.type === 'object' ? 'o' : 'U')
      symbol(value.class)
      if (value.type === 'object') variables(value.variables)
      else write(value.value)
    }
  }

  function hash({ pairs, fallback }: RubyHash): void {
    type(fallback === undefined ? '{' : '}')
    integer(pairs.length)
    for (const pair of pairs) for (const value of pair) write(value)
    if (fallback !== undefined) write(fallback)
  }

  function named(letter: string, all: Variables, body: () => void): void {
    type(all.length === 0 ? letter : `I${letter}`)
    body()
    if (all.length > 0) variables(all)
  }

  function long(value: bigint): void {
    type(value < 0n ? 'l-' : 'l+')
    const bytes: number[] = []
    for (let rest = value < 0n ? -value : value; rest > 0n; rest >>= 8n) bytes.push(Number(rest & 0xffn))
    if (bytes.length % 2 === 1) bytes.push(0)
    integer(bytes.length / 2)
    put(Uint8Array.from(bytes))
  }

  return {
    version: () => put(Uint8Array.of(4, 8)),
    value: write,
    array(length) {
      type('[')
      count += 1
      integer(length)
    },
    forget: (value) => void objects.delete(value),
    take() {
      const taken = Buffer.concat(pieces, size)
      pieces = []
      size = 0
      return taken
    },
    get size() {
      return size
    },
  }
}

/** The bytes of a value, as Ruby writes it; a JavaScript object that occurs again is written as a reference. */
export function formatMarshal(value: RubyValue): Uint8Array {
  const writer = createWriter()
  writer.version()
  writer.value(value)
  return writer.take()
}

/** Bytes are handed on in pieces of about this many. */
const pieceSize = 64 * 1024

/** The bytes of a list of `count` items, in pieces; of the items only what is in them is kept in mind. */
export async function* formatMarshalList(
  count: number,
  items: Iterable<RubyValue> | AsyncIterable<RubyValue>,
): AsyncGenerator<Uint8Array> {
  const writer = createWriter()
  writer.version()
  writer.array(count)
  for await (const item of items) {
    writer.value(item)
    writer.forget(item)
    if (writer.size >= pieceSize) yield writer.take()
  }
  if (writer.size > 0) yield writer.take()
}
