// What `validate` found, in words.

import path from 'node:path'
import { placeText } from '../config/merge.ts'
import type { Settings } from '../config/types.ts'
import { shownText } from '../telemetry/safe-text.ts'
import { countText } from '../telemetry/words.ts'
import { tallyText } from './lockfile-tally.ts'
import type { ManifestCounts } from './manifest-check.ts'
import { columns } from './print.ts'
import type { Checked } from './validate.ts'

export function checkedText({ file, counts, tally }: Checked): string {
  if (tally !== undefined) return `${shortName(file)}: ${tallyText(tally)}`
  return `${shortName(file)}: ${counts === undefined ? 'correct' : countsText(counts)}`
}

export const warningText = ({ message, where }: Settings['warnings'][number]): string =>
  `warning: ${shownText(`${placeText(where)}: ${message}`)}`

function countsText({ packages, roots, lockfiles, locked, platforms, repositories, rules }: ManifestCounts): string {
  const all = Object.values(packages).reduce((sum, count) => sum + count, 0)
  const byRepo = Object.entries(packages).map(([repo, count]) => `${repo} ${count}`)
  const parts = [
    ...(all === 0 ? [] : [`${countText(all, 'package')} (${byRepo.join(', ')})`]),
    ...(roots === 0 ? [] : [countText(roots, 'root')]),
    ...(lockfiles === 0 ? [] : [`${countText(lockfiles, 'lockfile')} (${countText(locked, 'line')})`]),
    ...(platforms === 0 ? [] : [countText(platforms, 'platform')]),
    ...(repositories === 0 ? [] : [`settings of ${countText(repositories, 'repository')}`]),
    ...(rules === 0 ? [] : [countText(rules, 'rule')]),
  ]
  return parts.length === 0 ? 'correct; it wants nothing' : `correct: ${parts.join(', ')}`
}

/** `key  value  place`; secrets are stars already. */
export function effectiveLines(origins: Settings['origins']): readonly string[] {
  const rows = Object.entries(origins).map(([key, { text, file, line }]) => {
    const place = line === undefined ? file : `${shortName(file)}:${line}`
    return [key, text === '' ? '(none)' : text, place]
  })
  return columns(rows)
}

export function configurationText(origins: Settings['origins']): string {
  const files = new Set(Object.values(origins).flatMap(({ file, line }) => (line === undefined ? [] : [file])))
  if (files.size > 0) return `${[...files].map(shortName).join(', ')}: correct`
  return 'No configuration file says anything: the defaults are in use. Name files to check them.'
}

/** Relative to the working directory where that is shorter. */
function shortName(file: string): string {
  const near = path.relative(process.cwd(), file)
  return near.length < file.length && near !== '' ? near : file
}
