// A directory as a tree that any web server can serve. Only what changed is touched: what others refer to first, entry
// documents last, deletions after them. A run that is cut off at any moment leaves old or new files, all of them whole,
// and a list by which the next run knows what is its own.

import { createReadStream, existsSync, type Stats } from 'node:fs'
import { lstat, mkdir, readdir, rm, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { MirrorError } from '../errors.ts'
import { type Folders, folders } from './folders.ts'
import { type Look, looking } from './look.ts'
import { linkNow, place } from './place.ts'
import { asWriteError } from './refusals.ts'
import {
  type Bytes,
  type Published,
  type Publishing,
  type Sink,
  type Tree,
  type TreeFile,
  wholeSeconds,
} from './sink.ts'
import { OWN_FOLDER } from './tree.ts'
import { readWritten, type Written, type WrittenFile } from './written.ts'

/** Deleting more than this share of a tree is hardly meant; trees of a few files may change as they like. */
const WIPE_RATIO = 0.5
const WIPE_FROM = 10
/** Files looked at or written at once. */
const AT_ONCE = 32
/** File systems keep times to two seconds at worst (FAT). */
const TIME_GRAIN = 2000
const MOST_NAMED = 5
/** A time to delete that lies farther ahead was written by a clock that was wrong. */
const LONGEST_GRACE = 366 * 86_400_000

/** A sink into `root`, an absolute path; it is made when it is not there. */
export function directorySink(root: string, bytes: Bytes): Sink {
  return {
    async publish(tree, publishing) {
      await mustBeOurs(root, publishing.force)
      const written = await readWritten(root)
      try {
        return await bring({ root, bytes, tree, publishing, written, folders: folders(root), look: looking(root) })
      } catch (error) {
        throw asWriteError(error, root)
      } finally {
        written.close()
      }
    },
    earlier(path) {
      const file = join(root, path)
      return existsSync(file) ? createReadStream(file) : undefined
    },
  }
}

interface Work {
  readonly root: string
  readonly bytes: Bytes
  readonly tree: Tree
  readonly publishing: Publishing
  readonly written: Written
  readonly folders: Folders
  readonly look: Look
}

/** Throws USAGE for a directory that holds something and was never exported to. */
async function mustBeOurs(root: string, force: boolean): Promise<void> {
  const names = await readdir(root).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return []
    throw asWriteError(error, root)
  })
  if (names.length === 0 || names.includes(OWN_FOLDER) || force) return
  throw new MirrorError('USAGE', `${root} holds files that no export wrote`, {
    file: root,
    hint: 'Name an empty directory, or pass --force to export beside what is there.',
  })
}

async function bring(work: Work): Promise<Published> {
  const { root, tree, publishing, written } = work
  const { intended, obstacles } = await survey(work)
  const { due, going, leaving } = await deletions(work)
  const none = { linked: 0, copied: 0, unchanged: tree.files - intended, deleted: due, leaving, bytes: 0, failed: 0 }
  if (publishing.dryRun) {
    announce(work)
    return none
  }
  if (intended === 0 && due === 0 && going === 0) return none
  await mkdir(root, { recursive: true })
  await written.begin()
  for (const path of obstacles) await remove(work, path)
  const done = await writeAll(work)
  const removed = done.failed > 0 ? { deleted: 0, leaving: 0 } : await removeGone(work)
  await written.finish()
  return { ...none, ...done, ...removed, deleted: removed.deleted + obstacles.size }
}

/** Finds out what is to be written, and what has to go first because it stands in the way. Changes nothing. */
async function survey(work: Work): Promise<{ readonly intended: number; readonly obstacles: ReadonlySet<string> }> {
  const { tree, written, publishing } = work
  const obstacles = new Set<string>()
  const strangers: string[] = []
  let intended = 0
  for (const files of groups(tree.list(), () => false)) {
    stopIf(publishing.signal)
    await turn()
    const found = await work.look(files.map((file) => file.path))
    for (const [index, file] of files.entries()) {
      const state = stateOf(work, file, found[index])
      if (state === 'unchanged') continue
      if (state === 'stranger') strangers.push(file.path)
      for (const path of inTheWay(written, file.path)) obstacles.add(path)
      written.intend(file)
      intended += 1
    }
  }
  if (strangers.length > 0) throw strange(work.root, strangers)
  return { intended, obstacles }
}

