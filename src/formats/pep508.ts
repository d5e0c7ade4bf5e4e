// Python's dependency specifiers and their environment markers:
// https://packaging.python.org/en/latest/specifications/dependency-specifiers/
// A marker is evaluated over what is known of an environment: what nobody knows makes it "perhaps", and perhaps is held.

import type { Platform, Versions } from '../contract.ts'

export interface Requirement {
  /** As it is written. */
  readonly name: string
  readonly extras: readonly string[]
  /** `>=1.2,<2`; '' for any. */
  readonly range: string
  /** `name @ url`. */
  readonly url?: string
  readonly marker?: Marker
}

export type Marker =
  | { readonly all: readonly Marker[] }
  | { readonly any: readonly Marker[] }
  | { readonly left: Operand; readonly operator: string; readonly right: Operand }
type Operand = { readonly variable: string } | { readonly text: string }

export type Truth = 'yes' | 'no' | 'perhaps'

/** Values of marker variables; those that are left out are not known. */
export type Environment = Readonly<Record<string, string>>

/** Longer ones are nobody's. */
const longest = 16_384
const deepest = 64

const variables: ReadonlySet<string> = new Set([
  ...['os_name', 'sys_platform', 'platform_machine', 'platform_python_implementation', 'platform_release'],
  ...['platform_system', 'platform_version', 'python_version', 'python_full_version', 'implementation_name'],
  ...['implementation_version', 'extra', 'extras', 'dependency_groups'],
])
/** Spellings of PEP 345 and of old setuptools. */
const olderNames: Readonly<Record<string, string>> = {
  'os.name': 'os_name',
  'sys.platform': 'sys_platform',
  'platform.version': 'platform_version',
  'platform.machine': 'platform_machine',
  'platform.python_implementation': 'platform_python_implementation',
  python_implementation: 'platform_python_implementation',
}

class Unreadable extends Error {}

/** The requirement, or why the text is none, in words. */
export function parseRequirement(text: string): Requirement | string {
  if (text.length > longest) return `a requirement has at most ${longest} characters`
  try {
    return readRequirement(text.trim())
  } catch (error) {
    if (error instanceof Unreadable) return error.message
    throw error
  }
}

function readRequirement(text: string): Requirement {
  const [start, name = '', bracket] = /^([A-Za-z0-9](?:[A-Za-z0-9._-]{0,254}[A-Za-z0-9])?)\s*(\[)?/.exec(text) ?? ['']
  if (name === '') throw new Unreadable('it begins with no name')
  let rest = text.slice(start.length)
  let extras: readonly string[] = []
  if (bracket !== undefined) {
    const end = rest.indexOf(']')
    if (end === -1) throw new Unreadable('the list of extras has no end')
    extras = readExtras(rest.slice(0, end))
    rest = rest.slice(end + 1)
  }
  rest = rest.trimStart()
  if (rest.startsWith('@')) {
    const [whole, url = ''] = /^@\s*(\S+)/.exec(rest) ?? ['']
    if (url === '') throw new Unreadable('it names no address')
    return { name, extras, range: '', url, ...markerOf(rest.slice(whole.length)) }
  }
  const semicolon = rest.indexOf(';')
  const range = rangeOf((semicolon === -1 ? rest : rest.slice(0, semicolon)).trim())
  return { name, extras, range, ...(semicolon === -1 ? {} : markerOf(rest.slice(semicolon))) }
}

function readExtras(text: string): readonly string[] {
  if (text.trim() === '') return []
  return text.split(',').map((part) => {
    const extra = part.trim()
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/.test(extra)) throw new Unreadable(`${JSON.stringify(extra)} is no extra`)
    return normalExtra(extra)
  })
}

/** Extras are compared like names of projects (PEP 685). */
const normalExtra = (text: string): string => text.toLowerCase().replace(/[-_.]+/g, '-')

const clause = /^(?:===|~=|==|!=|<=|>=|<|>)\s*[^\s,;()]+$/

