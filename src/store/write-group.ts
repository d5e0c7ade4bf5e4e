// Writes small blobs, many in a group: each costs a few system calls. Bytes are durable before they get their name, and the
// name is durable before the group is answered.

import { closeSync, fchmodSync, fsyncSync, mkdirSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Failure, Group, SmallFile } from './write-small.ts'

/** What is open is written, synced and closed before more is opened: there may be few descriptors. */
const OPEN_AT_ONCE = 16

interface Written {
  readonly file: SmallFile
  readonly descriptor: number
}

const out = (failures: Map<SmallFile, Failure>, file: SmallFile, error: unknown): void => {
  const code = error instanceof Error && 'code' in error ? { code: String(error.code) } : {}
  failures.set(file, { message: error instanceof Error ? error.message : String(error), ...code })
  try {
    unlinkSync(file.temporary)
  } catch {
    // it was never made, or what lies there is cleaned away at the next start
  }
}

/** Returns where to go on: what could not be opened for lack of descriptors is tried again when some are free. */
function writeSome(group: Group, from: number, failures: Map<SmallFile, Failure>): number {
  const written: Written[] = []
  let at = from
  for (; at < group.files.length && written.length < OPEN_AT_ONCE; at += 1) {
    const file = group.files[at]
    if (file === undefined) break
    let descriptor: number | undefined
    try {
      descriptor = openSync(file.temporary, 'wx', 0o600)
      writeWhole(descriptor, group.bytes.subarray(file.start, file.end))
      written.push({ file, descriptor })
    } catch (error) {
      if (descriptor !== undefined) closeSync(descriptor)
      else if (written.length > 0 && isShort(error)) break
      out(failures, file, error)
    }
  }
  const durable = written.filter(({ file, descriptor }) => attempt(failures, file, () => finish(descriptor)))
  const named = durable.filter(({ file }) => attempt(failures, file, () => rename(file)))
  for (const folder of new Set(named.map(({ file }) => dirname(file.blob)))) {
    const inside = named.filter(({ file }) => dirname(file.blob) === folder)
    try {
      syncFolder(folder)
    } catch (error) {
      for (const { file } of inside) out(failures, file, error)
    }
  }
  return at
}

const isShort = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'EMFILE' || error.code === 'ENFILE')

function attempt(failures: Map<SmallFile, Failure>, file: SmallFile, work: () => void): boolean {
  try {
    work()
    return true
  } catch (error) {
    out(failures, file, error)
    return false
  }
}

function writeWhole(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at, bytes.length - at, at)
}

function finish(descriptor: number): void {
  try {
    fchmodSync(descriptor, 0o644)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Also over a blob that is there: it may be damaged, and its new date keeps gc away until its ref is written. */
function rename({ temporary, blob }: SmallFile): void {
  try {
    renameSync(temporary, blob)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    const folder = dirname(blob)
    mkdirSync(folder, { recursive: true })
    syncFolder(dirname(folder))
    renameSync(temporary, blob)
  }
}

function syncFolder(folder: string): void {
  // Windows opens no folders; there a rename is durable by itself.
  if (process.platform === 'win32') return
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Writes them all; what the system said of each, null where all went well. It waits for the disk: for a thread of its own. */
export function writeGroup(group: Group): readonly (Failure | null)[] {
  const failures = new Map<SmallFile, Failure>()
  for (let at = 0; at < group.files.length; ) at = writeSome(group, at, failures)
  return group.files.map((file) => failures.get(file) ?? null)
}
