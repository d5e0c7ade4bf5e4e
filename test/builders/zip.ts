// Zip archives, right or wrong in any field: every number and name in them can be another than the contents say.
// Format: APPNOTE.TXT of PKWARE, §4.3.

import { crc32, deflateRawSync } from 'node:zlib'

export interface Member {
  readonly name: string | Uint8Array
  readonly content?: string | Uint8Array
  readonly method?: 'stored' | 'deflated'
  /** General purpose bits; names in UTF-8 when left out. */
  readonly flags?: number
  /** Fields of both headers, other than the contents say. */
  readonly crc?: number
  readonly size?: number
  readonly packedSize?: number
  /** Number of the method in the directory. */
  readonly methodNumber?: number
  /** The name in the header before the contents, and where the directory says that header is. */
  readonly localName?: string
  readonly offset?: number
  /** Sizes and offset stand in the extra field for large archives. */
  readonly large?: boolean
  /** Sizes stand behind the contents, as streaming writers put them. */
  readonly behind?: boolean
  readonly extra?: Uint8Array
}

export interface Ending {
  readonly comment?: string
  /** With the end record for large archives; the other one then refers to it. */
  readonly large?: boolean
  readonly count?: number
  readonly directorySize?: number
  readonly directoryOffset?: number
  /** Bytes before the first file; offsets count from the beginning of all. */
  readonly before?: Uint8Array
  /** Bytes between the directory and its end record, and behind all. */
  readonly between?: Uint8Array
  readonly behind?: Uint8Array
}

const numbers = (...fields: readonly (readonly [width: 2 | 4 | 8, value: number])[]): Buffer =>
  Buffer.concat(
    fields.map(([width, value]) => {
      const bytes = Buffer.alloc(width)
      if (width === 8) bytes.writeBigUInt64LE(BigInt(value))
      else bytes.writeUIntLE(value >>> 0, 0, width)
      return bytes
    }),
  )

const bytesOf = (value: string | Uint8Array): Buffer => Buffer.from(value)
const max = 0xffffffff

/** A field of extra bytes with its number. */
export const extraField = (id: number, data: Uint8Array): Buffer =>
  Buffer.concat([numbers([2, id], [2, data.length]), data])

export function zip(members: readonly Member[], ending: Ending = {}): Buffer {
  const { before = Buffer.of() } = ending
  const parts: Buffer[] = [bytesOf(before)]
  const directory: Buffer[] = []
  let at = before.length
  for (const member of members) {
    const { header, body } = written(member, at)
    parts.push(body)
    directory.push(header)
    at += body.length
  }
  return Buffer.concat([...parts, endOf(Buffer.concat(directory), at, members.length, ending)])
}

/** A file with its local header, and its header in the directory. */
function written(member: Member, at: number): { readonly header: Buffer; readonly body: Buffer } {
  const { content = '', method = 'stored', flags = 0x800, large = false, behind = false } = member
  const plain = bytesOf(content)
  const packed = method === 'deflated' ? deflateRawSync(plain) : plain
  const name = bytesOf(member.name)
  const { crc = crc32(plain), size = plain.length, packedSize = packed.length, offset = at } = member
  const bits = behind ? flags | 8 : flags
  const number = method === 'deflated' ? 8 : 0
  const start = (methodNumber: number) =>
    [
      [2, large ? 45 : 20],
      [2, bits],
      [2, methodNumber],
      [2, 0],
      [2, 0x21],
    ] as const
  const localName = bytesOf(member.localName ?? member.name)
  const local = Buffer.concat([
    bytesOf('PK\x03\x04'),
    numbers(...start(number), [4, behind ? 0 : crc], [4, behind ? 0 : packedSize], [4, behind ? 0 : size]),
    numbers([2, localName.length], [2, 0]),
    localName,
    packed,
    behind ? Buffer.concat([bytesOf('PK\x07\x08'), numbers([4, crc], [4, packedSize], [4, size])]) : Buffer.of(),
  ])
  const extra = Buffer.concat([
    large ? extraField(1, numbers([8, size], [8, packedSize], [8, offset])) : Buffer.of(),
    member.extra ?? Buffer.of(),
  ])
  const header = Buffer.concat([
    bytesOf('PK\x01\x02'),
    numbers([2, 20], ...start(member.methodNumber ?? number), [4, crc]),
    numbers([4, large ? max : packedSize], [4, large ? max : size]),
    numbers([2, name.length], [2, extra.length], [2, 0], [2, 0], [2, 0], [4, 0], [4, large ? max : offset]),
    name,
    extra,
  ])
  return { header, body: local }
}

function endOf(directory: Buffer, at: number, files: number, ending: Ending): Buffer {
  const { comment = '', large = false, between = Buffer.of(), behind = Buffer.of() } = ending
  const { count = files, directorySize = directory.length, directoryOffset = at } = ending
  const here = at + directory.length + between.length
  const record = Buffer.concat([
    bytesOf('PK\x06\x06'),
    numbers(
      [8, 44],
      [2, 45],
      [2, 45],
      [4, 0],
      [4, 0],
      [8, count],
      [8, count],
      [8, directorySize],
      [8, directoryOffset],
    ),
    bytesOf('PK\x06\x07'),
    numbers([4, 0], [8, here], [4, 1]),
  ])
  return Buffer.concat([
    directory,
    between,
    ...(large ? [record] : []),
    bytesOf('PK\x05\x06'),
    numbers([2, 0], [2, 0], [2, large ? 0xffff : count], [2, large ? 0xffff : count]),
    numbers([4, large ? max : directorySize], [4, large ? max : directoryOffset], [2, comment.length]),
    bytesOf(comment),
    behind,
  ])
}
