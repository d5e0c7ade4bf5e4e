// Puts one file in its place: made aside, then renamed, so that whoever reads sees the old one or the new one, whole.

import { constants, linkSync, renameSync, rmSync, statSync } from 'node:fs'
import { copyFile, link, open, rename, rm, utimes } from 'node:fs/promises'
import { MirrorError } from '../errors.ts'
import { type Bytes, type TreeFile, wholeSeconds } from './sink.ts'

/** How a system says that two names cannot be one file: another device, a file system without links, too many names. */
export const unlinkable: ReadonlySet<string> = new Set(['EXDEV', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'ENOSYS'])

export interface Where {
  readonly aside: string
  readonly target: string
  /** When what it replaces was written, milliseconds since 1970; 0 where it replaces nothing. */
  readonly after: number
}

/** What replaces a file is younger by this, milliseconds, since web servers, caches and rsync tell files apart by size and date. */
const LATER = 2000

/**
 * `aside` and `target` are on one file system. Artifacts become hard links to the store's own files where that can be:
 * they keep the store's dates, since the dates of one are those of the other.
 *
 * @throws MirrorError DAMAGED when the store does not have these bytes.
 */
export async function place(
  bytes: Bytes,
  file: TreeFile,
  { aside, target, after }: Where,
): Promise<'linked' | 'copied'> {
  const from = await fileOf(bytes, file)
  // what a run left that was cut off
  await rm(aside, { force: true })
  try {
    const linked = file.kind === 'artifact' && from !== undefined && (await tryLink(from, aside))
    if (!linked) await copy(bytes, file, { from, to: aside, after })
    await rename(aside, target)
    return linked ? 'linked' : 'copied'
  } finally {
    // renaming one name of a file onto another one of it does nothing
    await rm(aside, { force: true })
  }
}

/**
 * Places an artifact as a hard link to the store's own file, which is there then; false where the two cannot be one file. A
 * name that is free is taken at once, since a link is there or is not, and is whole.
 *
 * @throws MirrorError DAMAGED when the store does not have these bytes.
 */
export function linkNow(from: string, file: TreeFile, { aside, target }: Pick<Where, 'aside' | 'target'>): boolean {
  const found = statSync(from, { throwIfNoEntry: false })
  if (found === undefined) throw damaged(file, 'are missing from the store')
  if (found.size !== file.size) throw damaged(file, `are held with ${found.size} of ${file.size} bytes`)
  const taken = tryLinkNow(from, target)
  if (taken !== undefined) return taken
  // what a run left that was cut off
  rmSync(aside, { force: true })
  if (tryLinkNow(from, aside) !== true) return false
  try {
    renameSync(aside, target)
  } finally {
    // renaming one name of a file onto another one of it does nothing
    rmSync(aside, { force: true })
  }
  return true
}

/** Undefined where the name is taken. */
function tryLinkNow(from: string, to: string): boolean | undefined {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === 'EEXIST') return undefined
    if (unlinkable.has(code)) return false
    throw error
  }
}

/** The store's own file, where it has one. Throws DAMAGED when the store does not have these bytes. */
export async function fileOf(bytes: Bytes, file: TreeFile): Promise<string | undefined> {
  const opened = await bytes.open(file.sha256)
  if (opened === undefined) throw damaged(file, 'are missing from the store')
  await opened.close()
  if (opened.size !== file.size) throw damaged(file, `are held with ${opened.size} of ${file.size} bytes`)
  return opened.file
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && unlinkable.has(String(error.code))) return false
    throw error
  }
}

interface Copying {
  readonly from: string | undefined
  readonly to: string
  readonly after: number
}

async function copy(bytes: Bytes, file: TreeFile, { from, to, after }: Copying): Promise<void> {
  if (from !== undefined) await copyFile(from, to, constants.COPYFILE_FICLONE)
  const handle = await open(to, from === undefined ? 'wx' : 'r+')
  try {
    if (from === undefined) await handle.writeFile(bytes.stream(file.sha256))
    // before its name is there: a crash of the machine leaves no empty file under it
    await handle.sync()
  } finally {
    await handle.close()
  }
  const time = wholeSeconds(after === 0 ? file.modified : Math.max(file.modified, after + LATER))
  await utimes(to, time, time)
}

const damaged = (file: TreeFile, why: string): MirrorError =>
  new MirrorError('DAMAGED', `the bytes of ${file.path} ${why}`, { path: file.path, sha256: file.sha256 })
