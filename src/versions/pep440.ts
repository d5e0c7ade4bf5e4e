// Python's versions and specifiers: https://packaging.python.org/en/latest/specifications/version-specifiers/
// Versions are taken apart by the pep440 package; order and ranges are here, since its `<` and `>` leave out all versions
// with the same numbers (`>1.0a1` would not take 1.0), and so that a version that is compared often is parsed once.

import { parse } from '@renovatebot/pep440'
import type { Versions } from '../contract.ts'

/** Longer texts are no versions, and longer ranges no ranges. */
const longestVersion = 256
const longestRange = 4096

type Key = readonly (number | string)[]

interface Version {
  /** The numbers without trailing zeros. */
  readonly release: readonly number[]
  /** The numbers as they are written. */
  readonly written: readonly number[]
  readonly epoch: number
  /** Pre-release letter and number, post and dev number, each as something that compares. */
  readonly rest: Key
  readonly local: readonly (number | string)[] | undefined
  readonly pre: boolean
  readonly post: boolean
  /** The one spelling of it, without and with the zeros that were written. */
  readonly canonical: string
  readonly normal: string
}

/** Versions parsed lately; the whole is forgotten when it grows, which is simpler than order and as good here. */
const known = new Map<string, Version | undefined>()
const mostKnown = 20_000

function read(text: string): Version | undefined {
  if (text.length > longestVersion) return undefined
  const before = known.get(text)
  if (before !== undefined || known.has(text)) return before
  const version = readAnew(text)
  if (known.size >= mostKnown) known.clear()
  known.set(text, version)
  return version
}

function readAnew(text: string): Version | undefined {
  const parsed = parse(text)
  if (parsed === null) return undefined
  const { epoch, release, pre, post, dev, local } = parsed
  const numbers = release.slice(0, release.findLastIndex((one) => one !== 0) + 1)
  const [letter, number] = (pre ?? []) as unknown as [string?, number?]
  const postNumber = numberOf(post)
  // the package's own types call it a text
  const parts = (local ?? undefined) as unknown as readonly (number | string)[] | undefined
  const devNumber = numberOf(dev)
  // 1.0.dev0 comes before 1.0a0, which comes before 1.0, which comes before 1.0.post0
  const stage = letter === undefined ? (postNumber === undefined && devNumber !== undefined ? '' : '~') : letter
  return {
    release: numbers,
    written: release,
    epoch,
    rest: [stage, number ?? 0, postNumber ?? -1, devNumber ?? Number.POSITIVE_INFINITY],
    local: parts,
    pre: letter !== undefined || devNumber !== undefined,
    post: postNumber !== undefined,
    canonical: spell(numbers),
    normal: spell(release),
  }

  function spell(written: readonly number[]): string {
    return [
      epoch === 0 ? '' : `${epoch}!`,
      written.length === 0 ? '0' : written.join('.'),
      letter === undefined ? '' : `${letter}${number ?? 0}`,
      postNumber === undefined ? '' : `.post${postNumber}`,
      devNumber === undefined ? '' : `.dev${devNumber}`,
      parts === undefined ? '' : `+${parts.join('.')}`,
    ].join('')
  }
}

const numberOf = (part: unknown): number | undefined => (Array.isArray(part) ? Number(part[1]) : undefined)

function compareKeys(a: Key, b: Key): number {
  const shared = Math.min(a.length, b.length)
  for (let at = 0; at < shared; at += 1) {
    const [left, right] = [a[at] as number | string, b[at] as number | string]
    if (left === right) continue
    // words before numbers, as in local parts
    if (typeof left !== typeof right) return typeof left === 'string' ? -1 : 1
    return left < right ? -1 : 1
  }
  return a.length - b.length
}

function comparePublic(a: Version, b: Version): number {
  return a.epoch - b.epoch || compareKeys(a.release, b.release) || compareKeys(a.rest, b.rest)
}

function compareWhole(a: Version, b: Version): number {
  const order = comparePublic(a, b)
  if (order !== 0) return order
  if (a.local === undefined || b.local === undefined)
    return Number(a.local !== undefined) - Number(b.local !== undefined)
  return compareKeys(a.local, b.local)
}

const sameRelease = (a: Version, b: Version): boolean => a.epoch === b.epoch && compareKeys(a.release, b.release) === 0

interface Specifier {
  readonly operator: string
  readonly version: Version
  /** `== 1.2.*`: the numbers as written, with zeros. */
  readonly prefix: boolean
}

const clause = /^(===|~=|==|!=|<=|>=|<|>)\s*([^\s,;()]+)$/

function readClause(text: string): Specifier | string {
  const bare = read(text)
  // as in a package URL: the version itself
  if (bare !== undefined) return { operator: '==', version: bare, prefix: false }
  const found = clause.exec(text)
  if (found === null) return `"${text.slice(0, 80)}" is no version specifier, such as >=1.2`
  const [, operator = '', given = ''] = found
  const prefix = given.endsWith('.*')
  const version = read(prefix ? given.slice(0, -2) : given)
  if (version === undefined) return `"${given.slice(0, 80)}" is no version`
  if (prefix && operator !== '==' && operator !== '!=') return `"${text}" may not end in .*`
  if (prefix && (version.local !== undefined || version.pre || version.post)) return `"${text}" goes on before .*`
  if (operator === '~=' && version.written.length < 2) return `"${text}" needs at least two numbers`
  if (version.local !== undefined && !['==', '!=', '==='].includes(operator)) return `"${text}" has a local part`
  return { operator, version, prefix }
}

