// Changes addresses inside a JSON text without writing the text anew: every other byte stays upstream's, and a 10 MB
// document costs 9 ms and one copy instead of stringify's 20 ms and three. Figures: docs/ecosystems/npm.md.

export interface Change {
  readonly from: string
  readonly to: string
}

/** String values under a key, or under a key that is the first one of an object under a key; in the order of the text. */
export interface Site {
  readonly keys: readonly [string, ...string[]]
  readonly changes: readonly Change[]
}

/** What comes in the place of the bytes from `start` up to, not including, `end`. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

const [quote, backslash, colon, brace] = [0x22, 0x5c, 0x3a, 0x7b]

/**
 * The edits that make the changes, in the order of the text; undefined unless it holds exactly these values under these keys,
 * as often and in this order, so that a key that means something else, is written twice or is written oddly is never mistaken.
 */
export function editsOf(bytes: Uint8Array, sites: readonly Site[]): readonly Edit[] | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // With small letters written as escapes, a key could hide from a search by bytes.
  if (text.includes('\\u006') || text.includes('\\u007')) return undefined
  const edits: Edit[] = []
  for (const site of sites) {
    const found = editsAt(text, site)
    if (found === undefined) return undefined
    edits.push(...found)
  }
  return edits.sort((a, b) => a.start - b.start)
}

/** The text with the changes made; undefined where `editsOf` is. */
export function splice(bytes: Uint8Array, sites: readonly Site[]): Uint8Array | undefined {
  const edits = editsOf(bytes, sites)
  return edits && apply(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), edits)
}

/** A text that comes in pieces with edits made, which are in its order. */
export async function* spliced(pieces: AsyncIterable<Uint8Array>, edits: Iterable<Edit>): AsyncGenerator<Uint8Array> {
  const coming = edits[Symbol.iterator]()
  let next = coming.next()
  let before = 0
  /** Where the bytes begin that are neither handed on nor replaced. */
  let from = 0
  for await (const piece of pieces) {
    const end = before + piece.length
    const parts: Uint8Array[] = []
    for (; next.done !== true && next.value.start < end; next = coming.next()) {
      const edit: Edit = next.value
      parts.push(piece.subarray(from - before, edit.start - before), Buffer.from(edit.text))
      from = edit.end
    }
    if (from < end) {
      parts.push(piece.subarray(from - before))
      from = end
    }
    before = end
    if (parts.length > 0) yield parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)
  }
}

function editsAt(text: Buffer, { keys, changes }: Site): readonly Edit[] | undefined {
  const [key, ...inner] = keys
  const needle = Buffer.from(JSON.stringify(key))
  const edits: Edit[] = []
  for (let at = text.indexOf(needle); at !== -1; at = text.indexOf(needle, at + needle.length)) {
    // Inside a string every quote has a backslash before it; before a key there is none.
    if (text[at - 1] === backslash) continue
    const value = afterColon(text, at + needle.length)
    if (value === undefined) continue
    const change = changes[edits.length]
    if (change === undefined) return undefined
    const start = descend(text, value, inner)
    const from = Buffer.from(JSON.stringify(change.from))
    if (
      start === undefined ||
      text.compare(from, 0, from.length, start, Math.min(start + from.length, text.length)) !== 0
    ) {
      return undefined
    }
    edits.push({ start, end: start + from.length, text: JSON.stringify(change.to) })
  }
  return edits.length === changes.length ? edits : undefined
}

/** Where the value starts that the key ending at `at` has; undefined when there is no key but a value. */
function afterColon(text: Buffer, at: number): number | undefined {
  const next = skipSpace(text, at)
  return text[next] === colon ? skipSpace(text, next + 1) : undefined
}

/** From an object's start to the value of its first key, for each of `keys`. */
function descend(text: Buffer, at: number, keys: readonly string[]): number | undefined {
  let value: number | undefined = at
  for (const key of keys) {
    if (text[value] !== brace) return undefined
    const name = skipSpace(text, value + 1)
    const needle = JSON.stringify(key)
    if (text[name] !== quote || text.toString('latin1', name, name + needle.length) !== needle) return undefined
    value = afterColon(text, name + needle.length)
    if (value === undefined) return undefined
  }
  return value
}

function skipSpace(text: Buffer, at: number): number {
  let next = at
  while (text[next] === 0x20 || text[next] === 0x0a || text[next] === 0x0d || text[next] === 0x09) next += 1
  return next
}

function apply(text: Buffer, edits: readonly Edit[]): Uint8Array {
  let size = text.length
  for (const edit of edits) size += Buffer.byteLength(edit.text) - (edit.end - edit.start)
  const result = Buffer.allocUnsafe(size)
  let read = 0
  let written = 0
  for (const edit of edits) {
    written += text.copy(result, written, read, edit.start)
    written += result.write(edit.text, written)
    read = edit.end
  }
  text.copy(result, written, read)
  return result
}
