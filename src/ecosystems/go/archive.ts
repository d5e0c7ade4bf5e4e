// What is in a module's zip: the digest that go.sum and checksum databases state of it, and the rules that the go command
// has for its files. https://go.dev/ref/mod#zip-files, https://pkg.go.dev/golang.org/x/mod/sumdb/dirhash#Hash1

import { createHash } from 'node:crypto'
import type { Doc } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { LARGEST_GO_MOD, parseGoMod } from '../../formats/go-mod.ts'
import { type ZipFile, zipFiles } from '../../formats/zip.ts'
import { unescaped } from './paths.ts'

/** Of the zip, and of all its files together. */
const LARGEST = 500 * 1024 * 1024
/** All names together: a directory longer than this is made to hurt. */
const LONGEST_NAMES = 64 * 1024 * 1024

const unreadable = (doc: Doc, why: string): MirrorError =>
  new MirrorError('UNREADABLE', `${doc.path} ${why}`, { path: doc.path, url: doc.url })

/** `MODULE@VERSION/`, which every name in the zip at a path begins with. */
function prefixOf(path: string): string {
  const [, module = '', version = ''] = /^\/(.+)\/@v\/([^/]+)\.zip$/.exec(path) ?? []
  return `${unescaped(module)}@${unescaped(version)}/`
}

/** The files of a module's zip, as the go command takes them. @throws MirrorError UNREADABLE, TOO_LARGE */
async function* filesOf(doc: Doc): AsyncGenerator<ZipFile> {
  const prefix = prefixOf(doc.path)
  const tooLarge = (): MirrorError =>
    new MirrorError('TOO_LARGE', `${doc.path} is larger than the 500 MiB that a module may have`, { path: doc.path })
  if (doc.size > LARGEST) throw tooLarge()
  let size = 0
  let names = 0
  for await (const file of zipFiles(doc)) {
    size += file.size
    names += file.name.length
    if (size > LARGEST) throw tooLarge()
    if (names > LONGEST_NAMES) throw unreadable(doc, 'has names that no module has')
    if (!file.name.startsWith(prefix))
      throw unreadable(doc, `holds ${JSON.stringify(file.name.slice(0, 200))}, outside ${prefix}`)
    if (file.name.includes('\n')) throw unreadable(doc, 'holds a name with a line end')
    yield file
  }
}

interface Line {
  readonly name: string
  readonly sha256: string
}

/** Names in the order of their bytes. */
const byName = (a: Line, b: Line): number => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name))

function h1(lines: readonly Line[]): string {
  const hash = createHash('sha256')
  for (const { name, sha256 } of lines.toSorted(byName)) hash.update(`${sha256}  ${name}\n`)
  return `h1:${hash.digest('base64')}`
}

async function sha256Of(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of bytes) hash.update(piece)
  return hash.digest('hex')
}

/** The digest that go.sum states of a zip, or of a go.mod as of a folder with that one file. */
export async function digestOf(doc: Doc): Promise<string> {
  if (doc.path.endsWith('.mod')) return h1([{ name: 'go.mod', sha256: await sha256Of(doc.stream()) }])
  const lines: Line[] = []
  for await (const { name, bytes } of filesOf(doc)) lines.push({ name, sha256: await sha256Of(bytes()) })
  return h1(lines)
}

/** For what nobody states a digest of: at least it is what it should be. @throws MirrorError UNREADABLE, TOO_LARGE */
export async function checkUnstated(doc: Doc): Promise<void> {
  if (doc.path.endsWith('.mod')) {
    if (doc.size > LARGEST_GO_MOD) throw unreadable(doc, 'is too large for a go.mod')
    if (parseGoMod(await doc.bytes(), doc.path).module === undefined) throw unreadable(doc, 'names no module')
    return
  }
  let files = 0
  for await (const { name } of filesOf(doc)) files += name === '' ? 0 : 1
  if (files === 0) throw unreadable(doc, 'holds no files')
}
