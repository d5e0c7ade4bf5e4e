// Maven's order of versions and its ranges, by the published rules:
// https://maven.apache.org/pom.html#version-order-specification and #dependency-version-requirement-specification.

import type { Versions } from '../contract.ts'

/** What stands at one place of a version: a number, or a qualifier; and what stood before it. */
interface Token {
  readonly dotted: boolean
  readonly value: bigint | string
}

/** Longer texts are no versions. */
const longest = 256

/** Qualifiers that have a place of their own; all others come after these, in the order of the alphabet. */
const qualifiers = new Map([
  ['alpha', 0],
  ['beta', 1],
  ['milestone', 2],
  ['rc', 3],
  ['snapshot', 4],
  ['', 5],
  ['sp', 6],
])
const others = 7
/** Of qualifiers, numbers behind a hyphen, and numbers behind a dot. */
const kinds = { qualifier: 0, hyphened: 1, dotted: 2 } as const

const shortened: Readonly<Record<string, string>> = { a: 'alpha', b: 'beta', m: 'milestone' }
const same: Readonly<Record<string, string>> = { cr: 'rc', ga: '', final: '', release: '' }

const remembered = new Map<string, readonly Token[]>()

/** The tokens of a version without what means nothing; the last few thousand are kept, for sorts ask again and again. */
function tokensOf(version: string): readonly Token[] {
  const known = remembered.get(version)
  if (known !== undefined) return known
  const tokens = trimmed(split(version.slice(0, longest).toLowerCase()))
  if (remembered.size >= 4096) remembered.clear()
  remembered.set(version, tokens)
  return tokens
}

/** Digits and everything else part by themselves, as if a hyphen stood between them; what is empty is 0. */
function split(version: string): Token[] {
  const tokens: Token[] = []
  let dotted = false
  for (const part of version.matchAll(/([0-9]+)|([^0-9.-]+)|([.-])/g)) {
    const [whole, digits, word, separator] = part
    const at = part.index
    if (separator !== undefined) {
      const before = version[at - 1]
      if (before === undefined || before === '.' || before === '-') tokens.push({ dotted, value: 0n })
      dotted = separator === '.'
      continue
    }
    if (digits !== undefined) tokens.push({ dotted, value: BigInt(whole) })
    else {
      const next = version[at + whole.length] ?? ''
      const long = /[0-9]/.test(next) ? (shortened[whole] ?? whole) : whole
      // a qualifier means the same behind a dot and behind a hyphen
      tokens.push({
        dotted: false,
        value: word === undefined ? '' : Object.hasOwn(same, long) ? (same[long] ?? '') : long,
      })
    }
    dotted = false
  }
  return tokens
}

const isNull = ({ value }: Token): boolean => value === 0n || value === ''

/** Without what means nothing at the end, and before each hyphen. */
function trimmed(tokens: readonly Token[]): readonly Token[] {
  const kept: Token[] = []
  for (const [index, token] of tokens.entries()) {
    if (index > 0 && !token.dotted) drop(kept)
    kept.push(token)
  }
  drop(kept)
  return kept
}

function drop(tokens: Token[]): void {
  while (tokens.length > 0) {
    const last = tokens.at(-1)
    if (last === undefined || !isNull(last)) return
    tokens.pop()
  }
}

const kindOf = ({ dotted, value }: Token): number =>
  typeof value === 'string' ? kinds.qualifier : dotted ? kinds.dotted : kinds.hyphened

function compareTokens(a: Token, b: Token): number {
  const kind = kindOf(a) - kindOf(b)
  if (kind !== 0) return kind
  if (typeof a.value === 'string' && typeof b.value === 'string') {
    const rank = (qualifiers.get(a.value) ?? others) - (qualifiers.get(b.value) ?? others)
    return rank !== 0 ? rank : order(a.value, b.value)
  }
  return order(a.value, b.value)
}

const order = <T>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0)

/** What a version that has ended is taken to have at the place of a token of the other. */
const padding = ({ dotted }: Token): Token => ({ dotted, value: dotted ? 0n : '' })

