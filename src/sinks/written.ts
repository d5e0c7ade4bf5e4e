// What earlier exports wrote into a directory, and what is in it now: a list beside the tree, in the form that
// `sha256sum --check` reads. Without it a file is a stranger's and is not touched.
//
//   .pkgmirror/paths    `<sha256>  <path>`, one a line, by path
//   .pkgmirror/leaving  `<time>  <path>`: out of the tree, to be deleted after that time; there only where there are any
//   .pkgmirror/begun    as `paths` for the files that a run is about to write; there only while it runs or after a crash

import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import Database from 'better-sqlite3'
import { asMirrorError, MirrorError } from '../errors.ts'
import { isHex } from '../formats/digest.ts'
import { safePath } from '../formats/safe-path.ts'
import { asWriteError } from './refusals.ts'
import { OWN_FOLDER } from './tree.ts'

export interface WrittenFile {
  readonly path: string
  /** `UNKNOWN` when a run was cut off that was about to write it, and when it is leaving. */
  readonly sha256: string
  /** It is leaving: from then on it may be deleted, milliseconds since 1970. 0 for a file of the tree. */
  readonly due: number
}

const UNKNOWN = '0'.repeat(64)

export interface Written {
  readonly files: number
  get(path: string): WrittenFile | undefined
  /** What is written below a folder. */
  under(folder: string): readonly string[]
  list(): Iterable<WrittenFile>
  put(file: Pick<WrittenFile, 'path' | 'sha256'>): void
  drop(path: string): void
  /** It is out of the tree, and may be deleted from then on. */
  leave(path: string, due: number): void
  /** This run is going to write it. */
  intend(file: Intended): void
  /** By rank, then by path. */
  intended(): Iterable<Intended>
  /** Writes down, durably, what is intended: before the first of it is written. */
  begin(): Promise<void>
  /** Writes down, durably, what is there now. */
  finish(): Promise<void>
  close(): void
}

interface Intended {
  readonly path: string
  readonly sha256: string
  readonly rank: number
}

const PAGE = 500
/** A digest, two blanks and a path of at most 1024 bytes. */
const LONGEST_LINE = 64 + 2 + 1024

/** @throws MirrorError UNREADABLE for a list that is not of its form. */
export async function readWritten(root: string): Promise<Written> {
  const folder = join(root, OWN_FOLDER)
  const [paths, begun, leaving] = [join(folder, 'paths'), join(folder, 'begun'), join(folder, 'leaving')]
  const connection = new Database('')
  connection.exec(`PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -4000;
    CREATE TABLE written (path TEXT PRIMARY KEY, sha256 TEXT NOT NULL, due INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE intended (rank INTEGER NOT NULL, path TEXT NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY (rank, path)) WITHOUT ROWID;
    BEGIN;`)
  const put = connection.prepare('INSERT OR REPLACE INTO written (path, sha256, due) VALUES (?, ?, ?)')
  const drop = connection.prepare('DELETE FROM written WHERE path = ?')
  const get = connection.prepare<[string], WrittenFile>('SELECT path, sha256, due FROM written WHERE path = ?')
  const count = connection.prepare<[], number>('SELECT count(*) FROM written').pluck()
  const page = connection.prepare<[string], WrittenFile>(
    `SELECT path, sha256, due FROM written WHERE path > ? ORDER BY path LIMIT ${PAGE}`,
  )
  const intend = connection.prepare('INSERT INTO intended (rank, path, sha256) VALUES (?, ?, ?)')
  const intended = connection.prepare<[number, string], Intended>(
    `SELECT rank, path, sha256 FROM intended WHERE (rank, path) > (?, ?) ORDER BY rank, path LIMIT ${PAGE}`,
  )
  // the character after a slash is a zero
  const under = connection
    .prepare<[string, string], string>(
      "SELECT path FROM written WHERE path > ? || '/' AND path < ? || '0' ORDER BY path",
    )
    .pluck()
  const listIntended = () => pages<Intended>((last) => intended.all(last?.rank ?? -1, last?.path ?? ''))
  const list = () => pages<WrittenFile>((last) => page.all(last?.path ?? ''))
  try {
    for await (const line of lines(paths)) put.run(pathOf(line), digestOf(line), 0)
    for await (const line of lines(leaving)) put.run(pathOf(line), UNKNOWN, timeOf(line))
    // one that was leaving may have been written, or not: it is deleted when it was due, unless the tree has it
    for await (const line of lines(begun)) put.run(pathOf(line), UNKNOWN, get.get(pathOf(line))?.due ?? 0)
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
    put: (file) => void put.run(file.path, file.sha256, 0),
    leave: (path, due) => void put.run(path, UNKNOWN, due),
    drop: (path) => void drop.run(path),
    intend: ({ rank, path, sha256 }) => void intend.run(rank, path, sha256),
    intended: listIntended,
    async begin() {
      await mkdir(folder, { recursive: true })
      await save(
        begun,
        texts(listIntended(), ({ sha256 }) => sha256),
      )
    },
    async finish() {
      await save(
        paths,
        texts(list(), ({ sha256, due }) => (due === 0 ? sha256 : undefined)),
      )
      const late = () => texts(list(), ({ due }) => (due === 0 ? undefined : new Date(due).toISOString()))
      if (late().next().value === '') await rm(leaving, { force: true })
      else await save(leaving, late())
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

interface Line {
  readonly text: string
  readonly file: string
  readonly number: number
}

/** The lines of a list; none when it is not there. */
async function* lines(file: string): AsyncGenerator<Line> {
  const input = createReadStream(file)
  let number = 0
  try {
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1
      yield { text, file, number }
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return
    throw asMirrorError(error)
  } finally {
    input.destroy()
  }
}

const GAP = '  '

function pathOf(line: Line): string {
  const path = line.text.slice(line.text.indexOf(GAP) + GAP.length)
  if (line.text.length <= LONGEST_LINE && line.text.includes(GAP) && isSafe(path)) return path
  throw unreadable(line)
}

function digestOf(line: Line): string {
  const digest = line.text.slice(0, line.text.indexOf(GAP))
  if (isHex('sha256', digest)) return digest
  throw unreadable(line)
}

function timeOf(line: Line): number {
  const time = Date.parse(line.text.slice(0, line.text.indexOf(GAP)))
  if (time > 0) return time
  throw unreadable(line)
}

const unreadable = ({ file, number }: Line): MirrorError =>
  new MirrorError('UNREADABLE', 'this is no list of exported files', {
    file,
    line: number,
    hint: 'Export into an empty directory, or remove the list and export with --force.',
  })

function isSafe(path: string): boolean {
  try {
    return safePath(`/${path}`) !== '/' && !path.endsWith('/')
  } catch {
    return false
  }
}

async function save(file: string, text: Iterable<string>): Promise<void> {
  const fresh = `${file}.new`
  try {
    await pipeline(text, createWriteStream(fresh))
    const handle = await open(fresh, 'r+')
    await handle.sync().finally(() => handle.close())
    await rename(fresh, file)
  } catch (error) {
    await rm(fresh, { force: true })
    throw asWriteError(error, file)
  }
}

/** Some hundred lines a piece; files of which `first` says nothing are left out. */
function* texts<T extends { readonly path: string }>(
  files: Iterable<T>,
  first: (file: T) => string | undefined,
): Generator<string> {
  let text = ''
  for (const file of files) {
    const told = first(file)
    if (told === undefined) continue
    text += `${told}${GAP}${file.path}\n`
    if (text.length < 65_536) continue
    yield text
    text = ''
  }
  yield text
}
