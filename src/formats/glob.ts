// Globs in the doublestar dialect (https://github.com/bmatcuk/doublestar#patterns): `*` and `?` stay within a segment,
// `**` as a whole segment spans any number of them, `[a-z]`, `[!a]`, `{a,b}`, and a backslash quotes. Patterns meet names
// and paths from strangers, so matching steps through all states at once instead of backtracking: its time is the length
// of the value times the length of the pattern, whatever they hold.

import { MirrorError } from '../errors.ts'

const longestPattern = 512
/** Braces multiply; a handful of sets is what people write. */
const mostAlternatives = 256

type Token =
  | { readonly kind: 'one'; fits(character: string): boolean }
  /** Stays for every character that fits; may be left at any time. */
  | { readonly kind: 'many'; fits(character: string): boolean }
  /** Stays for every character and is left by a slash. */
  | { readonly kind: 'folders' }
  /** May be left out, with the tokens behind it, `over` in all. */
  | { readonly kind: 'optional'; readonly over: number }

const notSlash = (character: string): boolean => character !== '/'
const anything = (): boolean => true

/**
 * A test for values, case-sensitive; names that begin with a dot are matched like others.
 * @throws MirrorError CONFIG when the pattern is malformed, longer than 512 characters or expands to over 256 alternatives.
 */
