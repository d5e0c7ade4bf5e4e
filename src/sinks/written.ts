// What earlier exports wrote into a directory, and what is in it now: a list beside the tree, in the form that
// `sha256sum --check` reads. Without it a file is a stranger's and is not touched.
//
//   .pkgmirror/paths   `<sha256>  <path>`, one a line, by path
//   .pkgmirror/begun   the same for the files that a run is about to write; there only while it runs or after a crash

import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import Database from 'better-sqlite3'
import { asMirrorError, MirrorError } from '../errors.ts'
import { isHex } from '../formats/digest.ts'
import { safePath } from '../formats/safe-path.ts'
import { OWN_FOLDER } from './tree.ts'

export interface WrittenFile {
  readonly path: string
  /** `UNKNOWN` when a run was cut off that was about to write it. */
  readonly sha256: string
}

const UNKNOWN = '0'.repeat(64)

export interface Written {
  readonly files: number
  get(path: string): WrittenFile | undefined
  /** What is written below a folder. */
  under(folder: string): readonly string[]
  list(): Iterable<WrittenFile>
  put(file: WrittenFile): void
  drop(path: string): void
  /** This run is going to write it. */
  intend(file: WrittenFile & { readonly rank: number }): void
  /** By rank, then by path. */
  intended(): Iterable<WrittenFile & { readonly rank: number }>
  /** Writes down, durably, what is intended: before the first of it is written. */
  begin(): Promise<void>
  /** Writes down, durably, what is there now. */
  finish(): Promise<void>
  close(): void
}

const PAGE = 500
/** A digest, two blanks and a path of at most 1024 bytes. */
const LONGEST_LINE = 64 + 2 + 1024

/** @throws MirrorError UNREADABLE for a list that is not of its form. */
export async function readWritten(root: string): Promise<Written> {
  const folder = join(root, OWN_FOLDER)
  const [paths, begun] = [join(folder, 'paths'), join(folder, 'begun')]
  const connection = new Database('')
  connection.exec(`PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
    CREATE TABLE written (path TEXT PRIMARY KEY, sha256 TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE intended (rank INTEGER NOT NULL, path TEXT NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY (rank, path)) WITHOUT ROWID;
    BEGIN;`)
  const put = connection.prepare('INSERT OR REPLACE INTO written (path, sha256) VALUES (?, ?)')
  const drop = connection.prepare('DELETE FROM written WHERE path = ?')
  const get = connection.prepare<[string], WrittenFile>('SELECT path, sha256 FROM written WHERE path = ?')
  const count = connection.prepare<[], number>('SELECT count(*) FROM written').pluck()
  const page = connection.prepare<[string], WrittenFile>(
    `SELECT path, sha256 FROM written WHERE path > ? ORDER BY path LIMIT ${PAGE}`,
  )
  const intend = connection.prepare('INSERT INTO intended (rank, path, sha256) VALUES (?, ?, ?)')
  const intended = connection.prepare<[number, string], WrittenFile & { rank: number }>(
    `SELECT rank, path, sha256 FROM intended WHERE (rank, path) > (?, ?) ORDER BY rank, path LIMIT ${PAGE}`,
  )
  // the character after a slash is a zero
  const under = connection
    .prepare<[string, string], string>(
      "SELECT path FROM written WHERE path > ? || '/' AND path < ? || '0' ORDER BY path",
    )
    .pluck()
  const listIntended = () =>
    pages<WrittenFile & { rank: number }>((last) => intended.all(last?.rank ?? -1, last?.path ?? ''))
  const list = () => pages<WrittenFile>((last) => page.all(last?.path ?? ''))
  try {
    for await (const file of lines(paths)) put.run(file.path, file.sha256)
    for await (const file of lines(begun)) put.run(file.path, UNKNOWN)
  } catch (error) {
    connection.close()
    throw error
  }
  return {
    get files() {
      return count.get() ?? 0
    },
    get: (path) => get.get(path),
    under: (path) => under.all(path, path),
    list,
    put: (file) => void put.run(file.path, file.sha256),
    drop: (path) => void drop.run(path),
    intend: ({ rank, path, sha256 }) => void intend.run(rank, path, sha256),
    intended: listIntended,
    async begin() {
      await mkdir(folder, { recursive: true })
      await save(begun, listIntended())
    },
    async finish() {
      await save(paths, list())
      await rm(begun, { force: true })
    },
    close: () => void connection.close(),
  }
}

function* pages<T>(after: (last: T | undefined) => readonly T[]): Generator<T> {
  let rows = after(undefined)
  for (;;) {
    yield* rows
    const last = rows.at(-1)
    if (last === undefined || rows.length < PAGE) return
    rows = after(last)
  }
}

/** The lines of a list; none when it is not there. */
async function* lines(file: string): AsyncGenerator<WrittenFile> {
  const input = createReadStream(file)
  let number = 0
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1
      yield readLine(line, file, number)
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return
    throw asMirrorError(error)
  } finally {
    input.destroy()
  }
}

function readLine(line: string, file: string, number: number): WrittenFile {
  const [sha256, path] = [line.slice(0, 64), line.slice(66)]
  const whole = line.length <= LONGEST_LINE && isHex('sha256', sha256) && line.slice(64, 66) === '  '
  if (whole && isSafe(path)) return { path, sha256 }
  throw new MirrorError('UNREADABLE', 'this is no list of exported files', {
    file,
    line: number,
    hint: 'Export into an empty directory, or remove the list and export with --force.',
  })
}

function isSafe(path: string): boolean {
  try {
    return safePath(`/${path}`) !== '/' && !path.endsWith('/')
  } catch {
    return false
  }
}

async function save(file: string, files: Iterable<WrittenFile>): Promise<void> {
  const fresh = `${file}.new`
  try {
    await pipeline(texts(files), createWriteStream(fresh))
    const handle = await open(fresh, 'r+')
    await handle.sync().finally(() => handle.close())
    await rename(fresh, file)
  } catch (error) {
    await rm(fresh, { force: true })
    throw asMirrorError(error)
  }
}

/** Some hundred lines a piece. */
function* texts(files: Iterable<WrittenFile>): Generator<string> {
  let text = ''
  for (const { sha256, path } of files) {
    text += `${sha256}  ${path}\n`
    if (text.length < 65_536) continue
    yield text
    text = ''
  }
  yield text
}
