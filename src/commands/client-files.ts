// Client files on disk: parts that several repositories give to one file come together, and what a user wrote is never
// overwritten unasked.

import path from 'node:path'
import type { Setup } from '../contract.ts'
import { MirrorError } from '../errors.ts'
import { occupied, textAt, writeNew } from './new-file.ts'

export interface ClientFile {
  /** As the ecosystem names it: may begin with `~/` or be relative. */
  readonly path: string
  readonly text: string
}

export interface Written {
  readonly file: string
  readonly state: 'written' | 'unchanged'
}

export interface Place {
  readonly force: boolean
  readonly directory: string
  readonly home: string | undefined
}

/** A client's set-ups for one repository are alternatives: the first is the one to use. */
export function firstForms<T extends { readonly client: string; readonly repo: string }>(
  setups: readonly T[],
): readonly T[] {
  const first = new Map<string, T>()
  for (const setup of setups) {
    const key = `${setup.client} ${setup.repo}`
    if (!first.has(key)) first.set(key, setup)
  }
  return [...first.values()]
}

/** The files of several set-ups; each path once, the same text once. */
export function gathered(setups: readonly Setup[]): readonly ClientFile[] {
  const texts = new Map<string, Set<string>>()
  for (const file of setups.flatMap(({ files = [] }) => files)) {
    const known = texts.get(file.path)
    if (known === undefined) texts.set(file.path, new Set([file.text]))
    else known.add(file.text)
  }
  return [...texts].map(([at, parts]) => ({ path: at, text: [...parts].join('\n') }))
}

/** Writes them, or none: throws USAGE where one is there with other content and `force` is off, or cannot be written. */
export async function written(files: readonly ClientFile[], place: Place): Promise<readonly Written[]> {
  const plans = files.map(({ path: at, text }) => ({ file: absolute(at, place), text }))
  for (const { file, text } of plans) {
    const there = await textAt(file)
    if (there !== undefined && there !== text && !place.force) throw occupied(file)
  }
  const done: Written[] = []
  for (const { file, text } of plans) {
    const { wrote } = await writeNew(file, text, place.force)
    done.push({ file, state: wrote ? 'written' : 'unchanged' })
  }
  return done
}

function absolute(at: string, { directory, home }: Place): string {
  if (!at.startsWith('~/')) return path.resolve(directory, at)
  if (home !== undefined) return path.join(home, at.slice(2))
  throw new MirrorError('USAGE', `${at}: this user has no home directory`, {
    hint: 'Write the file by hand: `--format file` prints it.',
  })
}
