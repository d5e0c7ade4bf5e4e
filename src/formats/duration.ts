// Durations as people write them (`30s`, `1h30m`, `2w`) and as the program keeps them: whole milliseconds.

import { MirrorError } from '../errors.ts'

const units = [
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const

/** The words for "without end", where a place takes them. */
export const endless: readonly string[] = ['forever', 'never', 'none']

/**
 * Milliseconds; Infinity for a text that is one of `words`. Units go from large to small, each at most once; only `0`
 * may stand without a unit. Throws a MirrorError CONFIG.
 */
export function parseDuration(text: string, words: readonly string[] = []): number {
  if (words.includes(text)) return Infinity
  if (text === '0') return 0
  const fault = (): MirrorError => new MirrorError('CONFIG', `${JSON.stringify(text)} is not ${durationForm(words)}`)
  let rest = text
  let total = 0
  for (const [unit, milliseconds] of units) {
    const found = /^(\d{1,16})(ms|[smhdw])/.exec(rest)
    if (found === null) break
    if (found[2] !== unit) continue
    total += Number(found[1]) * milliseconds
    rest = rest.slice(found[0].length)
  }
  if (text === '' || rest !== '' || !Number.isSafeInteger(total)) throw fault()
  return total
}

/** What `parseDuration` takes, for messages. */
export function durationForm(words: readonly string[]): string {
  const more = words.length === 0 ? '' : `, or ${words.join(' or ')}`
  return `a duration such as 30s, 5m, 12h, 3d, 2w or 1h30m${more}`
}

/** The shortest text that `parseDuration` reads back as `milliseconds`, a whole number or Infinity (then `word`). */
export function formatDuration(milliseconds: number, word = 'forever'): string {
  if (milliseconds === Infinity) return word
  let rest = milliseconds
  let text = ''
  for (const [unit, length] of units) {
    const count = Math.floor(rest / length)
    if (count === 0) continue
    text += `${count}${unit}`
    rest -= count * length
  }
  return text === '' ? '0s' : text
}