function compare(a: string, b: string): number {
  const left = tokensOf(a)
  const right = tokensOf(b)
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const one = left[at]
    const other = right[at]
    // one of the two is there
    const result = compareTokens(one ?? padding(other as Token), other ?? padding(one as Token))
    if (result !== 0) return result
  }
  return 0
}

interface Bounds {
  readonly low: string | undefined
  readonly lowIn: boolean
  readonly high: string | undefined
  readonly highIn: boolean
}

const bound = '([^,()[\\]\\s]{0,256})'
const interval = new RegExp(`^\\s*([[(])\\s*${bound}\\s*(?:(,)\\s*${bound}\\s*)?([\\])])\\s*(?:,(?=\\s*[[(])|$)`)

/** The parts of a range; a text when it is none: why. */
function parseRange(range: string): readonly Bounds[] | string {
  if (range.length > 1024) return 'a range of more than 1024 characters is none'
  const parts: Bounds[] = []
  let rest = range
  while (rest.trim() !== '') {
    const found = interval.exec(rest)
    if (found === null) return `${JSON.stringify(rest.slice(0, 80))} is no interval such as [1.0,2.0)`
    const [whole, open, low = '', comma, high = '', close] = found
    rest = rest.slice(whole.length)
    if (comma === undefined && (low === '' || open !== '[' || close !== ']'))
      return 'one version alone is written [1.0]'
    const bounds = {
      low: low === '' ? undefined : low,
      lowIn: open === '[',
      high: comma === undefined ? low : high === '' ? undefined : high,
      highIn: close === ']',
    }
    if (bounds.low !== undefined && bounds.high !== undefined && compare(bounds.low, bounds.high) > 0)
      return `${bounds.low} comes after ${bounds.high}`
    parts.push(bounds)
  }
  return parts.length === 0 ? 'an empty range is none' : parts
}

const isInterval = (range: string): boolean => /^\s*[[(]/.test(range)
/** What can stand for one version: no range, no path, no blank. */
const isVersion = (text: string): boolean => /^[^,()[\]\s/\\:"<>|?*&;$`']{1,256}$/.test(text)

const timestamp = /-[0-9]{8}\.[0-9]{6}-[0-9]{1,9}$/

/** `1.0-20240131.123456-7` is a build of `1.0-SNAPSHOT`. */
export const baseVersion = (version: string): string => version.replace(timestamp, '-SNAPSHOT')
export const isSnapshot = (version: string): boolean => /-SNAPSHOT$/.test(baseVersion(version))
/** A range, and not one version that is merely recommended. */
export const isRange = isInterval

function satisfies(version: string, range: string): boolean {
  if (!isInterval(range)) return isVersion(range) && compare(version, range) === 0
  const parts = parseRange(range)
  if (typeof parts === 'string') return false
  // a build lies where its snapshot lies, unless builds themselves are named
  const meant = timestamp.test(version) && !/[0-9]{8}\.[0-9]{6}-[0-9]/.test(range) ? baseVersion(version) : version
  return parts.some(({ low, lowIn, high, highIn }) => {
    const above = low === undefined ? 1 : compare(meant, low)
    const below = high === undefined ? -1 : compare(meant, high)
    return (above > 0 || (above === 0 && lowIn)) && (below < 0 || (below === 0 && highIn))
  })
}

/** Words by which releases to come are told from releases, beside those that the order knows. */
const early = /^(?:pre|preview|ea|eap|dev|canary|nightly)$/

export const mavenVersions: Versions = {
  compare,
  satisfies,
  prerelease(version) {
    const below = qualifiers.get('') ?? 0
    return tokensOf(baseVersion(version)).some(
      ({ value }) => typeof value === 'string' && ((qualifiers.get(value) ?? others) < below || early.test(value)),
    )
  },
  exact: (version) => `[${version}]`,
  fault(range) {
    if (!isInterval(range))
      return isVersion(range) ? undefined : `${JSON.stringify(range.slice(0, 80))} is no version and no range`
    const parts = parseRange(range)
    return typeof parts === 'string' ? parts : undefined
  },
}