/** The clauses, with or without brackets around them. What they say is for whoever knows versions. */
function rangeOf(text: string): string {
  const inner = text.startsWith('(') && text.endsWith(')') ? text.slice(1, -1).trim() : text
  if (inner === '') return ''
  const clauses = inner
    .replace(/,$/, '')
    .split(',')
    .map((one) => one.trim())
  const wrong = clauses.find((one) => !clause.test(one))
  if (wrong !== undefined) throw new Unreadable(`${JSON.stringify(wrong.slice(0, 80))} is no specifier of a version`)
  return clauses.map((one) => one.replace(/\s+/g, '')).join(',')
}

function markerOf(text: string): { readonly marker?: Marker } {
  const trimmed = text.trim()
  if (trimmed === '') return {}
  if (!trimmed.startsWith(';')) throw new Unreadable(`${JSON.stringify(trimmed.slice(0, 80))} follows it`)
  const words = trimmed.slice(1).match(/"[^"]*"|'[^']*'|[A-Za-z_][\w.]*|===|~=|==|!=|<=|>=|<|>|[()]|\S/g) ?? []
  const cursor: Cursor = { words, at: 0 }
  const marker = readAny(cursor, 0)
  if (cursor.at !== words.length) throw new Unreadable(`the marker goes on with ${words[cursor.at]}`)
  return { marker }
}

interface Cursor {
  readonly words: readonly string[]
  at: number
}

function readAny(cursor: Cursor, depth: number): Marker {
  const any = [readAll(cursor, depth)]
  while (cursor.words[cursor.at] === 'or') {
    cursor.at += 1
    any.push(readAll(cursor, depth))
  }
  return any.length === 1 ? (any[0] as Marker) : { any }
}

function readAll(cursor: Cursor, depth: number): Marker {
  const all = [readOne(cursor, depth)]
  while (cursor.words[cursor.at] === 'and') {
    cursor.at += 1
    all.push(readOne(cursor, depth))
  }
  return all.length === 1 ? (all[0] as Marker) : { all }
}

function readOne(cursor: Cursor, depth: number): Marker {
  if (depth > deepest) throw new Unreadable('the marker is nested too deeply')
  if (cursor.words[cursor.at] === '(') {
    cursor.at += 1
    const inner = readAny(cursor, depth + 1)
    if (cursor.words[cursor.at] !== ')') throw new Unreadable('a bracket of the marker has no end')
    cursor.at += 1
    return inner
  }
  const left = operand(cursor)
  const operator = readOperator(cursor)
  return { left, operator, right: operand(cursor) }
}

