// A lookup in a checksum database: a record with the two lines that go.sum would have, and the signed head of a tree that
// holds it. https://go.dev/ref/mod#checksum-database, https://pkg.go.dev/golang.org/x/mod/sumdb/tlog#ParseRecord

import type { Doc, Entry } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { openNote } from '../../trust/signed-note.ts'
import { type Head, parseHead } from '../../trust/tile-log.ts'
import { keyOf, type Log } from './options.ts'
import { filePath, type ModuleAt } from './paths.ts'

/** Records and heads have some hundred bytes. */
const largest = 64 * 1024
const title = 'go.sum database tree'

export interface Lookup {
  /** The number of the record in the tree. */
  readonly id: number
  /** The lines, each with its end: what is hashed into the tree. */
  readonly record: string
  /** The signed note behind them. */
  readonly note: Uint8Array
}

const refused = (doc: Doc, why: string): MirrorError =>
  new MirrorError('BAD_FRAMING', `${doc.path} ${why}`, { path: doc.path, url: doc.url })

async function bytesOf(doc: Doc): Promise<Uint8Array> {
  if (doc.size > largest) throw refused(doc, `has ${doc.size} bytes, too many for what a checksum database says`)
  return doc.bytes()
}

/** Takes a lookup apart. Nothing of it is proven yet. @throws MirrorError BAD_FRAMING */
export async function splitLookup(doc: Doc): Promise<Lookup> {
  const bytes = Buffer.from(await bytesOf(doc))
  const [first, end] = [bytes.indexOf('\n'), bytes.indexOf('\n\n')]
  const id = bytes.subarray(0, Math.max(0, first)).toString('latin1')
  if (first < 0 || end <= first || !/^(?:0|[1-9]\d{0,14})$/.test(id)) throw refused(doc, 'is no record of a log')
  const record = bytes.subarray(first + 1, end + 1)
  return { id: Number(id), record: record.toString(), note: bytes.subarray(end + 2) }
}

const line = /^(\S{1,1024}) (\S{1,300}) (h1:[A-Za-z0-9+/]{43}=)$/

/** The digests that a record states. @throws MirrorError BAD_FRAMING unless it is that of this module at this version. */
export function digestsIn(doc: Doc, record: string, { name, version }: ModuleAt): { zip: string; mod: string } {
  const found = new Map<string, string>()
  for (const text of record.split('\n').filter((one) => one !== '')) {
    const [, module, at = '', h1 = ''] = line.exec(text) ?? []
    if (module !== name || found.has(at)) throw refused(doc, 'is a record of something else')
    found.set(at, h1)
  }
  const [zip, mod] = [found.get(version), found.get(`${version}/go.mod`)]
  if (zip === undefined || mod === undefined || found.size !== 2) throw refused(doc, 'is a record of something else')
  return { zip, mod }
}

/** The files of a version with the digests that its record states. */
export async function* readLookup(doc: Doc, at: ModuleAt): AsyncGenerator<Entry> {
  const { record } = await splitLookup(doc)
  const { zip, mod } = digestsIn(doc, record, at)
  yield { path: filePath(at.name, at.version, 'zip'), ...at, digests: { h1: zip } }
  yield { path: filePath(at.name, at.version, 'mod'), ...at, digests: { h1: mod } }
}

/** The head in a signed note. @throws MirrorError as `openNote`, and BAD_FRAMING */
export function openHead(note: Uint8Array, log: Log, what: string): Head {
  return parseHead(openNote(note, [keyOf(log)], what).text, title)
}

/** The head that a document of its own holds. */
export const headIn = async (doc: Doc, log: Log): Promise<Head> => openHead(await bytesOf(doc), log, doc.path)
