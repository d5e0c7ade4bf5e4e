// Zips of modules as the go command writes them: deflated, sizes and checksums behind the data, no dates.

import { createHash } from 'node:crypto'
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib'
import { closed } from './zip.ts'

export type Files = Readonly<Record<string, string>>

/** `prefix` is what every name begins with: `MODULE@VERSION/`. */
export function moduleZip(prefix: string, files: Files): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const [file, content] of Object.entries(files)) {
    const name = Buffer.from(prefix + file)
    const body = Buffer.from(content)
    const packed = deflateRawSync(body)
    const sums = Buffer.alloc(12)
    sums.writeUInt32LE(crc32(body), 0)
    sums.writeUInt32LE(packed.length, 4)
    sums.writeUInt32LE(body.length, 8)
    // version 2.0, flags 3 (a descriptor follows the data) and 11 (the name is UTF-8, not ASCII), method 8, no time
    const head = Buffer.from([20, 0, 8, name.length === (prefix + file).length ? 0 : 8, 8, 0, 0, 0, 0, 0])
    const lengths = Buffer.alloc(4)
    lengths.writeUInt16LE(name.length, 0)
    const local = [Buffer.from('PK\x03\x04'), head, Buffer.alloc(12), lengths, name]
    const whole = Buffer.concat([...local, packed, Buffer.from('PK\x07\x08'), sums])
    const place = Buffer.alloc(14)
    place.writeUInt32LE(offset, 10)
    directory.push(
      Buffer.concat([
        Buffer.from('PK\x01\x02'),
        Buffer.from([20, 0]),
        head,
        sums,
        lengths,
        place.subarray(0, 14),
        name,
      ]),
    )
    parts.push(whole)
    offset += whole.length
  }
  return closed(parts, offset, directory)
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** The digest that go.sum states of a folder with these files. */
export function h1(prefix: string, files: Files): string {
  const names = Object.keys(files).sort()
  const lines = names.map((name) => `${sha256(files[name] ?? '')}  ${prefix}${name}\n`).join('')
  return `h1:${createHash('sha256').update(lines).digest('base64')}`
}

/** The files in such a zip, read again; undefined when anything in it is wrong. */
export function contentsOf(bytes: Uint8Array): Files | undefined {
  const zip = Buffer.from(bytes)
  const files: Record<string, string> = {}
  try {
    const end = zip.length - 22
    if (zip.readUInt32LE(end) !== 0x06054b50 || zip.readUInt16LE(end + 20) !== 0) return undefined
    let at = zip.readUInt32LE(end + 16)
    for (let count = zip.readUInt16LE(end + 10); count > 0; count--) {
      const [packed, size, length] = [zip.readUInt32LE(at + 20), zip.readUInt32LE(at + 24), zip.readUInt16LE(at + 28)]
      const local = zip.readUInt32LE(at + 42)
      const from = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28)
      const body = inflateRawSync(zip.subarray(from, from + packed))
      const right = zip.readUInt32LE(at) === 0x02014b50 && zip.readUInt32LE(local) === 0x04034b50
      if (!right || body.length !== size || crc32(body) !== zip.readUInt32LE(at + 16)) return undefined
      files[zip.toString('utf8', at + 46, at + 46 + length)] = body.toString()
      at += 46 + length + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32)
    }
    return at === end ? files : undefined
  } catch {
    return undefined
  }
}
