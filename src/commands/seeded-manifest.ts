// The manifest that keeps what `seed` understood or `init` found: lockfiles, with notes of what is in them.

import path from 'node:path'
import { stringify } from 'yaml'
import type { Missing } from './locked-line.ts'
import { type Tally, tallyText } from './lockfile-tally.ts'
import { repositoryLines } from './missing-repositories.ts'
import type { Wanted } from './wanted.ts'

export interface Seeded {
  /** Absolute. */
  readonly file: string
  readonly tally: Tally
  readonly skipped: Wanted['skipped']
}

/** Skipped lines that a note names. */
const MOST_SKIPPED = 20

export interface ManifestNotes {
  readonly command: 'seed' | 'init'
  /** A format that the names of the files do not tell, so that only a note can. */
  readonly as?: string | undefined
  readonly passed?: readonly { readonly file: string; readonly reason: string }[]
  readonly missing?: readonly Missing[]
}

/** YAML; paths are relative to the manifest. */
export function seededManifest(manifest: string, seeded: readonly Seeded[], notes: ManifestNotes): string {
  const { command, as, passed = [], missing = [] } = notes
  const lines = [
    `# What \`pkgmirror ${command}\` ${command === 'seed' ? 'understood' : 'found'}. Bring it in: pkgmirror sync THIS-FILE`,
  ]
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
  if (passed.length > 0) lines.push('# Passed over:')
  for (const { file, reason } of passed) lines.push(comment(`  ${relative(manifest, file)}: ${reason}`))
  if (missing.length > 0) lines.push('# Registries that nothing mirrors; to have them:')
  for (const line of repositoryLines(missing)) lines.push(comment(line))
  if (command === 'init') lines.push(...CHOICES)
  return `${lines.join('\n')}\n${stringify({ lockfiles: seeded.map(({ file }) => asGlob(relative(manifest, file))) })}`
}

/** What a first manifest leaves open. */
const CHOICES = [
  '# Machines that packages are wanted for; all of them when left out:',
  '# platforms: [linux-x64-glibc, darwin-arm64]',
  '# How old a version has to be before it is taken:',
  '# policy: { cooldown: 3d }',
]

const relative = (manifest: string, file: string): string =>
  path.relative(path.dirname(manifest), file).split(path.sep).join('/')

// entries of `lockfiles` are globs, in which variables expand
const asGlob = (text: string): string => text.replace(/[\\*?[\]{}()!+@]/g, '\\$&').replaceAll('$', '$$$$')

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
const comment = (text: string): string => `# ${text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, ' ')}`
