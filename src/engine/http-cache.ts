// HTTP caching as a shared cache has to do it, as pure functions over header fields: what may be stored, how old it is, how
// long it is fresh, when it may be shown stale, and which stored answer fits a request. RFC 9111 and RFC 5861.

import { deltaSeconds, fieldsOf, parseCacheControl, secondsOf } from '../formats/cache-control.ts'
import { parseHttpDate } from '../formats/http-date.ts'

/** Header fields by lower-case name, repeated ones joined by `, `. */
export type Fields = Readonly<Record<string, string>>

/** An answer that is stored. */
export interface Stored {
  readonly headers: Fields
  /** When it was asked for, milliseconds since 1970. */
  readonly checked: number
}

/** Without explicit freshness: a tenth of the age that the content had, a day at most (RFC 9111 §4.2.2). */
const TENTH = 0.1
const LONGEST_GUESS = 24 * 3600 * 1000

/** Request fields that say who asks: what was answered to them is for others only when upstream says so (RFC 9111 §3.5). */
const PERSONAL = ['authorization', 'cookie']

/**
 * Why a 200 answer to a GET may not be stored for others, in words; undefined when it may.
 * `sent`: the request fields that upstream was sent on behalf of a client.
 */
export function whyNotStored(sent: Fields, headers: Fields): string | undefined {
  const directives = parseCacheControl(headers['cache-control'])
  if (directives.has('no-store')) return 'no-store'
  if (fieldsOf(directives, 'private')?.length === 0) return 'private'
  if (varyNames(headers).includes('*')) return 'Vary: *'
  const spared = new Set([...(fieldsOf(directives, 'private') ?? []), ...(fieldsOf(directives, 'no-cache') ?? [])])
  if (headers['set-cookie'] !== undefined && !spared.has('set-cookie')) return 'Set-Cookie'
  const personal = PERSONAL.find((name) => sent[name] !== undefined)
  const open = ['public', 'must-revalidate', 's-maxage'].some((name) => directives.has(name))
  return personal === undefined || open ? undefined : `an answer to a request with ${personal}`
}

/** Header fields without those that `private="…"` and `no-cache="…"` keep from being stored. */
export function storable(headers: Fields): Fields {
  const directives = parseCacheControl(headers['cache-control'])
  const left = new Set([...(fieldsOf(directives, 'private') ?? []), ...(fieldsOf(directives, 'no-cache') ?? [])])
  return left.size === 0 ? headers : Object.fromEntries(Object.entries(headers).filter(([name]) => !left.has(name)))
}

/** Anything that is no HTTP date, `0` and `-1` included, states none. */
const dateOf = (text: string | undefined): number | undefined => parseHttpDate(text ?? '')

/** How old an answer is now, in milliseconds (RFC 9111 §4.2.3). */
export function currentAge({ headers, checked }: Stored, now: number): number {
  const stated = (deltaSeconds((headers.age ?? '').split(',')[0]?.trim() ?? '') ?? 0) * 1000
  const apparent = now - (dateOf(headers.date) ?? checked)
  return Math.max(0, apparent, stated + now - checked)
}

/** How long an answer is fresh from the moment it was made, in milliseconds (RFC 9111 §4.2.1). */
export function lifetime({ headers, checked }: Stored): number {
  const directives = parseCacheControl(headers['cache-control'])
  if (directives.has('no-store') || fieldsOf(directives, 'no-cache')?.length === 0) return 0
  if (fieldsOf(directives, 'private')?.length === 0) return 0
  const seconds = secondsOf(directives, 's-maxage') ?? secondsOf(directives, 'max-age')
  if (seconds !== undefined) return seconds * 1000
  const made = dateOf(headers.date) ?? checked
  if (headers.expires !== undefined) return Math.max(0, (dateOf(headers.expires) ?? 0) - made)
  const modified = dateOf(headers['last-modified'])
  return modified === undefined ? 0 : Math.min(LONGEST_GUESS, Math.max(0, (made - modified) * TENTH))
}

/** What a request says of the answer it wants, in milliseconds (RFC 9111 §5.2.1). */
export interface Wishes {
  readonly maxAge?: number
  readonly minFresh?: number
  /** Infinity for any staleness. */
  readonly maxStale?: number
}

/** May it be shown without asking upstream? */
export function isFresh(stored: Stored, now: number, { maxAge, minFresh = 0, maxStale = 0 }: Wishes = {}): boolean {
  const age = currentAge(stored, now)
  if (maxAge !== undefined && age > maxAge) return false
  const left = lifetime(stored) - age
  if (left > 0 && left >= minFresh) return true
  return left <= 0 && maxStale > 0 && -left <= maxStale && minFresh === 0 && !mustAsk(stored.headers)
}

/** The moment until which `isFresh` holds for a request without wishes; milliseconds since 1970. */
export const freshTo = (stored: Stored, now: number): number => now + lifetime(stored) - currentAge(stored, now)

/** Nothing stale may ever be shown of it (RFC 9111 §4.2.4). */
export function mustAsk(headers: Fields): boolean {
  const directives = parseCacheControl(headers['cache-control'])
  const forbidding = ['must-revalidate', 'proxy-revalidate', 's-maxage', 'no-store']
  return forbidding.some((name) => directives.has(name)) || fieldsOf(directives, 'no-cache')?.length === 0
}

/**
 * May it be shown although upstream failed? Where upstream states `stale-if-error`, for so long past its freshness and no
 * longer than `most` milliseconds; else for `most` (RFC 5861 §4).
 */
export function mayServeOnError(stored: Stored, now: number, most: number): boolean {
  if (mustAsk(stored.headers)) return false
  const stated = secondsOf(parseCacheControl(stored.headers['cache-control']), 'stale-if-error')
  const past = currentAge(stored, now) - lifetime(stored)
  return past <= Math.min(most, stated === undefined ? most : stated * 1000)
}

/** May it be shown while upstream is asked behind the client's back (RFC 5861 §3)? */
export function mayServeMeanwhile(stored: Stored, now: number): boolean {
  if (mustAsk(stored.headers)) return false
  const stated = secondsOf(parseCacheControl(stored.headers['cache-control']), 'stale-while-revalidate') ?? 0
  return currentAge(stored, now) - lifetime(stored) < stated * 1000
}

/** The stored fields after a 304: its own replace them, and an age is always that of the last answer (RFC 9111 §3.2). */
export function updated(stored: Fields, fresh: Fields): Fields {
  const { age: _age, date: _date, ...rest } = stored
  return { ...rest, ...fresh }
}

/** Names in Vary, lower case. */
const varyNames = (headers: Fields): readonly string[] =>
  (headers.vary ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '')

/** A request field in one spelling: blanks around commas and at the ends mean nothing (RFC 9111 §4.1). */
export const normalised = (value: string): string =>
  value
    .split(',')
    .map((part) => part.trim().replace(/\s+/g, ' '))
    .join(', ')

/** Of what upstream was sent, the part that its answer depends on: the secondary key, in a fixed order. */
export function selecting(sent: Fields, headers: Fields): Fields {
  const names = new Set(varyNames(headers))
  return Object.fromEntries(
    Object.entries(sent)
      .filter(([name]) => names.has(name))
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  )
}

/** Does a stored answer, chosen by `selected`, fit a request of which upstream would be sent `sent`? */
export const fits = (selected: Fields, headers: Fields, sent: Fields): boolean => {
  const wanted = selecting(sent, headers)
  const names = Object.keys(wanted)
  return names.length === Object.keys(selected).length && names.every((name) => wanted[name] === selected[name])
}
