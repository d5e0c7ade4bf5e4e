// OpenPGP packet framing (RFC 9580 §4.2). Files are cut into packets here, so that one broken packet cannot spoil its
// neighbours and nothing but the expected kinds ever reaches the library.

import { MirrorError } from '../errors.ts'

export interface Packet {
  readonly tag: number
  readonly body: Uint8Array
  /** Header and body. */
  readonly whole: Uint8Array
}

export const tags = { signature: 2, secretKey: 5, publicKey: 6, secretSubkey: 7, userId: 13, publicSubkey: 14 } as const

/** The packets of `bytes`, in order; throws BAD_FRAMING where the framing breaks, after yielding what stands before. */
export function* packets(bytes: Uint8Array): Generator<Packet> {
  let at = 0
  while (at < bytes.length) {
    const header = readHeader(bytes, at)
    if (header === undefined || header.body + header.length > bytes.length) {
      throw new MirrorError('BAD_FRAMING', `The OpenPGP packet at byte ${at} is malformed or cut off.`, { offset: at })
    }
    const end = header.body + header.length
    yield { tag: header.tag, body: bytes.subarray(header.body, end), whole: bytes.subarray(at, end) }
    at = end
  }
}

interface Header {
  readonly tag: number
  /** Where the body begins. */
  readonly body: number
  readonly length: number
}

/** Partial and indeterminate lengths are for data packets alone; keys and signatures cannot have them. */
function readHeader(bytes: Uint8Array, at: number): Header | undefined {
  const first = bytes[at] ?? 0
  if ((first & 0x80) === 0) return undefined
  if ((first & 0x40) === 0) {
    const octets = [1, 2, 4][first & 3]
    if (octets === undefined) return undefined
    return { tag: (first >> 2) & 15, body: at + 1 + octets, length: bigEndian(bytes, at + 1, octets) }
  }
  const tag = first & 63
  const second = bytes[at + 1] ?? 0
  if (second < 192) return { tag, body: at + 2, length: second }
  if (second < 224) return { tag, body: at + 3, length: ((second - 192) << 8) + (bytes[at + 2] ?? 0) + 192 }
  if (second === 255) return { tag, body: at + 6, length: bigEndian(bytes, at + 2, 4) }
  return undefined
}

function bigEndian(bytes: Uint8Array, at: number, octets: number): number {
  let value = 0
  for (let index = 0; index < octets; index += 1) value = value * 256 + (bytes[at + index] ?? 0)
  return value
}