const ranges = new Map<string, readonly Specifier[] | string>()

/** The clauses of a range, or why it is none. */
function readRange(range: string): readonly Specifier[] | string {
  const before = ranges.get(range)
  if (before !== undefined) return before
  const clauses = readRangeAnew(range)
  if (ranges.size >= mostKnown) ranges.clear()
  ranges.set(range, clauses)
  return clauses
}

function readRangeAnew(range: string): readonly Specifier[] | string {
  if (range.length > longestRange) return `a range has at most ${longestRange} characters`
  const trimmed = range.trim()
  if (trimmed === '' || trimmed === '*') return []
  const clauses: Specifier[] = []
  for (const part of trimmed.replace(/,$/, '').split(',')) {
    const read = readClause(part.trim())
    if (typeof read === 'string') return read
    clauses.push(read)
  }
  return clauses
}

/** PEP 440 pads with zeros: `==1.2.*` takes 1.2 and 1.2.0.1, and `==1.0.*` takes 1. */
function hasPrefix(version: Version, numbers: readonly number[]): boolean {
  return numbers.every((one, at) => one === (version.written[at] ?? 0))
}

const tests: Readonly<Record<string, (version: Version, clause: Specifier) => boolean>> = {
  '==': (version, { version: other, prefix }) => {
    if (prefix) return version.epoch === other.epoch && hasPrefix(version, other.written)
    return other.local === undefined ? comparePublic(version, other) === 0 : compareWhole(version, other) === 0
  },
  '<=': (version, { version: other }) => comparePublic(version, other) <= 0,
  '>=': (version, { version: other }) => comparePublic(version, other) >= 0,
  // `<1.0` leaves out 1.0rc1 unless it names a pre-release itself
  '<': (version, { version: other }) =>
    comparePublic(version, other) < 0 && !(version.pre && !other.pre && sameRelease(version, other)),
  // `>1.0` leaves out 1.0.post1 unless it names a post-release itself, and 1.0+local always
  '>': (version, { version: other }) =>
    comparePublic(version, other) > 0 && !(version.post && !other.post && sameRelease(version, other)),
  '~=': (version, { version: other }) =>
    comparePublic(version, other) >= 0 &&
    version.epoch === other.epoch &&
    hasPrefix(version, other.written.slice(0, -1)),
  // the same version however it is written, so that what a lockfile writes fits what a file name says
  '===': (version, { version: other }) => compareWhole(version, other) === 0,
}

function passes(version: Version, clauses: readonly Specifier[]): boolean {
  return clauses.every((one) =>
    one.operator === '!=' ? tests['==']?.(version, one) !== true : tests[one.operator]?.(version, one) === true,
  )
}

/** Do the bounds of a range hold a version, pre-releases counted like any other? */
export function within(version: string, range: string): boolean {
  const parsed = read(version)
  const clauses = readRange(range)
  return parsed !== undefined && typeof clauses !== 'string' && passes(parsed, clauses)
}

/** Does a range name a pre-release, and so takes them? `!=` does not count. */
export function namesPrerelease(range: string): boolean {
  const clauses = readRange(range)
  return typeof clauses !== 'string' && clauses.some(({ operator, version }) => operator !== '!=' && version.pre)
}

/** Does a range name one version only, as pins do? */
export function isPin(range: string): boolean {
  const clauses = readRange(range)
  return (
    typeof clauses !== 'string' && clauses.some(({ operator, prefix }) => ['==', '==='].includes(operator) && !prefix)
  )
}

/** The one spelling of a version: `1.0-RC.1` is `1rc1`. Undefined for what is no version. */
export const canonicalVersion = (text: string): string | undefined => read(text)?.canonical

/** A version in its normal form, in which its zeros stay: `1.0-RC.1` is `1.0rc1`. Undefined for what is no version. */
export const normalVersion = (text: string): string | undefined => read(text)?.normal

export const pep440Versions: Versions = {
  /** Texts that are no versions come before all versions, in the order of their characters. */
  compare(a, b) {
    const [left, right] = [read(a), read(b)]
    if (left !== undefined && right !== undefined) return compareWhole(left, right)
    if (left !== undefined || right !== undefined) return left === undefined ? -1 : 1
    return a < b ? -1 : a > b ? 1 : 0
  },
  satisfies(version, range) {
    const parsed = read(version)
    const clauses = readRange(range)
    if (parsed === undefined || typeof clauses === 'string' || !passes(parsed, clauses)) return false
    return !parsed.pre || namesPrerelease(range)
  },
  exact: (version) => `===${canonicalVersion(version) ?? version}`,
  prerelease: (version) => read(version)?.pre === true,
  fault(range) {
    const clauses = readRange(range)
    return typeof clauses === 'string' ? clauses : undefined
  },
}
