// Which platforms a dependency's `target` is for: `cfg(…)` or a target triple.
// https://doc.rust-lang.org/reference/conditional-compilation.html
// What a platform does not tell (and what only the compiler knows) counts as "perhaps", and perhaps is held.

import type { Platform } from '../../contract.ts'

type Truth = 'yes' | 'no' | 'perhaps'
type Facts = ReadonlyMap<string, string>

const systems: Readonly<Record<string, string>> = { win32: 'windows', darwin: 'macos', osx: 'macos' }
const architectures: Readonly<Record<string, string>> = {
  x64: 'x86_64',
  amd64: 'x86_64',
  arm64: 'aarch64',
  ia32: 'x86',
  i386: 'x86',
  i586: 'x86',
  i686: 'x86',
  armv6: 'arm',
  armv7: 'arm',
  armv7l: 'arm',
  ppc64: 'powerpc64',
  ppc64le: 'powerpc64',
  powerpc64le: 'powerpc64',
  riscv64gc: 'riscv64',
  loong64: 'loongarch64',
}
const environments: Readonly<Record<string, string>> = { glibc: 'gnu' }
const families: Readonly<Record<string, string>> = { windows: 'windows', wasi: 'wasm', none: '' }
const widths: Readonly<Record<string, string>> = {
  x86_64: '64',
  aarch64: '64',
  x86: '32',
  arm: '32',
  powerpc64: '64',
  riscv64: '64',
  s390x: '64',
  loongarch64: '64',
}

function facts(platform: Platform): Facts {
  const known = new Map<string, string>()
  const system = platform.os === undefined ? undefined : (systems[platform.os] ?? platform.os)
  const architecture = platform.cpu === undefined ? undefined : (architectures[platform.cpu] ?? platform.cpu)
  const environment = platform.libc === undefined ? undefined : (environments[platform.libc] ?? platform.libc)
  if (system !== undefined) known.set('target_os', system).set('target_family', families[system] ?? 'unix')
  if (system === 'macos') known.set('target_vendor', 'apple').set('target_env', '')
  if (system === 'windows') known.set('target_vendor', 'pc')
  if (architecture !== undefined) known.set('target_arch', architecture)
  if (architecture !== undefined && widths[architecture] !== undefined)
    known.set('target_pointer_width', widths[architecture])
  if (environment !== undefined) known.set('target_env', environment)
  return known
}

function compare(known: Facts, key: string, value: string): Truth {
  const has = known.get(key)
  if (has === undefined) return 'perhaps'
  return has === value ? 'yes' : 'no'
}

const flip: Readonly<Record<Truth, Truth>> = { yes: 'no', no: 'yes', perhaps: 'perhaps' }

function both(truths: readonly Truth[]): Truth {
  if (truths.includes('no')) return 'no'
  return truths.includes('perhaps') ? 'perhaps' : 'yes'
}

const combine: Readonly<Record<string, (truths: readonly Truth[]) => Truth>> = {
  all: both,
  any: (truths) => flip[both(truths.map((each) => flip[each]))],
  not: (truths) => flip[truths[0] ?? 'perhaps'],
}

function tokens(text: string): readonly string[] {
  return [...text.matchAll(/"[^"]*"|[A-Za-z_][\w-]*|[(),=]|\S/g)].map(([token]) => token)
}

/** Deeper expressions are nobody's: they count as "perhaps". */
const deepest = 32

interface Cursor {
  readonly words: readonly string[]
  at: number
}

/** Undefined when it is no expression. */
function evaluate(cursor: Cursor, known: Facts, depth: number): Truth | undefined {
  const word = cursor.words[cursor.at++]
  if (word === undefined || !/^[A-Za-z_]/.test(word) || depth > deepest) return undefined
  const next = cursor.words[cursor.at]
  if (next === '=') {
    const value = cursor.words[cursor.at + 1]
    cursor.at += 2
    return value?.startsWith('"') === true ? compare(known, word, value.slice(1, -1)) : undefined
  }
  if (next !== '(') {
    if (word === 'unix' || word === 'windows') return compare(known, 'target_family', word)
    return word === 'true' ? 'yes' : word === 'false' ? 'no' : 'perhaps'
  }
  cursor.at++
  const truths: Truth[] = []
  while (cursor.words[cursor.at] !== ')') {
    const truth = evaluate(cursor, known, depth + 1)
    if (truth === undefined) return undefined
    truths.push(truth)
    if (cursor.words[cursor.at] === ',') cursor.at++
    else if (cursor.words[cursor.at] !== ')') return undefined
  }
  cursor.at++
  return Object.hasOwn(combine, word) ? combine[word]?.(truths) : undefined
}

/** `x86_64-pc-windows-msvc`, `aarch64-apple-darwin`, `armv7-unknown-linux-gnueabihf`. */
function triple(text: string, known: Facts): Truth {
  const [first = '', ...rest] = text.split('-')
  const system = rest
    .map((each) => systems[each] ?? each)
    .find((each) =>
      ['linux', 'windows', 'macos', 'freebsd', 'netbsd', 'openbsd', 'android', 'ios', 'wasi'].includes(each),
    )
  const environment = /^(gnu|musl|msvc)/.exec(rest.at(-1) ?? '')?.[1]
  if (system === undefined) return 'perhaps'
  return both([
    compare(known, 'target_arch', architectures[first] ?? first),
    compare(known, 'target_os', system),
    environment === undefined ? 'perhaps' : compare(known, 'target_env', environment),
  ])
}

function truth(target: string, known: Facts): Truth {
  const inner = /^\s*cfg\s*\((.*)\)\s*$/s.exec(target)?.[1]
  if (inner === undefined) return triple(target, known)
  const cursor: Cursor = { words: tokens(inner), at: 0 }
  const result = evaluate(cursor, known, 0)
  return result === undefined || cursor.at !== cursor.words.length ? 'perhaps' : result
}

/** Is a dependency with this `target` needed on any of the platforms? Always, when there is no target or no platform. */
export function isFor(target: string | undefined, platforms: readonly Platform[]): boolean {
  if (target === undefined || platforms.length === 0) return true
  return platforms.some((platform) => truth(target, facts(platform)) !== 'no')
}
