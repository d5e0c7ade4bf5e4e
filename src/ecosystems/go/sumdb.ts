// Whether what a checksum database says can be trusted: every head is signed, continues those that were accepted before and
// is continued by those after, and every record and tile is proven to be in the tree of such a head.
// https://go.dev/design/25530-sumdb

import type { Doc, Repo, Trust } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import {
  type Head,
  mustContain,
  mustContinue,
  openTree,
  parseTilePath,
  type Tile,
  type Tree,
  tileAt,
  tilePath,
} from '../../trust/tile-log.ts'
import { type GoOptions, keyOf, type Log, logNamed } from './options.ts'
import { headPath, type ModuleAt, newerPath } from './paths.ts'
import { digestsIn, headIn, openHead, splitLookup } from './record.ts'

/** Heads beyond that of `latest` that are remembered: one for each module whose first lookup made its record. */
const mostBeyond = 256

const pathOf = (log: Log, tile: Tile): string => `/sumdb/${log.name}/tile/${tilePath(tile)}`

/** The tree under a head, read from tiles that are held if all of them together fit. */
const treeOf = (head: Head, log: Log, trust: Trust, own?: Doc): Tree =>
  openTree(
    head,
    async (tile) => {
      const path = pathOf(log, tile)
      const doc = own?.path === path ? own : await trust.unproven(path)
      return doc?.bytes()
    },
    `the checksum database ${log.name}`,
  )

const provenBy = (log: Log, { size }: Head): string =>
  `signature by ${log.name}+${keyOf(log).hash} on a tree of ${size} records`

// What is remembered of a log: the head of `latest`, then those beyond it that came with lookups, in ascending order, each
// continuing the one before. So the tiles that prove a held record in the tree of any of them are held as well: what is a
// partial tile in one tree was read whole, or wider, when the next one was proven to continue it.

const keyIn = (log: Log): string => `heads of ${log.name}`

function recall(log: Log, trust: Trust): readonly Head[] {
  const text = trust.recall(keyIn(log))
  return text === undefined ? [] : (JSON.parse(text) as readonly Head[])
}

const remember = (log: Log, heads: readonly Head[], trust: Trust): void =>
  trust.remember(keyIn(log), JSON.stringify([...heads.slice(0, 1), ...heads.slice(1).slice(-mostBeyond)]))

/** @throws MirrorError DISAGREEMENT, and what reading tiles throws. */
async function mustFollow(older: Head, newer: Head, log: Log, trust: Trust): Promise<void> {
  await mustContinue(treeOf(newer, log, trust), older, `the checksum database ${log.name}`)
}

/**
 * The newest head: signed, no shorter than the one before, and one history with all that was accepted.
 * @throws MirrorError ROLLBACK, DISAGREEMENT, and what `openNote` throws.
 */
export async function checkHead(doc: Doc, name: string, repo: Repo<GoOptions>, trust: Trust): Promise<void> {
  const log = logNamed(name, repo)
  const head = await headIn(doc, log)
  const heads = recall(log, trust)
  const [latest] = heads
  if (latest !== undefined && head.size < latest.size) {
    const message = `${doc.path} has ${head.size} records, fewer than the ${latest.size} that were accepted already`
    throw new MirrorError('ROLLBACK', message, { path: doc.path, url: doc.url })
  }
  const tree = treeOf(head, log, trust)
  for (const older of heads) {
    if (older.size <= head.size) await mustContinue(tree, older, `the checksum database ${log.name}`)
  }
  const beyond = heads.filter(({ size }) => size > head.size)
  const [next] = beyond
  if (next !== undefined) await mustFollow(head, next, log, trust)
  remember(log, [head, ...beyond], trust)
  trust.proven(provenBy(log, head))
}

/**
 * A record: of the module that was asked for, under a signed head of one history with the others, and in the tree.
 * @throws MirrorError as `checkHead`, and WRONG_DIGEST for a record that is not in the tree.
 */
export async function checkLookup(
  doc: Doc,
  name: string,
  at: ModuleAt,
  repo: Repo<GoOptions>,
  trust: Trust,
): Promise<void> {
  const log = logNamed(name, repo)
  const { id, record, note } = await splitLookup(doc)
  digestsIn(doc, record, at)
  const own = openHead(note, log, doc.path)
  const head = await latestHead(log, trust)
  const what = `the checksum database ${log.name}`
  if (head !== undefined && own.size <= head.size) {
    const tree = treeOf(head, log, trust)
    await mustContinue(tree, own, what)
    await mustContain(tree, id, Buffer.from(record), what)
    trust.proven(provenBy(log, head))
    return
  }
  const tree = treeOf(own, log, trust)
  await mustContain(tree, id, Buffer.from(record), what)
  await acceptBeyond(tree, head, log, trust)
  trust.proven(provenBy(log, own))
}

