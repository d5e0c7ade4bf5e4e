// xxHash with 32 bits, seed 0, over pieces (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md): the checksum
// of lz4 frames.

const prime1 = 0x9e3779b1
const prime2 = 0x85ebca77
const prime3 = 0xc2b2ae3d
const prime4 = 0x27d4eb2f
const prime5 = 0x165667b1

const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by))
const round = (lane: number, input: number): number =>
  Math.imul(rotate((lane + Math.imul(input, prime2)) | 0, 13), prime1)
const word = (bytes: Uint8Array, at: number): number =>
  (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)

export interface Xxhash32 {
  update(bytes: Uint8Array): void
  /** An unsigned number; more may follow. */
  digest(): number
}

export function xxhash32(): Xxhash32 {
  const lanes = new Int32Array([prime1 + prime2, prime2, 0, -prime1])
  const stripe = new Uint8Array(16)
  let held = 0
  let total = 0

  /** Whole stripes of 16 bytes; returns where the rest begins. */
  function absorb(bytes: Uint8Array, from: number): number {
    let [a = 0, b = 0, c = 0, d = 0] = lanes
    let at = from
    for (; at + 16 <= bytes.length; at += 16) {
      a = round(a, word(bytes, at))
      b = round(b, word(bytes, at + 4))
      c = round(c, word(bytes, at + 8))
      d = round(d, word(bytes, at + 12))
    }
    lanes.set([a, b, c, d])
    return at
  }

  return {
    update(bytes) {
      total += bytes.length
      let at = 0
      if (held > 0) {
        at = Math.min(16 - held, bytes.length)
        stripe.set(bytes.subarray(0, at), held)
        held += at
        if (held < 16) return
        absorb(stripe, 0)
        held = 0
      }
      at = absorb(bytes, at)
      stripe.set(bytes.subarray(at))
      held = bytes.length - at
    },
    digest() {
      const [a = 0, b = 0, c = 0, d = 0] = lanes
      let value = total < 16 ? prime5 : rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)
      value = (value + total) | 0
      let at = 0
      for (; at + 4 <= held; at += 4) {
        value = Math.imul(rotate((value + Math.imul(word(stripe, at), prime3)) | 0, 17), prime4)
      }
      for (; at < held; at++) {
        value = Math.imul(rotate((value + Math.imul(stripe[at] ?? 0, prime5)) | 0, 11), prime1)
      }
      value = Math.imul(value ^ (value >>> 15), prime2)
      value = Math.imul(value ^ (value >>> 13), prime3)
      return (value ^ (value >>> 16)) >>> 0
    },
  }
}
