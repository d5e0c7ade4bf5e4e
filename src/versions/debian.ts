// Debian's version order `[epoch:]upstream[-revision]` and ranges over it.
// https://www.debian.org/doc/debian-policy/ch-controlfields.html#version and deb-version(7). Everything is linear in
// the length of its input.

import type { Versions } from '../contract.ts'

export type Operator = '<<' | '<=' | '=' | '>=' | '>>'
export interface Bound {
  readonly operator: Operator
  readonly version: string
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57
const isLetter = (code: number): boolean => (code >= 65 && code <= 90) || (code >= 97 && code <= 122)

/** Rank of a character in a non-digit run: `~`, then the end of the run, letters, everything else. */
function rank(code: number): number {
  if (code === 126) return -1
  if (Number.isNaN(code) || isDigit(code)) return 0
  return isLetter(code) ? code : code + 256
}

/** Compares by alternating non-digit and digit runs, as dpkg's verrevcmp. */
function compareRuns(a: string, b: string): number {
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    while ((i < a.length && !isDigit(a.charCodeAt(i))) || (j < b.length && !isDigit(b.charCodeAt(j)))) {
      const difference = rank(a.charCodeAt(i)) - rank(b.charCodeAt(j))
      if (difference !== 0) return difference
      i++
      j++
    }
    while (a.charCodeAt(i) === 48) i++
    while (b.charCodeAt(j) === 48) j++
    let first = 0
    while (isDigit(a.charCodeAt(i)) && isDigit(b.charCodeAt(j))) {
      if (first === 0) first = a.charCodeAt(i) - b.charCodeAt(j)
      i++
      j++
    }
    if (isDigit(a.charCodeAt(i))) return 1
    if (isDigit(b.charCodeAt(j))) return -1
    if (first !== 0) return first
  }
  return 0
}

function parts(version: string): { readonly epoch: string; readonly upstream: string; readonly revision: string } {
  const text = version.trim()
  const colon = text.indexOf(':')
  const rest = text.slice(colon + 1)
  const dash = rest.lastIndexOf('-')
  return {
    epoch: colon === -1 ? '0' : text.slice(0, colon),
    upstream: dash === -1 ? rest : rest.slice(0, dash),
    revision: dash === -1 ? '0' : rest.slice(dash + 1),
  }
}

/** Negative, zero or positive, as dpkg orders two versions. Any text has a place in the order. */
export function compare(a: string, b: string): number {
  if (a === b) return 0
  const left = parts(a)
  const right = parts(b)
  return (
    compareRuns(left.epoch, right.epoch) ||
    compareRuns(left.upstream, right.upstream) ||
    compareRuns(left.revision, right.revision)
  )
}

export function meets(version: string, { operator, version: bound }: Bound): boolean {
  const order = compare(version, bound)
  if (operator === '<<') return order < 0
  if (operator === '<=') return order <= 0
  if (operator === '=') return order === 0
  return operator === '>=' ? order >= 0 : order > 0
}

/** Does the text match a glob of `*` (any run) and `?` (any one character)? */
export function matchesGlob(text: string, glob: string): boolean {
  let at = 0
  let pattern = 0
  let star = -1
  let resume = 0
  // The last star alone is ever tried again, which is at most |text| · |glob| steps and in practice linear.
  while (at < text.length) {
    if (glob[pattern] === '*') {
      star = pattern++
      resume = at
    } else if (pattern < glob.length && (glob[pattern] === '?' || glob[pattern] === text[at])) {
      pattern++
      at++
    } else if (star !== -1) {
      pattern = star + 1
      at = ++resume
    } else return false
  }
  while (glob[pattern] === '*') pattern++
  return pattern === glob.length
}

export const isGlob = (text: string): boolean => /[*?]/.test(text)

/** Longer versions and ranges are not Debian's: file names could not carry them. */
const longest = 256
const versionPattern = /^(?:[0-9]+:)?[A-Za-z0-9.+~:-]+$/
const globPattern = /^[A-Za-z0-9.+~:*?-]+$/
const boundPattern = /^(<<|<=|>=|>>|=)? ?([^ ]+)$/

type Term = { readonly bound: Bound } | { readonly glob: string }

/** The terms of a range, or in words why it is none. */
function parse(range: string): readonly Term[] | string {
  if (range.length > longest) return `longer than ${longest} characters`
  const terms: Term[] = []
  for (const part of range.split(',')) {
    const text = part.trim().replace(/\s+/g, ' ')
    if (text === '') return 'empty between commas'
    const [, operator, version = ''] = boundPattern.exec(text) ?? []
    if (/^[<>](?![<>=])/.test(text)) return '`<` and `>` are ambiguous in Debian: write `<<` or `<=`, `>>` or `>=`'
    if (isGlob(version)) {
      if (operator !== undefined && operator !== '=') return `a glob cannot stand after ${operator}`
      if (!globPattern.test(version)) return `${version} is no version`
      terms.push({ glob: version })
    } else {
      if (!versionPattern.test(version)) return `${version === '' ? text : version} is no version`
      terms.push({ bound: { operator: (operator ?? '=') as Operator, version } })
    }
  }
  return terms
}

/**
 * Debian's order, with ranges `>= 1.2`, `<< 2`, `= 1.2-1`, `1.2-1` (exactly this), `1.2-*` (a glob), `*` or nothing (any),
 * and several of them, all to be met, between commas.
 */
export const versions: Versions = {
  compare,
  satisfies(version, range) {
    if (range.trim() === '' || range.trim() === '*') return true
    const terms = parse(range)
    if (typeof terms === 'string') return false
    return terms.every((term) => ('glob' in term ? matchesGlob(version, term.glob) : meets(version, term.bound)))
  },
  /** A `~` before a word for unfinished work; `~deb12u1` and `~bpo12+1` are rebuilds of finished versions. */
  prerelease: (version) => /~(?:alpha|beta|rc|pre|dev|a\d|b\d)/i.test(version),
  exact: (version) => `= ${version}`,
  fault(range) {
    if (range.trim() === '') return undefined
    const terms = parse(range)
    return typeof terms === 'string' ? terms : undefined
  },
}
