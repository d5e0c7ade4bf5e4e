// Patterns over packages, as policy rules write them: a package URL whose name may hold globs and whose version may be a
// range in the ecosystem's own syntax: `pkg:npm/@corp/*`, `pkg:npm/left-pad@<1.3`, `pkg:deb/debian/curl`, `pkg:*/evil`.

import type { Versions } from '../contract.ts'
import { MirrorError } from '../errors.ts'
import { compileGlob } from './glob.ts'

export interface PackageSubject {
  /** The purl type; it must equal the pattern's, aliases are the caller's matter. */
  readonly type: string
  readonly name: string
  readonly version?: string
  /** Name of the repository, which a Linux distribution's namespace may stand for. */
  readonly repo?: string
}

export interface PackagePattern {
  readonly text: string
  /** Of two patterns that match, the one with the larger number says more. */
  readonly specificity: number
  /** The name holds no glob. */
  readonly exactName: boolean
  /** A pattern with a version does not match a subject without one. */
  matches(subject: PackageSubject): boolean
  /** The same without looking at versions. */
  matchesName(subject: PackageSubject): boolean
}

/** Types whose namespace is the distribution and whose names have no slash (purl-spec, PURL-TYPES). */
const distributions = new Set(['alpm', 'apk', 'deb', 'qpkg', 'rpm'])

/** Spellings that are one name, by type, as the specification has them; they hold for patterns with globs too. */
const spellings = new Map<string, (name: string) => string>([
  ['composer', (name) => name.toLowerCase()],
  ['maven', (name) => name.replace(':', '/')],
  ['nuget', (name) => name.toLowerCase()],
  ['pypi', (name) => name.toLowerCase().replace(/[-_.]+/g, '-')],
])

type Fault = (why: string, hint?: string) => MirrorError

/**
 * Compiles a pattern. `versions` knows the ecosystem's version syntax by purl type. Without it a range compiles too, since
 * the pattern may be about another ecosystem, and is an error as soon as a version would have to be compared with it.
 * @throws MirrorError CONFIG
 */
export function compilePattern(text: string, versions: (type: string) => Versions | undefined): PackagePattern {
  const fault: Fault = (
    why,
    hint = 'Write it as pkg:TYPE/NAME or pkg:TYPE/NAME@RANGE, such as pkg:npm/@corp/* or pkg:npm/left-pad@<1.3.',
  ) => new MirrorError('CONFIG', `the package pattern ${JSON.stringify(text.slice(0, 600))} ${why}`, { hint })
  const { type, name, version } = split(text, fault)
  const spell = spellings.get(type) ?? ((spelt: string) => spelt)
  const fitsName = compileGlob(spell(name))
  const exactName = !/[*?[{]/.test(name)
  const fitsVersion = version === undefined ? undefined : compileVersion(version, type, versions(type), fault)

  function matchesName(subject: PackageSubject): boolean {
    if (type !== '*' && type !== subject.type) return false
    const own = spell(subject.name)
    if (fitsName(own)) return true
    return subject.repo !== undefined && distributions.has(subject.type) && fitsName(`${subject.repo}/${own}`)
  }

  const literals = name.replace(/\[[^\]]*\]|[*?{}]/g, '').length
  return {
    text,
    exactName,
    // Compared in this order: an exact name, the length of what is literal in it, a version, a type.
    specificity: (exactName ? 4096 : 0) + literals * 4 + (version === undefined ? 0 : 2) + (type === '*' ? 0 : 1),
    matchesName,
    matches(subject) {
      if (!matchesName(subject)) return false
      if (fitsVersion === undefined) return true
      return subject.version !== undefined && fitsVersion(subject.version)
    },
  }
}

function split(
  text: string,
  fault: Fault,
): { readonly type: string; readonly name: string; readonly version?: string } {
  if (!text.startsWith('pkg:')) throw fault('does not begin with `pkg:`')
  if (/\?[\w.-]+=/.test(text))
    throw fault('has qualifiers, which rules do not look at', 'Leave out what follows the question mark.')
  if (text.includes('#'))
    throw fault('has a subpath, which rules do not look at', 'Leave out the `#` and what follows it.')
  const body = text.slice(4)
  const slash = body.indexOf('/')
  if (slash === -1) throw fault('has a type but no name', `For all packages of a type write pkg:${body || 'TYPE'}/**.`)
  const type = body.slice(0, slash).toLowerCase()
  if (type !== '*' && !/^[a-z][a-z0-9.+-]*$/.test(type)) throw fault('has a malformed type')
  const rest = body.slice(slash + 1)
  // An `@` at the beginning of a segment belongs to a scope.
  const at = rest.lastIndexOf('@')
  const versioned = at > 0 && rest[at - 1] !== '/'
  const name = decode(versioned ? rest.slice(0, at) : rest, fault)
  if (name === '' || name.split('/').includes('')) throw fault('has an empty name or an empty part of one')
  if (!versioned) return { type, name }
  return { type, name, version: decode(rest.slice(at + 1), fault).trim() }
}

function decode(text: string, fault: Fault): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw fault('has a `%` that begins no percent-encoded UTF-8', 'Write a literal percent sign as %25.')
  }
}

/** An exact version, a range, or a glob over versions: whichever the text can be, in this order. */
function compileVersion(
  text: string,
  type: string,
  versions: Versions | undefined,
  fault: Fault,
): (version: string) => boolean {
  if (text === '') throw fault('has an `@` without a version')
  // In a package URL `@1.2.3` is that version, though as a range some ecosystems read it as `^1.2.3` or `>=1.2.3`. What is
  // only a part of one, such as npm's `1.2`, is no version and so not equal to itself.
  if (/^[A-Za-z0-9][\w.+~:!-]*$/.test(text)) {
    if (versions === undefined) return (version) => version === text
    const exact = versions.exact(text)
    if (versions.satisfies(text, exact)) return (version) => version === text || versions.satisfies(version, exact)
  }
  const why = versions?.fault(text)
  if (versions !== undefined && why === undefined) return (version) => versions.satisfies(version, text)
  if (/^[\w.+~:!*?[\]{},-]+$/.test(text) && /[*?[{]/.test(text) && !/^[~!]/.test(text)) return compileGlob(text)
  if (type === '*')
    throw fault('has a version range, but no type whose syntax it could be in', 'Name the type: pkg:npm/…')
  if (why !== undefined) throw fault(`has no range of that ecosystem: ${why}`)
  return () => {
    throw fault(`has a range that cannot be compared: the versions of \`${type}\` are not known`)
  }
}
