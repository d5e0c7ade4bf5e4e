// A canonical prefix code, as tables that decode a symbol by comparing numbers: shorter codes sort before longer ones, and
// codes of one length are in the order of their symbols.

/** The longest code that bzip2 allows, in bits. */
export const longestCode = 20

export interface Code {
  readonly shortest: number
  /** By length: the first code, padded to 20 bits, that is longer. */
  readonly limit: Uint32Array
  /** By length: what to add to a code to find its place among the symbols. */
  readonly offset: Int32Array
  readonly symbol: Uint16Array
}

/** The code whose symbols have these lengths (1 to 20 bits); undefined when there are too many short ones. */
export function code(lengths: Uint8Array): Code | undefined {
  const counts = new Uint32Array(longestCode + 1)
  for (const length of lengths) counts[length] = (counts[length] ?? 0) + 1
  const limit = new Uint32Array(longestCode + 1)
  const offset = new Int32Array(longestCode + 1)
  let next = 0
  let place = 0
  for (let length = 1; length <= longestCode; length++) {
    const count = counts[length] ?? 0
    offset[length] = place - next
    next += count
    place += count
    if (next > 2 ** length) return undefined
    limit[length] = next * 2 ** (longestCode - length)
    next *= 2
  }
  const order = Array.from(lengths.keys()).sort((a, b) => (lengths[a] ?? 0) - (lengths[b] ?? 0) || a - b)
  return { shortest: Math.min(...lengths), limit, offset, symbol: Uint16Array.from(order) }
}
