// DER (X.690) as far as certificates need it: the tests' own authority writes its certificates with it.

/** An element with its tag and its length. */
export function tagged(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  if (body.length < 0x80) return Buffer.concat([Buffer.of(tag, body.length), body])
  const length = Buffer.alloc(3)
  length.writeUIntBE(body.length, 0, 3)
  const short = length.subarray(length.findIndex((octet) => octet !== 0))
  return Buffer.concat([Buffer.of(tag, 0x80 | short.length), short, body])
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => tagged(0x30, ...parts)
export const set = (...parts: readonly Uint8Array[]): Buffer => tagged(0x31, ...parts)
export const octets = (...parts: readonly Uint8Array[]): Buffer => tagged(0x04, ...parts)
export const bits = (bytes: Uint8Array): Buffer => tagged(0x03, Buffer.of(0), bytes)
export const text = (value: string): Buffer => tagged(0x0c, Buffer.from(value))
export const integer = (value: number): Buffer => tagged(0x02, Buffer.of(value))
export const yes = tagged(0x01, Buffer.of(0xff))
/** An element of a choice, `[number]`, that holds other elements. */
export const choice = (number: number, ...parts: readonly Uint8Array[]): Buffer => tagged(0xa0 | number, ...parts)

export function identifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const octetsOf = (value: number): number[] => {
    const sevens = [value & 0x7f]
    for (let left = value >> 7; left > 0; left >>= 7) sevens.unshift((left & 0x7f) | 0x80)
    return sevens
  }
  return tagged(0x06, Buffer.from([40 * first + second, ...rest.flatMap(octetsOf)]))
}

/** UTCTime, for years up to 2049. */
export const time = (milliseconds: number): Buffer => {
  const digits = new Date(milliseconds).toISOString().replace(/\D/g, '')
  return tagged(0x17, Buffer.from(`${digits.slice(2, 14)}Z`))
}
