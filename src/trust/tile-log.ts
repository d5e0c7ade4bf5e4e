// Transparency logs in tiles: hashes of a tree are read from tiles of 256, each proven up to a signed head, so that a record
// is in the tree and an older head is a beginning of a newer one.
// Hashing: RFC 6962 §2.1. Tiles: https://research.swtch.com/tlog, https://pkg.go.dev/golang.org/x/mod/sumdb/tlog

import { hash } from 'node:crypto'
import { MirrorError } from '../errors.ts'

/** The head of a tree: how many records it has, and the hash over them. */
export interface Head {
  readonly size: number
  /** Base64 of 32 bytes. */
  readonly root: string
}

/** Hashes `index * 256` and following at level `8 * level`; fewer than 256 at the right edge of a tree. */
export interface Tile {
  readonly level: number
  readonly index: number
  /** 1 to 256. */
  readonly width: number
}

type Hash = Buffer

/** Width of a full tile. */
const FULL = 256
/** Levels of tiles in a tree of 2^48 records. */
const LEVELS = 6
/** More records than a log will ever have; every number below it is exact. */
const LARGEST = 2 ** 48
const HASH = 32

/** The hash of a record. */
export const recordHash = (record: Uint8Array): Hash => sha256(Buffer.concat([Buffer.of(0), record]))

const nodeHash = (left: Uint8Array, right: Uint8Array): Hash => sha256(Buffer.concat([Buffer.of(1), left, right]))

const sha256 = (bytes: Uint8Array): Hash => hash('sha256', bytes, 'buffer')

const shifted = (value: number, bits: number): number => Math.floor(value / 2 ** bits)

/** Reads the text of a head: title, size, hash, each on a line; further lines are somebody else's. @throws MirrorError BAD_FRAMING */
export function parseHead(text: string, title: string): Head {
  const [first, size = '', root = '', ...rest] = text.split('\n')
  const isNumber = /^(?:0|[1-9]\d{0,15})$/.test(size) && Number(size) <= LARGEST
  const isHash = /^[A-Za-z0-9+/]{43}=$/.test(root) && Buffer.from(root, 'base64').length === HASH
  if (first !== title || !isNumber || !isHash || rest.length === 0) {
    throw new MirrorError('BAD_FRAMING', `${JSON.stringify(text.slice(0, 100))} is no tree head of a ${title}`)
  }
  return { size: Number(size), root }
}

/** The path of a tile below that of its log: `8/0/x001/067`, `8/1/264.p/18`. */
export function tilePath({ level, index, width }: Tile): string {
  const groups = [String(index % 1000).padStart(3, '0')]
  for (let rest = shifted1000(index); rest > 0; rest = shifted1000(rest)) {
    groups.unshift(`x${String(rest % 1000).padStart(3, '0')}`)
  }
  return `8/${level}/${groups.join('/')}${width === FULL ? '' : `.p/${width}`}`
}

const shifted1000 = (value: number): number => Math.floor(value / 1000)

/** The tile of a path as `tilePath` writes it; undefined for any other text. */
export function parseTilePath(path: string): Tile | undefined {
  const [, level = '', groups = '', width] =
    /^8\/([0-5])\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/.exec(path) ?? []
  if (level === '') return undefined
  const index = groups.split('/').reduce((sum, group) => sum * 1000 + Number(group.replace('x', '')), 0)
  const tile = { level: Number(level), index, width: width === undefined ? FULL : Number(width) }
  return index < LARGEST && tilePath(tile) === path ? tile : undefined
}

/** The tile of a tree at a place, as wide as the tree makes it; undefined beyond its right edge. */
export function tileAt({ size }: Head, level: number, index: number): Tile | undefined {
  const width = Math.min(FULL, shifted(size, 8 * level) - index * FULL)
  return width > 0 ? { level, index, width } : undefined
}

/** The partial tiles at the right edge of a tree. */
export function* edgeTiles({ size }: Head): Generator<Tile> {
  for (let level = 0; level <= LEVELS; level++) {
    const count = shifted(size, 8 * level)
    if (count % FULL !== 0) yield { level, index: shifted(count, 8), width: count % FULL }
  }
}

/** The perfect subtrees that a tree of this size is made of, from left to right: the level and index of each one's hash. */
function subtrees(size: number): readonly { readonly level: number; readonly index: number }[] {
  const found: { level: number; index: number }[] = []
  for (let level = 48; level >= 0; level--) {
    const at = shifted(size, level)
    if (at % 2 === 1) found.push({ level, index: at - 1 })
  }
  return found
}

/** The hash over 2^n hashes that stand side by side. */
function fold(hashes: readonly Hash[]): Hash {
  let row = hashes
  while (row.length > 1) {
    const next: Hash[] = []
    for (let at = 0; at < row.length; at += 2) next.push(nodeHash(row[at] ?? empty, row[at + 1] ?? empty))
    row = next
  }
  return row[0] ?? empty
}
const empty: Hash = Buffer.alloc(0)

/** The hash over a tree out of those of its subtrees, from left to right. */
function joined(hashes: readonly Hash[]): Hash {
  if (hashes.length === 0) return sha256(empty)
  return hashes.reduceRight((right, left) => nodeHash(left, right))
}

/** Bytes of a tile; undefined when the log does not have it. */
export type ReadTile = (tile: Tile) => Promise<Uint8Array | undefined>

