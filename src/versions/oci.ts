// Tags of container images as versions. There is no specification; what people write is numbers with a suffix: `3.22`,
// `v1.4.2`, `1.4.2-alpine`, `2.0.0-rc.1`. Ranges are made of alternatives (`^1.4 || latest`), each of words that must all hold:
//
//   latest, =1.4        that tag alone           sha256:…            that digest alone
//   ^1.4 ~1.4.2 >=1.4 <2  by numbers, of tags without a suffix, or with the same one (`^1.4-alpine`)
//   1.4.*-alpine        a glob over the tag      !*-rc*              not these

import type { Versions } from '../contract.ts'
import { MirrorError } from '../errors.ts'
import { compileGlob } from '../formats/glob.ts'

interface Numbered {
  readonly numbers: readonly number[]
  readonly suffix: string
}

const tagForm = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/
const digestForm = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/
const numberedForm = /^[vV]?(\d{1,15}(?:\.\d{1,15}){0,3})(?:[-._]?([A-Za-z].*|\d.*|))$/
const longestRange = 1000

function numbered(text: string): Numbered | undefined {
  if (text.length > 128) return undefined
  const [, numbers, suffix = ''] = numberedForm.exec(text) ?? []
  return numbers === undefined ? undefined : { numbers: numbers.split('.').map(Number), suffix }
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0)
    if (difference !== 0) return Math.sign(difference)
  }
  return 0
}

/** `rc.10` is after `rc.9`. */
function compareSuffixes(a: string, b: string): number {
  if (a === '' || b === '') return a === b ? 0 : a === '' ? 1 : -1
  const [these, those] = [a.split(/(\d+)/), b.split(/(\d+)/)]
  for (let at = 0; at < Math.min(these.length, those.length); at += 1) {
    const [one = '', other = ''] = [these[at], those[at]]
    if (at % 2 === 1 && one.length !== other.length) return Math.sign(one.length - other.length)
    if (one !== other) return one < other ? -1 : 1
  }
  return Math.sign(these.length - those.length)
}

const compareTexts = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1)

/** Numbered tags by their numbers, one with a suffix before the one without; below them all others, by their letters. */
function compare(a: string, b: string): number {
  const [one, other] = [numbered(a), numbered(b)]
  if (one === undefined || other === undefined) return one === other ? compareTexts(a, b) : one === undefined ? -1 : 1
  return (
    compareNumbers(one.numbers, other.numbers) ||
    compareSuffixes(one.suffix, other.suffix) ||
    one.numbers.length - other.numbers.length ||
    compareTexts(a, b)
  )
}

type Fits = (tag: string, of: Numbered | undefined) => boolean
interface Word {
  readonly fits: Fits
  /** Tags and digests that it names outright. */
  readonly exact?: string
  /** Compares numbers, and so wants tags without a suffix unless a glob or a suffix of its own says otherwise. */
  readonly suffix?: string
  readonly glob?: true
}

/** The first numbers above `^` and `~`. */
function ceiling(operator: '^' | '~', numbers: readonly number[]): readonly number[] {
  const leading = numbers.findIndex((number) => number > 0)
  const at = operator === '~' ? Math.min(1, numbers.length - 1) : leading === -1 ? numbers.length - 1 : leading
  return [...numbers.slice(0, at), (numbers[at] ?? 0) + 1]
}

const operators: Readonly<Record<string, (found: readonly number[], wanted: readonly number[]) => boolean>> = {
  '>=': (found, wanted) => compareNumbers(found, wanted) >= 0,
  '<=': (found, wanted) => compareNumbers(found, wanted) <= 0,
  '>': (found, wanted) => compareNumbers(found, wanted) > 0,
  '<': (found, wanted) => compareNumbers(found, wanted) < 0,
  '^': (found, wanted) => compareNumbers(found, wanted) >= 0 && compareNumbers(found, ceiling('^', wanted)) < 0,
  '~': (found, wanted) => compareNumbers(found, wanted) >= 0 && compareNumbers(found, ceiling('~', wanted)) < 0,
}

function word(text: string): Word | string {
  const bare = text.startsWith('=') ? text.slice(1) : text
  if (tagForm.test(bare) || digestForm.test(bare)) return { exact: bare, fits: (tag) => tag === bare }
  const [, operator = '', version = ''] = /^(>=|<=|>|<|\^|~)(.*)$/.exec(text) ?? []
  const holds = operators[operator]
  if (holds !== undefined) {
    const wanted = numbered(version)
    if (wanted === undefined) return `${JSON.stringify(text.slice(0, 100))} compares with no version`
    return { suffix: wanted.suffix, fits: (_, of) => of !== undefined && holds(of.numbers, wanted.numbers) }
  }
  const not = text.startsWith('!')
  const glob = not ? text.slice(1) : text
  if (!/^[A-Za-z0-9._*?[\]{},-]+$/.test(glob)) return `${JSON.stringify(text.slice(0, 100))} is no tag, range or glob`
  try {
    const fits = compileGlob(glob)
    return not ? { fits: (tag) => !fits(tag) } : { glob: true, fits }
  } catch (error) {
    return error instanceof MirrorError ? error.message : String(error)
  }
}

export interface TagRange {
  fits(tag: string): boolean
  /** Tags and digests that it names outright, in its order. */
  readonly exact: readonly string[]
  /** It also takes tags that only a list of them tells. */
  readonly selects: boolean
}

/** The range, or why the text is none, in words. */
export function readRange(range: string): TagRange | string {
  if (range.length > longestRange) return `a range is not longer than ${longestRange} characters`
  const exact: string[] = []
  const alternatives: Fits[] = []
  let selects = false
  for (const alternative of range.split('||')) {
    const texts = alternative.split(/\s+/).filter((text) => text !== '')
    if (texts.length === 0) return 'it has an empty alternative'
    const words: Word[] = []
    for (const text of texts) {
      const read = word(text)
      if (typeof read === 'string') return read
      words.push(read)
    }
    const [only] = words
    if (words.length === 1 && only?.exact !== undefined) exact.push(only.exact)
    else selects = true
    alternatives.push(together(words))
  }
  return { exact, selects, fits: (tag) => alternatives.some((fits) => fits(tag, numbered(tag))) }
}

function together(words: readonly Word[]): Fits {
  const suffixes = words.flatMap(({ suffix }) => (suffix === undefined ? [] : [suffix]))
  const free = words.some(({ glob }) => glob === true)
  return (tag, of) =>
    words.every(({ fits }) => fits(tag, of)) && (free || suffixes.every((suffix) => of?.suffix === suffix))
}

let last: { readonly range: string; readonly read: TagRange | string } | undefined

/** Versions are compared with one range thousands of times over: the last one stays read. */
function rangeOf(range: string): TagRange | string {
  if (last?.range !== range) last = { range, read: readRange(range) }
  return last.read
}

export const ociVersions: Versions = {
  compare,
  satisfies(version, range) {
    const read = rangeOf(range)
    return typeof read !== 'string' && read.fits(version)
  },
  prerelease: (version) => (numbered(version)?.suffix ?? '') !== '',
  exact: (version) => `=${version}`,
  fault(range) {
    const read = rangeOf(range)
    return typeof read === 'string' ? read : undefined
  },
}