export function compileGlob(text: string): (value: string) => boolean {
  const fault = (why: string): MirrorError =>
    new MirrorError('CONFIG', `the pattern ${JSON.stringify(text.slice(0, longestPattern))} ${why}`, { pattern: text })
  if (text === '') throw fault('is empty')
  if (text.length > longestPattern) throw fault(`is longer than ${longestPattern} characters`)
  const alternatives = expand([...text], fault)
  if (!/[*?[\\]/.test(text)) {
    const literal = new Set(alternatives.map((alternative) => alternative.join('')))
    return (value) => literal.has(value)
  }
  const programs = alternatives.map((alternative) => tokens(alternative, fault))
  return (value) => programs.some((program) => run(program, value))
}

type Fault = (why: string) => MirrorError

/** Index behind a quoted character or a class that begins at `at`, else the next one: what braces must not look into. */
function skip(pattern: readonly string[], at: number, fault: Fault): number {
  if (pattern[at] === '\\') return at + 2
  if (pattern[at] !== '[') return at + 1
  return classEnd(pattern, at, fault) + 1
}

/** Index of the `]` that ends the class at `at`; one that comes first, or after `!`, is a member. */
function classEnd(pattern: readonly string[], at: number, fault: Fault): number {
  let end = at + 1
  if (pattern[end] === '!' || pattern[end] === '^') end++
  if (pattern[end] === ']') end++
  while (end < pattern.length && pattern[end] !== ']') end += pattern[end] === '\\' ? 2 : 1
  if (end >= pattern.length) throw fault('has a `[` without its `]`')
  return end
}

/** The pattern without braces: one per choice. */
function expand(pattern: readonly string[], fault: Fault): readonly (readonly string[])[] {
  let open = 0
  while (open < pattern.length && pattern[open] !== '{') {
    if (pattern[open] === '}') throw fault('has a `}` without its `{`')
    open = skip(pattern, open, fault)
  }
  if (open >= pattern.length) return [pattern]

  const choices: (readonly string[])[] = []
  let depth = 1
  let from = open + 1
  let at = from
  for (; at < pattern.length; at = skip(pattern, at, fault)) {
    if (pattern[at] === '{') depth++
    if (pattern[at] === '}') depth--
    if (depth === 0) break
    if (depth > 1 || pattern[at] !== ',') continue
    choices.push(pattern.slice(from, at))
    from = at + 1
  }
  if (at >= pattern.length) throw fault('has a `{` without its `}`')
  choices.push(pattern.slice(from, at))

  const heads = choices.flatMap((choice) => expand(choice, fault))
  const tails = expand(pattern.slice(at + 1), fault)
  if (heads.length * tails.length > mostAlternatives) throw fault(`has more than ${mostAlternatives} alternatives`)
  const before = pattern.slice(0, open)
  return heads.flatMap((head) => tails.map((tail) => [...before, ...head, ...tail]))
}

function tokens(pattern: readonly string[], fault: Fault): readonly Token[] {
  const found: Token[] = []
  for (let at = 0; at < pattern.length; ) {
    const character = pattern[at] ?? ''
    if (character === '*') {
      let end = at
      while (pattern[end] === '*') end++
      const whole = end - at === 2 && (at === 0 || pattern[at - 1] === '/')
      if (whole && pattern[end] === '/') {
        // `**/`: no folder, or any number of them.
        found.push({ kind: 'optional', over: 2 }, { kind: 'folders' })
        end++
      } else if (whole && end === pattern.length) {
        // `a/**` is `a` itself too: its slash, which has just been added, becomes optional along with the rest.
        const slash = found.at(-1)
        if (slash?.kind === 'one') found.splice(-1, 1, { kind: 'optional', over: 3 }, slash)
        found.push({ kind: 'many', fits: anything })
      } else {
        found.push({ kind: 'many', fits: notSlash })
      }
      at = end
    } else if (character === '?') {
      found.push({ kind: 'one', fits: notSlash })
      at++
    } else if (character === '[') {
      const end = classEnd(pattern, at, fault)
      found.push({ kind: 'one', fits: members(pattern.slice(at + 1, end), fault) })
      at = end + 1
    } else {
      const literal = character === '\\' ? pattern[++at] : character
      if (literal === undefined) throw fault('ends in a backslash')
      found.push({ kind: 'one', fits: (other) => other === literal })
      at++
    }
  }
  return found
}

/** The test of a class, from what stands between its brackets. */
function members(inside: readonly string[], fault: Fault): (character: string) => boolean {
  const negated = inside[0] === '!' || inside[0] === '^'
  const ranges: { readonly from: number; readonly to: number }[] = []
  let at = negated ? 1 : 0
  const take = (): number => {
    if (inside[at] === '\\') at++
    const code = inside[at++]?.codePointAt(0)
    if (code === undefined) throw fault('has an unfinished class')
    return code
  }
  while (at < inside.length) {
    const from = take()
    const isRange = inside[at] === '-' && at + 1 < inside.length
    if (isRange) at++
    const to = isRange ? take() : from
    if (to < from) throw fault('has a class whose range runs backwards')
    ranges.push({ from, to })
  }
  if (ranges.length === 0) throw fault('has an empty class')
  return (character) => {
    const code = character.codePointAt(0) ?? 0
    return character !== '/' && ranges.some((range) => range.from <= code && code <= range.to) !== negated
  }
}

function run(program: readonly Token[], value: string): boolean {
  let now = new Uint8Array(program.length + 1)
  let next = new Uint8Array(program.length + 1)
  enter(program, now, 0)
  for (const character of value) {
    next.fill(0)
    let alive = false
    for (const [at, token] of program.entries()) {
      if (now[at] === 0) continue
      if (token.kind === 'one' && token.fits(character)) enter(program, next, at + 1)
      else if (token.kind === 'many' && token.fits(character)) enter(program, next, at)
      else if (token.kind === 'folders') {
        next[at] = 1
        if (character === '/') enter(program, next, at + 1)
      } else continue
      alive = true
    }
    if (!alive) return false
    const spent = now
    now = next
    next = spent
  }
  return now[program.length] === 1
}

/** Marks a state with all that is reached from it without a character. */
function enter(program: readonly Token[], states: Uint8Array, at: number): void {
  if (states[at] === 1) return
  states[at] = 1
  const token = program[at]
  if (token?.kind === 'many') enter(program, states, at + 1)
  if (token?.kind !== 'optional') return
  enter(program, states, at + 1)
  enter(program, states, at + token.over)
}
