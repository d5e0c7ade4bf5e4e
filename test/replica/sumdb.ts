// A checksum database for tests, with a key of its own: records are appended, and every state of its tree can be asked for
// heads, lookups and tiles. The hashes are computed over all records each time, by the definition (RFC 6962 §2.1), so that
// nothing of what is tested here is used to test it.

import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

const sha256 = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

const leaf = (record: string): Buffer => sha256(Buffer.of(0), Buffer.from(record))

/** The hash over a list of leaves. */
export function rootOf(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves
  if (only === undefined) return sha256()
  if (leaves.length === 1) return only
  let half = 1
  while (half * 2 < leaves.length) half *= 2
  return sha256(Buffer.of(1), rootOf(leaves.slice(0, half)), rootOf(leaves.slice(half)))
}

export interface Sumdb {
  readonly name: string
  /** `NAME+HASH+KEY`. */
  readonly key: string
  readonly size: number
  /** Appends a record; its number. */
  append(record: string): number
  /** The record of a module: `record(id)`. */
  record(id: number): string
  /** The signed head of the first `size` records. */
  head(size?: number): string
  /** A lookup of a record, under the head of the first `size` records. */
  lookup(id: number, size?: number): string
  /** The tile at a path below that of the log, such as `8/0/000.p/3`, of the whole tree; undefined where it has none. */
  tile(path: string): Buffer | undefined
  /** Another history that begins with the first `size` records of this one, signed by the same key. */
  fork(size: number): Sumdb
  /** A signed note with any text. */
  note(text: string): string
}

interface Signing {
  readonly name: string
  readonly privateKey: KeyObject
  readonly key: string
  readonly hash: Buffer
}

export function createSumdb(name = 'sum.test'): Sumdb {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const bytes = Buffer.concat([Buffer.of(1), publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)])
  const hash = sha256(Buffer.from(`${name}\n`), bytes).subarray(0, 4)
  return sumdb({ name, privateKey, hash, key: `${name}+${hash.toString('hex')}+${bytes.toString('base64')}` }, [])
}

function sumdb(signing: Signing, records: string[]): Sumdb {
  const leaves = records.map(leaf)
  const note = (text: string): string => {
    const signature = Buffer.concat([signing.hash, sign(null, Buffer.from(text), signing.privateKey)])
    return `${text}\n— ${signing.name} ${signature.toString('base64')}\n`
  }
  const log: Sumdb = {
    name: signing.name,
    key: signing.key,
    get size() {
      return records.length
    },
    append(record) {
      records.push(record)
      leaves.push(leaf(record))
      return records.length - 1
    },
    record: (id) => records[id] ?? '',
    head: (size = records.length) =>
      note(`go.sum database tree\n${size}\n${rootOf(leaves.slice(0, size)).toString('base64')}\n`),
    lookup: (id, size = records.length) => `${id}\n${records[id]}\n${log.head(size)}`,
    tile(path) {
      const [, level = '', groups = '', width] = /^8\/(\d)\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d+))?$/.exec(path) ?? []
      const index = Number(groups.replace(/[x/]/g, ''))
      const each = 256 ** Number(level)
      const count = Number(width ?? 256)
      if (level === '' || (index * 256 + count) * each > leaves.length) return undefined
      const hashes = Array.from({ length: count }, (_, at) => {
        const from = (index * 256 + at) * each
        return rootOf(leaves.slice(from, from + each))
      })
      return Buffer.concat(hashes)
    },
    fork: (size) => sumdb(signing, records.slice(0, size)),
    note,
  }
  return log
}

/** The record of a module's version. */
export const recordOf = (name: string, version: string, zip: string, mod: string): string =>
  `${name} ${version} ${zip}\n${name} ${version}/go.mod ${mod}\n`

/** Records of modules that nobody asks for, so that a tree has full tiles. */
export function fill(log: Sumdb, count: number): void {
  for (let at = 0; at < count; at++) {
    const digest = `h1:${createHash('sha256').update(`${log.size}`).digest('base64')}`
    log.append(recordOf(`example.test/filler${log.size}`, 'v1.0.0', digest, digest))
  }
}
