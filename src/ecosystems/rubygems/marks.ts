// A mark for each item of a list that is walked twice, in a bit each: what was found out on the first way is not asked again.

export interface Marks {
  add(marked: boolean): void
  /** In the order in which they were added. */
  at(index: number): boolean
}

export function createMarks(): Marks {
  let bits = new Uint8Array(4096)
  let count = 0
  return {
    add(marked) {
      if (count >= bits.length * 8) {
        const more = new Uint8Array(bits.length * 2)
        more.set(bits)
        bits = more
      }
      if (marked) bits[count >> 3] = (bits[count >> 3] ?? 0) | (1 << (count & 7))
      count += 1
    },
    at: (index) => ((bits[index >> 3] ?? 0) & (1 << (index & 7))) !== 0,
  }
}