/** A tree of a log under one head. Every hash that it tells is proven up to that head. */
export interface Tree {
  readonly head: Head
  /** The bytes of the tile at a place, as wide as this tree has it. @throws MirrorError WRONG_DIGEST, NOT_FOUND */
  tile(level: number, index: number): Promise<Uint8Array>
  /** The hash of a record. */
  record(id: number): Promise<Uint8Array>
  /** The root of its first `size` records, base64. */
  rootOf(size: number): Promise<string>
}

/** @param what The log, for errors. */
export function openTree(head: Head, read: ReadTile, what: string): Tree {
  const proven = new Map<string, Promise<Uint8Array>>()
  let edge: Promise<ReadonlyMap<number, Uint8Array>> | undefined

  const wrong = (tile: Tile): MirrorError =>
    new MirrorError('WRONG_DIGEST', `tile ${tilePath(tile)} of ${what} is not that of its tree of ${head.size} records`)

  async function bytesOf(tile: Tile): Promise<Uint8Array> {
    const bytes = await read(tile)
    if (bytes === undefined) {
      throw new MirrorError('NOT_FOUND', `upstream has no tile ${tilePath(tile)} of ${what}, which a proof needs`)
    }
    if (bytes.length !== tile.width * HASH) throw wrong(tile)
    return bytes
  }

  /** The partial tiles at the right edge by level: together, and only together, they make the head. */
  async function readEdge(): Promise<ReadonlyMap<number, Uint8Array>> {
    const tiles = new Map<number, Uint8Array>()
    let last: Tile = { level: 0, index: 0, width: 1 }
    for (const tile of edgeTiles(head)) {
      tiles.set(tile.level, await bytesOf(tile))
      last = tile
    }
    const hashes = subtrees(head.size).map(({ level, index }) => {
      const tile = tiles.get(shifted(level, 3)) ?? empty
      return subtreeIn(tile, level % 8, index)
    })
    if (joined(hashes).toString('base64') !== head.root) throw wrong(last)
    return tiles
  }

  async function prove(tile: Tile): Promise<Uint8Array> {
    edge ??= readEdge()
    if (tile.width < FULL) return (await edge).get(tile.level) ?? empty
    const above = await hashAt(tile.level + 1, tile.index)
    const bytes = await bytesOf(tile)
    if (!fold(hashesOf(bytes)).equals(above)) throw wrong(tile)
    return bytes
  }

  /** The hash at a place of a level of tiles. */
  async function hashAt(level: number, index: number): Promise<Uint8Array> {
    const bytes = await tile(level, shifted(index, 8))
    const at = (index % FULL) * HASH
    return bytes.subarray(at, at + HASH)
  }

  function tile(level: number, index: number): Promise<Uint8Array> {
    const found = tileAt(head, level, index)
    if (found === undefined) {
      throw new MirrorError('NOT_FOUND', `the tree of ${what} with ${head.size} records has no tile ${level}/${index}`)
    }
    const key = `${level}/${index}`
    const known = proven.get(key) ?? prove(found)
    proven.set(key, known)
    return known
  }

  return {
    head,
    tile,
    async record(id) {
      if (id >= head.size) {
        throw new MirrorError('WRONG_DIGEST', `record ${id} is not in the tree of ${what} with ${head.size} records`)
      }
      return hashAt(0, id)
    },
    async rootOf(size) {
      if (size > head.size) {
        throw new MirrorError('ROLLBACK', `the tree of ${what} with ${head.size} records is no longer than ${size}`)
      }
      if (size === head.size) return head.root
      const hashes: Hash[] = []
      for (const { level, index } of subtrees(size)) {
        const tileLevel = shifted(level, 3)
        const bytes = await tile(tileLevel, shifted(index * 2 ** (level % 8), 8))
        hashes.push(subtreeIn(bytes, level % 8, index))
      }
      return joined(hashes).toString('base64')
    },
  }
}

const hashesOf = (bytes: Uint8Array): readonly Hash[] =>
  Array.from({ length: bytes.length / HASH }, (_, at) => Buffer.from(bytes.subarray(at * HASH, (at + 1) * HASH)))

/** The hash of the subtree `index` at `above` levels above those of a tile that holds it. */
function subtreeIn(tile: Uint8Array, above: number, index: number): Hash {
  const count = 2 ** above
  const from = ((index * count) % FULL) * HASH
  return fold(hashesOf(tile.subarray(from, from + count * HASH)))
}

/** Does `older` lie at the beginning of this tree? @throws MirrorError DISAGREEMENT when the log has forked. */
export async function mustContinue(tree: Tree, older: Head, what: string): Promise<void> {
  if ((await tree.rootOf(older.size)) === older.root) return
  throw new MirrorError(
    'DISAGREEMENT',
    `${what} has forked: its tree of ${tree.head.size} records does not continue the one of ${older.size} records with root ${older.root}`,
    { hint: 'The log, or somebody with its key, shows different histories. Keep both heads and tell its operator.' },
  )
}

/** Is this record in the tree under this number? @throws MirrorError WRONG_DIGEST */
export async function mustContain(tree: Tree, id: number, record: Uint8Array, what: string): Promise<void> {
  if (recordHash(record).equals(await tree.record(id))) return
  throw new MirrorError(
    'WRONG_DIGEST',
    `record ${id} of ${what} is not the one in its tree of ${tree.head.size} records`,
  )
}
