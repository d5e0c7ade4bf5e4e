// Zip archives for tests: stored, dated 1980, the same for the same files.

import { crc32 } from 'node:zlib'

export function zip(files: Readonly<Record<string, string | Uint8Array>>): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const [name, content] of Object.entries(files)) {
    const body = Buffer.from(content)
    const path = Buffer.from(name)
    // version, flags (UTF-8 names), method, time, date, CRC, sizes, lengths of name and extra field
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(0x800, 2)
    common.writeUInt16LE(0x21, 8)
    common.writeUInt32LE(crc32(body), 10)
    common.writeUInt32LE(body.length, 14)
    common.writeUInt32LE(body.length, 18)
    common.writeUInt16LE(path.length, 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, path, body])
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(offset, 10)
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 0]), common, rest, path]))
    parts.push(local)
    offset += local.length
  }
  return closed(parts, offset, directory)
}

/** The members, `size` bytes in all, with their directory behind them. */
export function closed(parts: readonly Buffer[], size: number, directory: readonly Buffer[]): Buffer {
  const central = Buffer.concat(directory)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(directory.length, 4)
  end.writeUInt16LE(directory.length, 6)
  end.writeUInt32LE(central.length, 8)
  end.writeUInt32LE(size, 12)
  return Buffer.concat([...parts, central, Buffer.from('PK\x05\x06'), end])
}
