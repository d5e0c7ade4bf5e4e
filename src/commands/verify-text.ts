// A verification in words.

import type { Verified } from '../engine/verify.ts'
import { bytesText, countText, durationText } from '../telemetry/words.ts'
import { proofWord } from './proof-words.ts'

export interface Verification {
  items: number
  bytes: number
  /** What is wrong and was not repaired. */
  wrong: number
  repaired: number
  /** Files that no held index names any more. */
  unnamed: number
  readonly repositories: Record<
    string,
    { items: number; bytes: number; wrong: number; readonly proofs: Record<string, number> }
  >
}

/** `npm /react: signature by …`. */
export const proofLine = ({ repo, path, proven, unnamed }: Verified): string =>
  `${repo} ${path}: ${proven === '' ? 'nothing' : proven}${unnamed ? ' when it came; no held index names it any more' : ''}`

export function verificationLines(sum: Verification, milliseconds: number, sample: number): readonly string[] {
  const lines = Object.entries(sum.repositories).map(([repo, { items, bytes, wrong, proofs }]) => {
    const proven = Object.entries(proofs).map(([proof, count]) => `${count} by ${proofWord(proof)}`)
    const faults = wrong === 0 ? '' : `; ${wrong} wrong`
    return `${repo}: ${countText(items, 'file')}, ${bytesText(bytes)}; proven: ${proven.join(', ')}${faults}`
  })
  if (sum.unnamed > 0)
    lines.push(`${countText(sum.unnamed, 'file')} named by no index that is held any more: proven when they came.`)
  const part = sample < 1 ? `A sample of ${sample * 100} %: ` : ''
  const mended = sum.repaired > 0 ? `${countText(sum.repaired, 'item')} repaired; ` : ''
  const wrong = sum.wrong > 0 ? `${countText(sum.wrong, 'item')} wrong` : 'everything is as it came'
  const closing = `${part}${mended}${wrong}. ${durationText(milliseconds)}.`
  return [...lines, closing.charAt(0).toUpperCase() + closing.slice(1)]
}
