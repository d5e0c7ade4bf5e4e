// Go's module versions: SemVer 2.0 with a `v` in front, in their canonical form. Order and pseudo-versions:
// https://go.dev/ref/mod#versions; ranges are the go command's version queries (https://go.dev/ref/mod#version-queries),
// of which several stand for "and", beside the carets and tildes of other tools.

import semver from 'semver'
import type { Versions } from '../contract.ts'

/** Longer texts are no versions: what the semver package takes. */
const longest = 256
const longestRange = 1024
const number = '(?:0|[1-9]\\d{0,15})'
const identifiers = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*'
const canonical = new RegExp(`^v${number}\\.${number}\\.${number}(?:-${identifiers})?(?:\\+${identifiers})?$`)
const term = new RegExp(
  `^(\\^|~|=|>=|>|<=|<)?v?(${number}(?:\\.${number}(?:\\.${number}(?:-${identifiers})?(?:\\+${identifiers})?)?)?)$`,
)

function parse(text: string): semver.SemVer | undefined {
  if (text.length > longest || !canonical.test(text)) return undefined
  return semver.parse(text.slice(1)) ?? undefined
}

/** `v1.2.3`, `v1.2.3-rc.1`, `v2.0.0+incompatible`: a version that names one state for ever; no other metadata is canonical. */
export const isCanonical = (text: string): boolean => {
  const parsed = parse(text)
  return parsed !== undefined && (parsed.build.length === 0 || text.endsWith('+incompatible'))
}

/** Made by the go command for a commit without a tag: https://go.dev/ref/mod#pseudo-versions */
export const isPseudo = (version: string): boolean =>
  /^v\d+\.(?:0\.0-|\d+\.\d+-(?:[^+]*\.)?0\.)\d{14}-[A-Za-z0-9]+(?:\+[0-9A-Za-z.-]+)?$/.test(version)

const textOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Texts that are no versions come before all versions, in the order of their characters. */
function compare(a: string, b: string): number {
  const [left, right] = [parse(a), parse(b)]
  if (left !== undefined && right !== undefined) return left.compare(right) || textOrder(a, b)
  if (left !== undefined || right !== undefined) return left === undefined ? -1 : 1
  return textOrder(a, b)
}

/** One query in the npm dialect, in which carets, tildes and pre-releases mean what they mean here. */
function translateOne(text: string): string | undefined {
  const [, operator = '', version = ''] = term.exec(text) ?? []
  if (version === '') return undefined
  const bare = version.replace(/\+.*$/, '')
  if (operator !== '') return `${operator}${bare}`
  // `v1` and `v1.2` are prefixes, a whole version is itself
  return /^\d+\.\d+\.\d+/.test(bare) ? `=${bare}` : `${bare}.x`
}

function translate(range: string): { readonly range: semver.Range } | { readonly fault: string } {
  if (range.length > longestRange) return { fault: `a range has at most ${longestRange} characters` }
  if (range.trim() === '*') return { range: new semver.Range('*') }
  const npm: string[] = []
  for (const each of range.split(/[\s,]+/).filter((one) => one !== '')) {
    const translated = translateOne(each)
    if (translated === undefined) return { fault: `${JSON.stringify(each.slice(0, 100))} is no version and no query` }
    npm.push(translated)
  }
  if (npm.length === 0) return { fault: 'it is empty' }
  try {
    return { range: new semver.Range(npm.join(' ')) }
  } catch {
    return { fault: `${JSON.stringify(range.slice(0, 100))} holds a number that no version can have` }
  }
}

export const goVersions: Versions = {
  compare,
  satisfies(version, range) {
    const translated = translate(range)
    const parsed = parse(version)
    return parsed !== undefined && 'range' in translated && translated.range.test(parsed)
  },
  exact: (version) => version,
  prerelease: (version) => (parse(version)?.prerelease.length ?? 0) > 0,
  fault(range) {
    const translated = translate(range)
    return 'fault' in translated ? translated.fault : undefined
  },
}

/** Does the range name exactly one version? */
export const isExact = (range: string): boolean => isCanonical(range.trim())
