// The manifest that keeps what `seed` understood: its lockfiles, with notes of what is in them.

import path from 'node:path'
import { stringify } from 'yaml'
import { type Tally, tallyText } from './lockfile-tally.ts'
import type { Wanted } from './wanted.ts'

export interface Seeded {
  /** Absolute. */
  readonly file: string
  readonly tally: Tally
  readonly skipped: Wanted['skipped']
}

/** Skipped lines that a note names. */
const MOST_SKIPPED = 20

/** YAML; paths are relative to the manifest. `as`: a format that the names of the files do not tell, so that only a note can. */
export function seededManifest(manifest: string, seeded: readonly Seeded[], as: string | undefined): string {
  const lines = ['# What `pkgmirror seed` understood. Bring it in again: pkgmirror sync THIS-FILE']
  for (const { file, tally, skipped } of seeded) {
    const from = relative(manifest, file)
    lines.push(comment(`${from}: ${tallyText(tally)}`))
    for (const { line, name, reason } of skipped.slice(0, MOST_SKIPPED)) {
      lines.push(comment(`  not mirrored: ${name}${line === undefined ? '' : ` (line ${line})`}: ${reason}`))
    }
    if (skipped.length > MOST_SKIPPED) lines.push(comment(`  … and ${skipped.length - MOST_SKIPPED} more`))
  }
  if (as !== undefined)
    lines.push(comment(`Read as ${as}: where a file's name does not tell its format, rename it or use seed --as.`))
  return `${lines.join('\n')}\n${stringify({ lockfiles: seeded.map(({ file }) => asGlob(relative(manifest, file))) })}`
}

const relative = (manifest: string, file: string): string =>
  path.relative(path.dirname(manifest), file).split(path.sep).join('/')

// entries of `lockfiles` are globs, in which variables expand
const asGlob = (text: string): string => text.replace(/[\\*?[\]{}()!+@]/g, '\\$&').replaceAll('$', '$$$$')

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
const comment = (text: string): string => `# ${text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, ' ')}`