type State = 'unchanged' | 'changed' | 'stranger'

function stateOf({ written, publishing }: Work, file: TreeFile, found: Stats | undefined): State {
  if (found === undefined) return 'changed'
  if (found.isDirectory()) return written.under(file.path).length > 0 ? 'changed' : 'stranger'
  const known = written.get(file.path)
  if (known === undefined) return publishing.force ? 'changed' : 'stranger'
  if (known.sha256 !== file.sha256 || !found.isFile() || found.size !== file.size) return 'changed'
  // a file of several names has the dates of the store; one that replaced another may be younger than it says
  const dated = found.nlink > 1 || found.mtimeMs > wholeSeconds(file.modified) * 1000 - TIME_GRAIN
  return dated ? 'unchanged' : 'changed'
}

/** Files of earlier trees where this one needs a folder, or below a name that it needs for a file. */
function* inTheWay(written: Written, path: string): Generator<string> {
  yield* written.under(path)
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
    const above = written.get(path.slice(0, at))
    if (above !== undefined) yield above.path
  }
}

/** Counts what is no longer wanted. Throws USAGE when that is most of the tree. */
async function deletions(
  work: Work,
): Promise<{ readonly due: number; readonly going: number; readonly leaving: number }> {
  const { publishing, written, root } = work
  let [covered, going, due, leaving] = [0, 0, 0, 0]
  for (const files of groups(written.list(), () => false)) {
    await turn()
    for (const file of files) {
      if (file.due === 0 && publishing.covers(file.path)) covered += 1
      if (!isGone(work, file.path)) continue
      if (file.due === 0) going += 1
      if (isDue(work, file)) due += 1
      else leaving += 1
    }
  }
  if (going < WIPE_FROM || going <= covered * WIPE_RATIO || publishing.force) return { due, going, leaving }
  throw new MirrorError('USAGE', `${going} of the ${covered} files in ${root} would be deleted`, {
    file: root,
    hint: 'Look at --dry-run; if that is meant, pass --force.',
  })
}

const isGone = ({ tree, publishing }: Work, path: string): boolean =>
  publishing.covers(path) && tree.get(path) === undefined

/** Has what is gone been so for long enough? What has just gone begins to be. */
const isDue = ({ publishing, tree }: Work, { path, due }: WrittenFile): boolean =>
  tree.isWithdrawn(path) ||
  (due === 0 ? publishing.grace === 0 : due <= publishing.now || due > publishing.now + LONGEST_GRACE)

function announce(work: Work): void {
  const { tree, written, publishing } = work
  for (const { path } of written.intended()) {
    const what = written.get(path) === undefined ? 'added' : 'replaced'
    publishing.changed({ what, path, bytes: tree.get(path)?.size ?? 0 })
  }
  for (const file of written.list()) {
    const { path } = file
    if (!isGone(work, path)) continue
    if (isDue(work, file)) publishing.changed({ what: 'deleted', path, bytes: 0 })
    else if (file.due === 0) publishing.changed({ what: 'leaving', path, bytes: 0 })
  }
}

