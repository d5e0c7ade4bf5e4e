// What a run wants, by repository: package lists and roots of manifests, and the lines of lockfiles.

import { glob } from 'node:fs/promises'
import path from 'node:path'
import { didYouMean } from '../config/nearest.ts'
import type { Settings, Want } from '../config/types.ts'
import type { LockFormat, Selector } from '../contract.ts'
import type { Mirror } from '../engine/mirror.ts'
import { MirrorError } from '../errors.ts'
import { lockFormats } from '../lockfiles/index.ts'
import { place } from './locked-line.ts'
import { lockFormatOf, lockInputOf } from './lockfile-input.ts'
import { unreadable } from './unreadable.ts'

export interface Wanted {
  readonly byRepo: ReadonlyMap<string, readonly Selector[]>
  /** Lines that no mirror can hold, and why. */
  readonly skipped: readonly {
    readonly file: string
    readonly line?: number
    readonly name: string
    readonly reason: string
  }[]
}

export async function wantedOf(mirror: Mirror, settings: Settings): Promise<Wanted> {
  const byRepo = new Map<string, Selector[]>()
  const skipped: Wanted['skipped'][number][] = []
  const add = (repo: string, selector: Selector) => {
    const known = byRepo.get(repo)
    if (known === undefined) byRepo.set(repo, [selector])
    else known.push(selector)
  }
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
    for (const file of files.sort()) await addLockfile(mirror, file, undefined, add, (one) => skipped.push(one))
  }
  return { byRepo, skipped }
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

/** Adds what a lockfile locks. Throws LOCKFILE for a file of no known format. */
export async function addLockfile(
  mirror: Mirror,
  file: string,
  as: string | undefined,
  add: (repo: string, selector: Selector) => void,
  skip: (line: Wanted['skipped'][number]) => void,
): Promise<number> {
  const format = await mustBeLockfile(file, as)
  let count = 0
  for await (const locked of format.read(lockInputOf(file))) {
    count += 1
    const placed = place(mirror, locked, file, format.direct === true)
    if ('mounted' in placed) add(placed.mounted.settings.name, placed.selector)
    else
      skip({
        file,
        name: locked.name,
        reason: placed.reason,
        ...(locked.line === undefined ? {} : { line: locked.line }),
      })
  }
  return count
}

/** Throws LOCKFILE when the file cannot be read, or is of no known format. */
export async function mustBeLockfile(file: string, as: string | undefined): Promise<LockFormat> {
  const format = await lockFormatOf(file, as).catch((error: unknown) => {
    throw unreadable(error, file)
  })
  if (format !== undefined) return format
  const known = lockFormats.map(({ id }) => id)
  const message =
    as === undefined
      ? 'this is no lockfile that is known'
      : `there is no lockfile format ${JSON.stringify(as)}${didYouMean(as, known)}`
  throw new MirrorError('LOCKFILE', message, { file, hint: `Known formats: ${known.join(', ')}. Name one with --as.` })
}
