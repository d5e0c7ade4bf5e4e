// Versions of gems, in the order of Gem::Version, and their requirements. A file of a gem is named by a number and, when it
// is not for every Ruby, by a platform: `1.16.0-x86_64-linux`; that text is the version here. Requirements speak of
// numbers, `= 1.16.0-x86_64-linux` and `= 1.16.0-ruby` alone of one file.
// https://docs.ruby-lang.org/en/master/Gem/Version.html, https://guides.rubygems.org/patterns/#declaring-dependencies
// Own code, because the order of the library at hand depends on a locale and ends at 2^53.

import type { Versions } from '../contract.ts'

/** Longer texts are neither: no file name could carry them. */
const longest = 256
const numberPattern = /^[0-9]+(?:\.[0-9A-Za-z]+)*$/
const platformPattern = /^[A-Za-z][A-Za-z0-9._-]*$/
/** The platform of a gem that is for every Ruby. */
export const anyRuby = 'ruby'

export interface GemVersion {
  readonly number: string
  /** `ruby` where the version names none. */
  readonly platform: string
}

/** What was read of a text is kept for the next time: lists of millions of versions hold the same few over and over. */
function remembering<T>(read: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>()
  return (text) => {
    const found = known.get(text)
    if (found !== undefined) return found
    if (known.size >= mostKnown) known.clear()
    const made = read(text)
    known.set(text, made)
    return made
  }
}
const mostKnown = 20_000

/** Undefined for a text that names no version. */
export const splitVersion = (text: string): GemVersion | undefined =>
  text.length > longest ? undefined : splitKnown(text)

const splitKnown = remembering((text: string): GemVersion | undefined => {
  const dash = text.indexOf('-')
  const number = dash === -1 ? text : text.slice(0, dash)
  const platform = dash === -1 ? anyRuby : text.slice(dash + 1)
  return numberPattern.test(number) && platformPattern.test(platform) ? { number, platform } : undefined
})

/** As the compact index and file names write it: the platform `ruby` is left out. */
export const joinVersion = ({ number, platform }: GemVersion): string =>
  platform === anyRuby ? number : `${number}-${platform}`

/** Runs of digits and of letters; digits without leading zeros, for numbers may be longer than any JavaScript has. */
type Segments = readonly string[]

const isWord = (segment: string): boolean => segment.charCodeAt(0) > 57
const segmentsOf = (number: string): Segments =>
  (number.match(/[0-9]+|[A-Za-z]+/g) ?? []).map((each) => (isWord(each) ? each : each.replace(/^0+(?=.)/, '')))
const canonicalOf = remembering((number) => canonical(segmentsOf(number)))

/** Zeros at the end of the numeric head and of the rest count for nothing. */
function canonical(segments: Segments): Segments {
  const word = segments.findIndex(isWord)
  const head = word === -1 ? segments : segments.slice(0, word)
  return [...withoutZeros(head), ...withoutZeros(segments.slice(head.length))]
}

function withoutZeros(segments: Segments): Segments {
  let end = segments.length
  while (segments[end - 1] === '0') end--
  return segments.slice(0, end)
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Words come before numbers; what is missing is a zero. */
function compareSegments(a: Segments, b: Segments): number {
  for (let index = 0; index < a.length || index < b.length; index++) {
    const [left, right] = [a[index] ?? '0', b[index] ?? '0']
    if (left === right) continue
    if (isWord(left) !== isWord(right)) return isWord(left) ? -1 : 1
    return isWord(left) ? byText(left, right) : left.length - right.length || byText(left, right)
  }
  return 0
}

/** Negative, zero or positive, as Gem::Version orders two numbers. */
export const compareNumbers = (a: string, b: string): number =>
  a === b ? 0 : compareSegments(canonicalOf(a), canonicalOf(b))

/** Its numeric head: `1.2.b3` → 1.2. */
const release = (segments: Segments): Segments => {
  const word = segments.findIndex(isWord)
  return word === -1 ? segments : segments.slice(0, word)
}

/** What `~>` ends before: the last number is dropped, unless it is the only one, and the one before it raised. */
function bump(segments: Segments): Segments {
  const numbers = release(segments)
  const kept = numbers.length > 1 ? numbers.slice(0, -1) : numbers
  return [...kept.slice(0, -1), String(BigInt(kept.at(-1) ?? 0) + 1n)]
}

interface Bound {
  readonly operator: string
  readonly number: string
  /** For `=` alone: of the files of this number, one. */
  readonly platform?: string
}

const boundPattern = /^(=|!=|>=|<=|~>|>|<)? *([^ ]+)$/

function boundOf(text: string): Bound | string {
  const [, operator = '=', version = ''] = boundPattern.exec(text) ?? []
  const split = splitVersion(version)
  if (split === undefined) return `${JSON.stringify(text.slice(0, 80))} is no requirement`
  const { number } = split
  if (!version.includes('-')) return { operator, number }
  if (operator !== '=') return `a platform can stand after = alone, not after ${operator}`
  return { operator, number, platform: split.platform }
}

const parse = (range: string): readonly Bound[] | string =>
  range.length > longest ? `a requirement has at most ${longest} characters` : parseKnown(range)

const parseKnown = remembering((range: string): readonly Bound[] | string => {
  const bounds: Bound[] = []
  for (const part of range.split(',')) {
    const bound = boundOf(part.trim())
    if (typeof bound === 'string') return bound
    bounds.push(bound)
  }
  return bounds
})

function meets(version: GemVersion, { operator, number, platform }: Bound): boolean {
  const order = compareNumbers(version.number, number)
  if (operator === '=') return order === 0 && (platform === undefined || platform === version.platform)
  if (operator === '!=') return order !== 0
  if (operator === '>') return order > 0
  if (operator === '<') return order < 0
  if (operator === '>=') return order >= 0
  if (operator === '<=') return order <= 0
  if (order < 0) return false
  const end = canonical(bump(segmentsOf(number)))
  return compareSegments(canonical(release(segmentsOf(version.number))), end) < 0
}

const isPrerelease = (number: string): boolean => /[A-Za-z]/.test(number)

/** Ranges are requirements between commas, all to be met: `~> 1.2, != 1.2.4`. A bare version means `=`. */
export const gemVersions: Versions = {
  /** Texts that are no versions come before all versions, in the order of their characters; `ruby` before other platforms. */
  compare(a, b) {
    const [left, right] = [splitVersion(a), splitVersion(b)]
    if (left === undefined || right === undefined) {
      if (left !== undefined || right !== undefined) return left === undefined ? -1 : 1
      return byText(a, b)
    }
    return compareNumbers(left.number, right.number) || byText(rank(left.platform), rank(right.platform))
  },
  satisfies(version, range) {
    const [split, bounds] = [splitVersion(version), parse(range)]
    return split !== undefined && typeof bounds !== 'string' && bounds.every((bound) => meets(split, bound))
  },
  /** Of one file alone: that of every Ruby has to be named as such, or the others would meet it, too. */
  exact(version) {
    const split = splitVersion(version)
    return `= ${split === undefined ? version : `${split.number}-${split.platform}`}`
  },
  prerelease: (version) => isPrerelease(splitVersion(version)?.number ?? ''),
  fault(range) {
    const bounds = parse(range)
    return typeof bounds === 'string' ? bounds : undefined
  },
}

const rank = (platform: string): string => (platform === anyRuby ? '' : platform)

/** Does the requirement name a pre-release, so that it admits them? */
export const admitsPrereleases = (range: string): boolean =>
  range.split(',').some((part) => isPrerelease(splitVersion(boundPattern.exec(part.trim())?.[2] ?? '')?.number ?? ''))