async function writeAll(work: Work): Promise<Pick<Published, 'linked' | 'copied' | 'bytes' | 'failed'>> {
  const { root, tree, publishing, written } = work
  const aside = join(root, OWN_FOLDER, 'aside')
  const done = { linked: 0, copied: 0, bytes: 0, failed: 0 }
  await rm(aside, { recursive: true, force: true })
  await mkdir(aside)
  let number = 0

  async function one(path: string): Promise<void> {
    const file = tree.get(path)
    if (file === undefined) return
    number += 1
    const own = join(aside, String(number))
    const known = written.get(path)
    const what = known === undefined ? 'added' : 'replaced'
    try {
      work.folders.make(path)
      const target = join(root, path)
      const from = file.kind === 'artifact' ? work.bytes.file?.(file.sha256) : undefined
      if (from !== undefined && linkNow(from, file, { aside: own, target })) done.linked += 1
      else {
        const after = known === undefined || known.sha256 === file.sha256 ? 0 : await dateOf(target)
        done[await place(work.bytes, file, { aside: own, target, after })] += 1
      }
    } catch (error) {
      const failure = asWriteError(error, join(root, path))
      if (failure.code !== 'DAMAGED') throw failure
      done.failed += 1
      publishing.changed({ what: 'failed', path, error: failure })
      return
    }
    done.bytes += file.size
    written.put(file)
    publishing.changed({ what, path, bytes: file.size })
  }

  for (const files of groups(written.intended(), (a, b) => a.rank !== b.rank)) {
    await turn()
    stopIf(publishing.signal)
    const settled = await Promise.allSettled(files.map((file) => one(file.path)))
    for (const each of settled) if (each.status === 'rejected') throw each.reason
  }
  await rm(aside, { recursive: true, force: true })
  return done
}

/** When a file that is there was written, milliseconds since 1970. */
async function dateOf(file: string): Promise<number> {
  const found = await lstat(file).catch(() => undefined)
  return found?.isFile() === true ? found.mtimeMs : 0
}

/** Deletes what is due, and writes down when the rest will be. */
async function removeGone(work: Work): Promise<Pick<Published, 'deleted' | 'leaving'>> {
  const { publishing, written } = work
  const count = { deleted: 0, leaving: 0 }
  for (const files of groups(written.list(), () => false)) {
    await turn()
    stopIf(publishing.signal)
    for (const file of files) {
      const { path, due } = file
      if (!isGone(work, path)) continue
      if (isDue(work, file)) {
        await remove(work, path)
        count.deleted += 1
        continue
      }
      count.leaving += 1
      if (due > 0) continue
      written.leave(path, publishing.now + publishing.grace)
      publishing.changed({ what: 'leaving', path, bytes: 0 })
    }
  }
  return count
}

/** Deletes one file that an earlier export wrote, unless it is something else by now. */
async function remove({ root, written, publishing, folders: around }: Work, path: string): Promise<void> {
  around.make(path)
  const target = join(root, path)
  const found = await lstat(target).catch(() => undefined)
  if (found !== undefined && !found.isDirectory()) await unlink(target)
  await around.prune(path)
  written.drop(path)
  publishing.changed({ what: 'deleted', path, bytes: 0 })
}

/** Groups of a bounded size; a new one begins where `apart` says so of two neighbours. */
function* groups<T>(items: Iterable<T>, apart: (a: T, b: T) => boolean): Generator<readonly T[]> {
  let group: T[] = []
  for (const item of items) {
    const last = group.at(-1)
    if (last !== undefined && (group.length >= AT_ONCE || apart(last, item))) {
      yield group
      group = []
    }
    group.push(item)
  }
  if (group.length > 0) yield group
}

function stopIf(signal: AbortSignal): void {
  if (signal.aborted) throw new MirrorError('STOPPED', 'the export was stopped; what is there is whole')
}

function strange(root: string, paths: readonly string[]): MirrorError {
  const named = paths.slice(0, MOST_NAMED).join(', ')
  const more = paths.length > MOST_NAMED ? ` and ${paths.length - MOST_NAMED} more` : ''
  return new MirrorError(
    'USAGE',
    `in ${root} there are files that no export wrote where the tree has its own: ${named}${more}`,
    {
      file: root,
      hint: 'Move them away, or pass --force to replace them.',
    },
  )
}
