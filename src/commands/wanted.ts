// What a run wants, by repository: package lists and roots of manifests, and the lines of lockfiles.

import { glob } from 'node:fs/promises'
import path from 'node:path'
import type { Settings, Want } from '../config/types.ts'
import type { Selector } from '../contract.ts'
import type { Mirror } from '../engine/mirror.ts'
import { MirrorError } from '../errors.ts'
import { addTo } from '../formats/lists.ts'
import { type LockedFile, readLockfiles } from './locked-file.ts'
import { place } from './locked-line.ts'

export interface Wanted {
  readonly byRepo: ReadonlyMap<string, readonly Selector[]>
  /** Lines that no mirror can hold, and why. */
  readonly skipped: readonly {
    readonly file: string
    readonly line?: number
    readonly name: string
    readonly reason: string
  }[]
  /** Lockfiles that cannot be read. */
  readonly faults: readonly MirrorError[]
}

export async function wantedOf(mirror: Mirror, settings: Settings): Promise<Wanted> {
  const byRepo = new Map<string, Selector[]>()
  const skipped: Wanted['skipped'][number][] = []
  const faults: MirrorError[] = []
  const add = (repo: string, selector: Selector) => addTo(byRepo, repo, selector)
  for (const want of settings.wants) add(want.repo, selectorOf(mirror, want))
  for (const { glob: pattern, where } of settings.lockfiles) {
    const files = await Array.fromAsync(glob(pattern, { exclude: (name) => path.basename(name) === 'node_modules' }))
    if (files.length === 0) {
      throw new MirrorError('CONFIG', `no file fits ${pattern}`, {
        file: where.file,
        line: where.line,
        hint: 'Correct the glob; it is relative to the file it stands in.',
      })
    }
    const { files: read, faults: unread } = await readLockfiles(files.sort(), undefined)
    faults.push(...unread)
    for (const file of read) addLockfile(mirror, file, add, (one) => skipped.push(one))
  }
  return { byRepo, skipped, faults }
}

/** Adds what a lockfile locks. */
function addLockfile(
  mirror: Mirror,
  { file, format, lines }: LockedFile,
  add: (repo: string, selector: Selector) => void,
  skip: (line: Wanted['skipped'][number]) => void,
): void {
  for (const locked of lines) {
    const placed = place(mirror, locked, file, format.direct === true)
    const { name, line } = locked
    if ('mounted' in placed) add(placed.mounted.settings.name, placed.selector)
    else skip({ file, name, reason: placed.reason, ...(line === undefined ? {} : { line }) })
  }
}

function selectorOf(mirror: Mirror, want: Want): Selector {
  const mounted = mirror.repos.get(want.repo)
  if (mounted === undefined) throw new MirrorError('CONFIG', `there is no repository ${want.repo}`, { ...want.from })
  try {
    const understood = want.text === undefined ? { name: '*' } : mounted.ecosystem.want(want.text, mounted.repo)
    return { ...understood, ...want.selector, from: want.from }
  } catch (error) {
    if (!(error instanceof MirrorError)) throw error
    throw new MirrorError(error.code, error.message, { ...error.facts, ...want.from })
  }
}