/** The head of `latest`, as it is held or as it was accepted a moment ago, whichever is newer. */
async function latestHead(log: Log, trust: Trust): Promise<Head | undefined> {
  const latest = await trust.document(headPath(log.name))
  const head = latest === undefined ? undefined : await headIn(latest, log)
  const [accepted] = recall(log, trust)
  return head === undefined || (accepted !== undefined && accepted.size > head.size) ? accepted : head
}

/** Remembers a head that is newer than that of `latest`, if it is one history with those before and after it. */
async function acceptBeyond(tree: Tree, latest: Head | undefined, log: Log, trust: Trust): Promise<void> {
  const { head } = tree
  const known = recall(log, trust)
  const heads = known.length === 0 && latest !== undefined ? [latest] : known
  const before = heads.findLast(({ size }) => size <= head.size)
  const after = heads.find(({ size }) => size > head.size)
  if (before !== undefined) await mustContinue(tree, before, `the checksum database ${log.name}`)
  if (after !== undefined) await mustFollow(head, after, log, trust)
  if (before?.size === head.size) return
  const all = [...heads, head].sort((a, b) => a.size - b.size)
  remember(log, all, trust)
}

/**
 * A head of at least so many records, asked for when a client that has seen one elsewhere wants its tiles.
 * @throws MirrorError as `checkHead`, and NOT_FOUND where upstream has none yet.
 */
export async function checkNewer(
  doc: Doc,
  name: string,
  size: number,
  repo: Repo<GoOptions>,
  trust: Trust,
): Promise<void> {
  const log = logNamed(name, repo)
  const head = await headIn(doc, log)
  if (head.size < size) {
    const message = `${log.name} has ${head.size} records upstream, not yet ${size}`
    throw new MirrorError('NOT_FOUND', message, { path: doc.path })
  }
  const latest = await latestHead(log, trust)
  if (latest !== undefined && head.size <= latest.size) await mustFollow(head, latest, log, trust)
  else await acceptBeyond(treeOf(head, log, trust), latest, log, trust)
  trust.proven(provenBy(log, head))
}

/** A tile that a client asks for by itself: as it is in the tree of the newest head. @throws MirrorError WRONG_DIGEST, NOT_FOUND */
export async function checkTile(doc: Doc, name: string, repo: Repo<GoOptions>, trust: Trust): Promise<void> {
  const log = logNamed(name, repo)
  const tile = parseTilePath(doc.path.slice(`/sumdb/${name}/tile/`.length))
  if (tile === undefined) throw new MirrorError('NOT_FOUND', `${doc.path} is no tile`, { path: doc.path })
  const latest = await trust.document(headPath(log.name))
  const heads = [...recall(log, trust), ...(latest === undefined ? [] : [await headIn(latest, log)])]
  const known = heads.sort((a, b) => b.size - a.size)[0]
  const records = (tile.index * 256 + tile.width) * 256 ** tile.level
  const newer =
    known !== undefined && known.size >= records ? undefined : await trust.document(newerPath(name, records))
  const newest = newer === undefined ? known : await headIn(newer, log)
  const there = newest === undefined ? undefined : tileAt(newest, tile.level, tile.index)
  if (newest === undefined || there === undefined || there.width < tile.width) {
    throw new MirrorError('NOT_FOUND', `no head of ${log.name} that is known here has the tile ${doc.path}`, {
      path: doc.path,
    })
  }
  const whole = await treeOf(newest, log, trust, doc).tile(tile.level, tile.index)
  const bytes = await doc.bytes()
  if (!Buffer.from(whole.subarray(0, tile.width * 32)).equals(bytes)) {
    const message = `${doc.path} is not that of the tree of ${newest.size} records`
    throw new MirrorError('WRONG_DIGEST', message, { path: doc.path, url: doc.url })
  }
  trust.proven(provenBy(log, newest))
}

/** The record as it came, under the newest head that its own one is a beginning of: one head for all that clients see. */
export async function shownLookup(
  doc: Doc,
  latest: Doc | undefined,
  name: string,
  repo: Repo<GoOptions>,
): Promise<Uint8Array> {
  const { id, record, note } = await splitLookup(doc)
  const log = logNamed(name, repo)
  const newer = latest !== undefined && openHead(note, log, doc.path).size <= (await headIn(latest, log)).size
  return Buffer.concat([Buffer.from(`${id}\n${record}\n`), newer ? await latest.bytes() : note])
}
