// Numbers in the words that people read: sizes, durations, counts.

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

/** `950 B`, `1.2 MB`, `34 GB`: powers of 1000, as the sizes of the configuration have it. */
export function bytesText(bytes: number): string {
  let value = bytes
  let unit = 0
  // 999.5 would be rounded up to a thousand of the smaller unit.
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0
  return `${value.toFixed(digits)} ${units[unit]}`
}

const steps = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
] as const

/** `340 ms`, `4.2 s`, `1 min 5 s`, `2 d 3 h`: the two largest units. `forever` when it has no end. */
export function durationText(milliseconds: number): string {
  if (!Number.isFinite(milliseconds)) return 'forever'
  if (milliseconds < 999.5) return `${Math.max(0, Math.round(milliseconds))} ms`
  if (milliseconds < 9950) return `${(milliseconds / 1000).toFixed(1)} s`
  const parts: string[] = []
  let rest = Math.round(milliseconds / 1000)
  for (const [unit, seconds] of steps) {
    const count = Math.floor(rest / seconds)
    rest -= count * seconds
    if (count > 0) parts.push(`${count} ${unit}`)
    else if (parts.length > 0) break
    if (parts.length === 2) break
  }
  return parts.join(' ')
}

/** `1 file`, `2,345 files`, `3 entries`, `2 indexes`. */
export function countText(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? noun : plural(noun)}`
}

function plural(noun: string): string {
  if (/[^aeiou]y$/.test(noun)) return `${noun.slice(0, -1)}ies`
  return /(?:s|x|z|ch|sh)$/.test(noun) ? `${noun}es` : `${noun}s`
}
