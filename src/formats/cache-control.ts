// Cache-Control as a list of directives, RFC 9111 §5.2: names are case-insensitive, arguments are tokens or quoted strings.
// A quoted argument may hold anything, commas and what looks like other directives included, so it is stepped through.

import { addTo } from './lists.ts'

/** Arguments by lower-case name; '' for a directive without one. A repeated directive has all of its arguments. */
export type CacheControl = ReadonlyMap<string, readonly string[]>

const separator = /[\s,]*/y
const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y
const bare = /[^\s,"]*/y
const quoted = /"((?:[^"\\]|\\[\s\S])*)(?:"|$)/y

function take(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at
  return pattern.exec(text) ?? undefined
}

/** What is no directive is passed over, up to the next comma. */
export function parseCacheControl(text: string | undefined): CacheControl {
  const found = new Map<string, string[]>()
  const source = text ?? ''
  let at = 0
  while (at < source.length) {
    at += take(separator, source, at)?.[0].length ?? 0
    const name = take(token, source, at)?.[0].toLowerCase()
    if (name === undefined) {
      const comma = source.indexOf(',', at)
      at = comma < 0 ? source.length : comma
      continue
    }
    at += name.length
    let argument = ''
    // the grammar has no blanks around `=`; senders have them all the same
    const equals = /\s*=\s*/y
    const sign = take(equals, source, at)
    if (sign !== undefined) {
      at += sign[0].length
      const quote = take(quoted, source, at)
      const plain = quote === undefined ? take(bare, source, at) : undefined
      argument = quote === undefined ? (plain?.[0] ?? '') : (quote[1] ?? '').replace(/\\([\s\S])/g, '$1')
      at += (quote ?? plain)?.[0].length ?? 0
    }
    addTo(found, name, argument)
  }
  return found
}

/** The largest number of seconds that is told apart (RFC 9111 §1.2.2). */
const MOST = 2 ** 31

/** `delta-seconds`; undefined for what is no such number. */
export function deltaSeconds(text: string): number | undefined {
  if (!/^\d+$/.test(text)) return undefined
  return text.length > 10 ? MOST : Math.min(MOST, Number(text))
}

/** The number of seconds of a directive: of several the smallest, 0 when one is no number; undefined without the directive. */
export function secondsOf(directives: CacheControl, name: string): number | undefined {
  const stated = directives.get(name)
  return stated === undefined ? undefined : Math.min(...stated.map((text) => deltaSeconds(text) ?? 0))
}

/** Field names by which a directive is qualified, lower case; empty when it counts for the whole; undefined without it. */
export function fieldsOf(directives: CacheControl, name: string): readonly string[] | undefined {
  const stated = directives.get(name)
  if (stated === undefined) return undefined
  const fields = stated.map((text) =>
    text
      .split(',')
      .map((field) => field.trim().toLowerCase())
      .filter((field) => field !== ''),
  )
  return fields.some((each) => each.length === 0) ? [] : fields.flat()
}
