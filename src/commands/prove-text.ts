// A proof of lockfiles in words.

import { bytesText, countText, durationText } from '../telemetry/words.ts'
import type { Proof } from './proof.ts'

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

/** A line for every gap, in the order of the file. */
export const gapLines = ({ gaps }: Proof): readonly string[] =>
  gaps.map(({ error }) => `${error.code} ${error.located}`)

export function sumLine(file: string, { lines, held, undigested, gaps, skipped, files, bytes }: Sums): string {
  const parts = [`${held} proven by their digests`]
  if (undigested > 0) parts.push(`${undigested} there without a digest to compare`)
  if (gaps > 0) parts.push(`${gaps} with gaps`)
  if (skipped > 0) parts.push(`${skipped} that no mirror can hold`)
  return `${file}: ${countText(lines, 'line')}: ${parts.join(', ')}; ${countText(files, 'file')}, ${bytesText(bytes)}`
}

export const closingLine = (code: number, milliseconds: number): string =>
  `${code === 0 ? 'Everything that is locked is here.' : 'Something is missing or wrong.'} ${durationText(milliseconds)}.`
