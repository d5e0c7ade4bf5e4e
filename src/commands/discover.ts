// Lockfiles and image references of a directory tree, and what of it was passed over.

import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { asMirrorError } from '../errors.ts'
import { recognise } from '../lockfiles/index.ts'
import { lockFormatOf } from './lockfile-input.ts'

export interface Discovered {
  /** Absolute, sorted. */
  readonly files: readonly string[]
  readonly passed: readonly { readonly file: string; readonly reason: string }[]
}

/** What tools write, which has lockfiles of others in it. */
const written = new Map([
  ...['node_modules', 'bower_components', 'jspm_packages', '.pnpm-store', '.yarn'].map(
    (name) => [name, 'packages'] as const,
  ),
  ...['.venv', 'venv', '.tox', '.nox', 'site-packages', '__pycache__', '.bundle'].map(
    (name) => [name, 'packages'] as const,
  ),
  ...['.git', '.hg', '.svn', '.jj'].map((name) => [name, 'version control'] as const),
  ...['.terraform', '.gradle', '.dart_tool', '.next', '.cache'].map((name) => [name, 'caches'] as const),
])

/** Of other files the name alone tells. */
const readable = /(?:\.(?:ya?ml|json|txt|toml|xml|lock|lockb|locked|sum|spdx|list|lockfile)|^[^.]+)$/i

/** Folders within each other, and files in all: more is no project. */
const MOST_DEEP = 40
const MOST_FILES = 500_000

/** Links are not followed. */
export async function discover(root: string): Promise<Discovered> {
  const files: string[] = []
  const passed: { file: string; reason: string }[] = []
  const pending: { readonly folder: string; readonly depth: number }[] = [{ folder: root, depth: 0 }]
  let seen = 0
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { folder, depth } = next
    let entries: readonly Dirent[]
    try {
      entries = await readdir(folder, { withFileTypes: true })
    } catch (error) {
      passed.push({ file: folder, reason: asMirrorError(error).message })
      continue
    }
    for (const entry of entries) {
      const file = path.join(folder, entry.name)
      const what = written.get(entry.name)
      seen += 1
      if (seen > MOST_FILES)
        return {
          files: files.sort(),
          passed: [...passed, { file: root, reason: `has more than ${MOST_FILES} files; the rest was not looked at` }],
        }
      if (entry.isDirectory() && what !== undefined) {
        if (what !== 'version control') passed.push({ file, reason: `holds ${what} that a tool brought` })
      } else if (entry.isDirectory()) {
        if (depth < MOST_DEEP) pending.push({ folder: file, depth: depth + 1 })
        else passed.push({ file, reason: `lies more than ${MOST_DEEP} folders deep` })
      } else if (entry.isFile() && (await isOne(file, passed))) files.push(file)
    }
  }
  return { files: files.sort(), passed }
}

async function isOne(file: string, passed: { file: string; reason: string }[]): Promise<boolean> {
  if (!readable.test(path.basename(file)) && recognise(file, new Uint8Array()) === undefined) return false
  try {
    return (await lockFormatOf(file)) !== undefined
  } catch (error) {
    passed.push({ file, reason: asMirrorError(error).message })
    return false
  }
}
