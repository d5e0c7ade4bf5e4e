// A proof of lockfiles in words.

import { bytesText, durationText } from '../telemetry/words.ts'
import { quoted } from './client-texts.ts'
import { columns } from './print.ts'
import type { Gap, Proof } from './proof.ts'
import type { Trial } from './trial.ts'

export interface Sums {
  readonly lines: number
  readonly held: number
  readonly undigested: number
  readonly gaps: number
  readonly skipped: number
  readonly files: number
  readonly bytes: number
}

export function sumsOf(proofs: readonly Proof[]): Sums {
  const count = (state: Proof['state']): number => proofs.filter((one) => one.state === state).length
  return {
    lines: proofs.length,
    held: count('held'),
    undigested: count('undigested'),
    gaps: count('gap'),
    skipped: count('skipped'),
    files: proofs.reduce((sum, { files }) => sum + files, 0),
    bytes: proofs.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

/** Two lines for every gap, in the order of the file: what is wrong, and the command that closes it. */
export const gapLines = (proof: Proof): readonly string[] =>
  proof.gaps.flatMap((gap) => [`${gap.error.code} ${gap.error.located}`, `  ${closes(proof, gap)}`])

/** The command that closes a gap, or that shows the rule or the document that stands in its way. */
export function closes({ file, repository, purl }: Proof, { error }: Gap): string {
  if (error.code === 'DAMAGED') return `pkgmirror verify --repair --repo ${repository}`
  const stands = error.failure.exit === 5 || error.failure.exit === 4
  if (!stands) return `pkgmirror seed ${quoted(file)}`
  return `pkgmirror explain ${quoted(purl ?? '')}`
}

const heads = ['lockfile', 'lines', 'proven', 'undigested', 'gaps', 'skipped', 'files', 'size']

/** A row for each lockfile, numbers to the right. */
export function proofTable(lockfiles: readonly { readonly file: string; readonly proofs: readonly Proof[] }[]) {
  const rows = lockfiles.map(({ file, proofs }) => {
    const { lines, held, undigested, gaps, skipped, files, bytes } = sumsOf(proofs)
    return [file, ...[lines, held, undigested, gaps, skipped, files].map(String), bytesText(bytes)]
  })
  return columns([heads, ...rows])
}

/** `package-lock.json: npm installed it without a network (1.2 s)`. */
export function trialLines({ file, client, state, milliseconds, reason = '' }: Trial): readonly string[] {
  if (state === 'untried') return [`${file}: not installed: ${reason}`]
  if (state === 'installed')
    return [`${file}: ${client} installed it without a network (${durationText(milliseconds)})`]
  return [`${file}: ${client} could not install it:`, ...reason.split('\n').map((line) => `  ${line}`)]
}

export const closingLine = (code: number, milliseconds: number): string =>
  `${code === 0 ? 'Everything that is locked is here.' : 'Something is missing or wrong.'} ${durationText(milliseconds)}.`