function operand(cursor: Cursor): Operand {
  const word = cursor.words[cursor.at] ?? ''
  cursor.at += 1
  if (/^["']/.test(word) && word.length > 1) return { text: word.slice(1, -1) }
  const variable = Object.hasOwn(olderNames, word) ? olderNames[word] : word
  if (variable === undefined || !variables.has(variable))
    throw new Unreadable(`${JSON.stringify(word.slice(0, 80))} is no marker`)
  return { variable }
}

const operators: ReadonlySet<string> = new Set(['===', '~=', '==', '!=', '<=', '>=', '<', '>', 'in'])

function readOperator(cursor: Cursor): string {
  const word = cursor.words[cursor.at] ?? ''
  cursor.at += 1
  if (word === 'not' && cursor.words[cursor.at] === 'in') {
    cursor.at += 1
    return 'not in'
  }
  if (!operators.has(word)) throw new Unreadable(`${JSON.stringify(word.slice(0, 80))} is no operator of markers`)
  return word
}

const flip: Readonly<Record<Truth, Truth>> = { yes: 'no', no: 'yes', perhaps: 'perhaps' }

function both(truths: readonly Truth[]): Truth {
  if (truths.includes('no')) return 'no'
  return truths.includes('perhaps') ? 'perhaps' : 'yes'
}

/** Is the marker true in an environment? `versions`: the order that version markers are compared in. */
export function evaluate(marker: Marker, environment: Environment, versions: Versions): Truth {
  if ('all' in marker) return both(marker.all.map((one) => evaluate(one, environment, versions)))
  if ('any' in marker) return flip[both(marker.any.map((one) => flip[evaluate(one, environment, versions)]))]
  const { left, operator, right } = marker
  const known = [left, right].map((one) => ('text' in one ? one.text : environment[one.variable]))
  const name = 'variable' in left ? left.variable : 'variable' in right ? right.variable : ''
  if (known[0] === undefined || known[1] === undefined) return partly(name, operator, known, environment, versions)
  return compare(name, operator, known[0], known[1], versions) ? 'yes' : 'no'
}

/**
 * Of a full version only the first two numbers may be known: then it is decided where the first and the last micro
 * version agree.
 */
function partly(
  name: string,
  operator: string,
  [left, right]: readonly (string | undefined)[],
  environment: Environment,
  versions: Versions,
): Truth {
  const { python_version: minor } = environment
  if ((name !== 'python_full_version' && name !== 'implementation_version') || minor === undefined) return 'perhaps'
  const [first, last] = [`${minor}.0`, `${minor}.999`].map((full) =>
    compare(name, operator, left ?? full, right ?? full, versions),
  )
  return first === last ? (first === true ? 'yes' : 'no') : 'perhaps'
}

const versioned: ReadonlySet<string> = new Set(['python_version', 'python_full_version', 'implementation_version'])

function compare(name: string, operator: string, left: string, right: string, versions: Versions): boolean {
  if (operator === 'in') return right.includes(left)
  if (operator === 'not in') return !right.includes(left)
  if (name === 'extra') return equal(operator, normalExtra(left), normalExtra(right))
  if (versioned.has(name) && versions.fault(operator + right) === undefined && versions.fault(left) === undefined)
    return versions.satisfies(left, operator + right)
  return equal(operator, left, right)
}

/** Texts that are no versions have no order that means anything, but some that are written down. */
function equal(operator: string, left: string, right: string): boolean {
  if (operator === '==' || operator === '===') return left === right
  if (operator === '!=') return left !== right
  if (operator === '<=' || operator === '>=') return left === right || (operator === '<=') === left < right
  return operator === '~=' ? left === right : (operator === '<') === left < right && left !== right
}

const systems: Readonly<Record<string, readonly [sys: string, system: string, os: string]>> = {
  linux: ['linux', 'Linux', 'posix'],
  darwin: ['darwin', 'Darwin', 'posix'],
  win32: ['win32', 'Windows', 'nt'],
  freebsd: ['freebsd', 'FreeBSD', 'posix'],
  openbsd: ['openbsd', 'OpenBSD', 'posix'],
  aix: ['aix', 'AIX', 'posix'],
  android: ['android', 'Android', 'posix'],
}
const machines: Readonly<Record<string, string>> = {
  x64: 'x86_64',
  arm64: 'aarch64',
  ia32: 'i686',
  arm: 'armv7l',
  ppc64: 'ppc64le',
  loong64: 'loongarch64',
}
/** `platform.machine()` where a system says it in its own way. */
const otherMachines: Readonly<Record<string, string>> = {
  'win32 x64': 'AMD64',
  'win32 arm64': 'ARM64',
  'win32 ia32': 'x86',
  'darwin arm64': 'arm64',
}

/** What a platform tells of CPython's environment on it. */
export function environmentOf({ os, cpu, python }: Platform): Environment {
  const system = os === undefined ? undefined : systems[os]
  const machine =
    cpu === undefined || os === undefined ? undefined : (otherMachines[`${os} ${cpu}`] ?? machines[cpu] ?? cpu)
  return {
    implementation_name: 'cpython',
    platform_python_implementation: 'CPython',
    ...(system === undefined ? {} : { sys_platform: system[0], platform_system: system[1], os_name: system[2] }),
    ...(machine === undefined ? {} : { platform_machine: machine }),
    ...(python === undefined ? {} : { python_version: python }),
  }
}
