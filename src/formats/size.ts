// Sizes as people write them (`500MB`, `10GiB`) and as the program keeps them: whole bytes. MB is 10⁶, MiB is 2²⁰.

import { MirrorError } from '../errors.ts'

const prefixes = ['k', 'M', 'G', 'T', 'P']
const units: ReadonlyMap<string, number> = new Map([
  ...prefixes.map((prefix, index) => [`${prefix}B`, 1000 ** (index + 1)] as const),
  ...prefixes.map((prefix, index) => [`${prefix === 'k' ? 'K' : prefix}iB`, 1024 ** (index + 1)] as const),
  ['KB', 1000],
  ['B', 1],
])

/** Bytes; Infinity for a text that is one of `words`. Up to three decimals; a bare number is bytes. Throws CONFIG. */
export function parseSize(text: string, words: readonly string[] = []): number {
  if (words.includes(text)) return Infinity
  const [, number, unit = ''] = /^(\d{1,16}(?:\.\d{1,3})?) ?([a-zA-Z]{0,3})$/.exec(text) ?? []
  const factor = units.get(unit === '' ? 'B' : unit)
  const bytes = number === undefined || factor === undefined ? Number.NaN : Math.round(Number(number) * factor)
  if (!Number.isSafeInteger(bytes)) throw new MirrorError('CONFIG', `${JSON.stringify(text)} is not ${sizeForm(words)}`)
  return bytes
}

/** What `parseSize` takes, for messages. */
export function sizeForm(words: readonly string[]): string {
  return `a size such as 500MB or 10GiB${words.length === 0 ? '' : `, or ${words.join(' or ')}`}`
}

/** The shortest text that `parseSize` reads back as `bytes`, a whole number or Infinity (then `word`). */
export function formatSize(bytes: number, word = 'none'): string {
  if (bytes === Infinity) return word
  let shortest = `${bytes}B`
  for (const [unit, factor] of units) {
    const text = `${bytes / factor}${unit}`
    if (bytes > 0 && bytes % factor === 0 && text.length < shortest.length) shortest = text
  }
  return shortest
}
