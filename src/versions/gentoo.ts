// Gentoo's version order and ranges over it. https://projects.gentoo.org/pms/8/pms.html#version-comparison
// Everything is linear in the length of its input.

import type { Versions } from '../contract.ts'

interface Parsed {
  readonly numbers: readonly string[]
  readonly letter: string
  readonly suffixes: readonly (readonly [rank: number, number: string])[]
  readonly revision: string
}

/** A version without a suffix stands between `_rc` and `_p`. */
const ranks: Readonly<Record<string, number>> = { alpha: -4, beta: -3, pre: -2, rc: -1, p: 1 }
const longest = 256
const form = /^(\d+(?:\.\d+)*)([a-z]?)((?:_(?:alpha|beta|pre|rc|p)\d*)*)(?:-r(\d+))?$/

function parse(text: string): Parsed | undefined {
  const found = text.length > longest ? null : form.exec(text)
  if (found === null) return undefined
  const [, numbers = '', letter = '', suffixes = '', revision = ''] = found
  return {
    numbers: numbers.split('.'),
    letter,
    suffixes: [...suffixes.matchAll(/_([a-z]+)(\d*)/g)].map(([, name = '', number = '']) => [ranks[name] ?? 0, number]),
    revision,
  }
}

export const isGentooVersion = (text: string): boolean => parse(text) !== undefined

const texts = (a: string, b: string): number => (a < b ? -1 : Number(a > b))

/** Whole numbers of any length. */
function integers(a: string, b: string): number {
  const [one, other] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')]
  return one.length - other.length || texts(one, other)
}

/** Numbers behind the first are fractions when one of them begins with a zero. */
const fractions = (a: string, b: string): number =>
  a.startsWith('0') || b.startsWith('0') ? texts(a.replace(/0+$/, ''), b.replace(/0+$/, '')) : integers(a, b)

function compareParsed(a: Parsed, b: Parsed): number {
  for (let at = 0; at < Math.max(a.numbers.length, b.numbers.length); at += 1) {
    const [one, other] = [a.numbers[at], b.numbers[at]]
    if (one === undefined || other === undefined) return one === undefined ? -1 : 1
    const difference = at === 0 ? integers(one, other) : fractions(one, other)
    if (difference !== 0) return difference
  }
  if (a.letter !== b.letter) return texts(a.letter, b.letter)
  for (let at = 0; at < Math.max(a.suffixes.length, b.suffixes.length); at += 1) {
    const [one = [0, ''], other = [0, '']] = [a.suffixes[at], b.suffixes[at]]
    const difference = one[0] - other[0] || integers(one[1], other[1])
    if (difference !== 0) return difference
  }
  return integers(a.revision, b.revision)
}

/** What is no version stands before all that are. */
function compare(a: string, b: string): number {
  const [one, other] = [parse(a), parse(b)]
  if (one !== undefined && other !== undefined) return compareParsed(one, other)
  if (one === undefined && other === undefined) return texts(a, b)
  return one === undefined ? -1 : 1
}

const withoutRevision = (text: string): string => text.replace(/-r\d+$/, '')

const holds: Readonly<Record<string, (version: string, bound: string) => boolean>> = {
  '>=': (version, bound) => compare(version, bound) >= 0,
  '<=': (version, bound) => compare(version, bound) <= 0,
  '>': (version, bound) => compare(version, bound) > 0,
  '<': (version, bound) => compare(version, bound) < 0,
  '=': (version, bound) => version === bound || (parse(bound) !== undefined && compare(version, bound) === 0),
  '~': (version, bound) => compare(withoutRevision(version), bound) === 0,
}

const bound = /^(>=|<=|>|<|=|~)?\s*([^\s<>=~*,]+)(\*?)$/

/** One bound of a range; undefined when it is none. */
function readBound(text: string): ((version: string) => boolean) | undefined {
  const [, operator = '=', version = '', star = ''] = bound.exec(text.trim()) ?? []
  if (version === '') return undefined
  if (star === '*') {
    const prefix = version.replace(/\.$/, '')
    if (operator !== '=' || parse(prefix) === undefined) return undefined
    return (other) => other === prefix || (other.startsWith(prefix) && !/^\d/.test(other.slice(prefix.length)))
  }
  if (operator !== '=' && parse(version) === undefined) return undefined
  return (other) => holds[operator]?.(other, version) === true
}

const longestRange = 1024

/** `>=8, <9`, `8.2`, `8.*`, `~8.2` (any revision), `*`. */
function readRange(range: string): ((version: string) => boolean) | undefined {
  if (range.length > longestRange) return undefined
  if (range.trim() === '*') return () => true
  const bounds = range.split(',').map(readBound)
  return bounds.includes(undefined) ? undefined : (version) => bounds.every((one) => one?.(version))
}

export const gentooVersions: Versions = {
  compare,
  satisfies: (version, range) => readRange(range)?.(version) ?? false,
  prerelease: (version) => /_(?:alpha|beta|pre|rc)/.test(version),
  exact: (version) => `=${version}`,
  fault: (range) =>
    readRange(range) === undefined ? 'a range is written as >=8, <9, 8.2, 8.* or ~8.2, joined by commas' : undefined,
}
