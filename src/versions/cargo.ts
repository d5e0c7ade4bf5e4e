// Cargo's versions and requirements: SemVer 2.0 versions, requirements as the Rust `semver` crate reads them
// (https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html). A bare `1.2` means `^1.2`, a comma means
// "and"; each comparator is translated to the npm dialect, in which carets, tildes and pre-releases mean the same.

import semver from 'semver'
import type { Versions } from '../contract.ts'

/** Longer texts are no versions and no requirements: what the semver package takes. */
const longest = 256
const number = '(?:0|[1-9]\\d{0,15})'
const part = `(?:${number}|[*xX])`
const identifiers = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*'
const comparator = new RegExp(
  `^(\\^|~|=|>=|>|<=|<)? *(${number})(?:\\.(${part})(?:\\.(${part})(-${identifiers})?(?:\\+${identifiers})?)?)?$`,
)
const plain = /^\d[0-9A-Za-z.+-]*$/

const isWild = (text: string | undefined): boolean => text !== undefined && /^[*xX]$/.test(text)

/** The version when `text` is one by SemVer 2.0, without the `v`, `=` and blanks that npm forgives. */
function parse(text: string): semver.SemVer | undefined {
  if (text.length > longest || !plain.test(text)) return undefined
  return semver.parse(text) ?? undefined
}

export const isCargoVersion = (text: string): boolean => parse(text) !== undefined

type Translated = { readonly range: semver.Range } | { readonly fault: string }

function translateOne(text: string): { readonly npm: string } | { readonly fault: string } {
  const found = comparator.exec(text)
  if (found === null) return { fault: `"${text}" is no version requirement` }
  const [, operator, major, minor, patch, pre] = found
  if (isWild(minor) && patch !== undefined && !isWild(patch)) return { fault: `"${text}" goes on after a wildcard` }
  if (isWild(patch) && pre !== undefined) return { fault: `"${text}" goes on after a wildcard` }
  const numbers = [major, minor, patch].filter((each) => each !== undefined && !isWild(each)).join('.')
  // `1.2.*` is any 1.2, while a bare `1.2` is a caret.
  if (operator === undefined) return { npm: isWild(minor) || isWild(patch) ? numbers : `^${numbers}${pre ?? ''}` }
  return { npm: `${operator === '=' ? '' : operator}${numbers}${pre ?? ''}` }
}

function translate(range: string): Translated {
  if (range.length > longest) return { fault: `a requirement has at most ${longest} characters` }
  const parts = range.split(',').map((each) => each.trim())
  if (parts.length === 1 && isWild(parts[0])) return { range: new semver.Range('*') }
  const npm: string[] = []
  for (const each of parts) {
    const translated = translateOne(each)
    if ('fault' in translated) return translated
    npm.push(translated.npm)
  }
  try {
    return { range: new semver.Range(npm.join(' ')) }
  } catch {
    return { fault: `"${range}" holds a number that no version can have` }
  }
}

export const cargoVersions: Versions = {
  /** Texts that are no versions come before all versions, in the order of their characters. */
  compare(a, b) {
    const [left, right] = [parse(a), parse(b)]
    if (left !== undefined && right !== undefined) return semver.compareBuild(left, right)
    if (left !== undefined || right !== undefined) return left === undefined ? -1 : 1
    return a < b ? -1 : a > b ? 1 : 0
  },
  satisfies(version, range) {
    const translated = translate(range)
    const parsed = parse(version)
    return parsed !== undefined && 'range' in translated && translated.range.test(parsed)
  },
  /** Build metadata may stand in it and counts for nothing: a registry has each version once. */
  exact: (version) => `=${version}`,
  prerelease: (version) => (parse(version)?.prerelease.length ?? 0) > 0,
  fault(range) {
    const translated = translate(range)
    return 'fault' in translated ? translated.fault : undefined
  },
}

/** What may be there only once in a build: versions of one range compatible by Cargo's rule. `1`, `0.3`, `0.0.7`. */
export function compatible(version: string): string {
  const parsed = parse(version)
  if (parsed === undefined) return version
  if (parsed.major > 0) return `${parsed.major}`
  return parsed.minor > 0 ? `0.${parsed.minor}` : `0.0.${parsed.patch}`
}

/** Does the requirement name exactly one version, as lockfiles do? */
export const isExact = (range: string): boolean =>
  /^= *\d+\.\d+\.\d+(?:[-+]|$)/.test(range.trim()) && !range.includes(',')
