// TOML as places. The parser tells no positions, so a scan of the statements (https://toml.io/en/v1.0.0) finds the lines
// of tables and keys: it knows strings, comments and brackets, and leaves all meaning to the parser.

import { parse, TomlError } from 'smol-toml'
import { fault, mostDepth, type Place } from './place.ts'
import { mustFit } from './text.ts'

/** Throws LOCKFILE with the line of the first fault. What has no line of its own has that of what it stands in. */
export function parseToml(text: string, file: string): Place {
  mustFit(text, file, 'toml')
  let document: unknown
  try {
    document = parse(text, { maxDepth: mostDepth, integersAsBigInt: 'asNeeded' })
  } catch (cause) {
    const line = cause instanceof TomlError ? cause.line : undefined
    throw fault({ file, ...(line !== undefined && { line }) }, 'is not TOML', cause)
  }
  const lines = linesOf(text)
  return placeOf(document, '', 1)

  function placeOf(value: unknown, path: string, parent: number): Place {
    const line = lines.get(path) ?? parent
    if (Array.isArray(value))
      return { file, line, value: value.map((item, at) => placeOf(item, below(path, at), line)) }
    if (value instanceof Date) return { file, line, value: value.toISOString() }
    if (typeof value === 'object' && value !== null) {
      const pairs = Object.entries(value).map(([name, one]) => [name, placeOf(one, below(path, name), line)] as const)
      return { file, line, value: new Map(pairs) }
    }
    return { file, line, value: typeof value === 'bigint' ? String(value) : (value as string | number | boolean) }
  }
}

const below = (path: string, step: string | number): string => `${path}\0${step}`

/** Lines by path, of headers and of keys that begin a line. */
function linesOf(text: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>()
  /** How many elements each array of tables has so far. */
  const counts = new Map<string, number>()
  let table = ''
  const resolve = (base: string, keys: readonly string[]): string =>
    keys.reduce((path, key) => {
      const next = below(path, key)
      const count = counts.get(next)
      return count === undefined ? next : below(next, count - 1)
    }, base)

  for (const { line, head } of statements(text)) {
    const isArray = head.startsWith('[[')
    const keys = keysOf(head.replace(/^\[\[?/, ''))
    const last = keys.pop()
    if (last === undefined) continue
    if (isArray) {
      const path = below(resolve('', keys), last)
      const count = counts.get(path) ?? 0
      counts.set(path, count + 1)
      table = below(path, count)
    } else if (head.startsWith('[')) table = below(resolve('', keys), last)
    const path = head.startsWith('[') ? table : below(resolve(table, keys), last)
    if (!lines.has(path)) lines.set(path, line)
  }
  return lines
}

/** The dotted keys that a text begins with. */
function keysOf(text: string): string[] {
  const keys: string[] = []
  const key = /\s*(?:([A-Za-z0-9_-]+)|"((?:[^"\\]|\\.)*)"|'([^']*)')\s*(\.?)/y
  for (let found = key.exec(text); found !== null; found = key.exec(text)) {
    const [, bare, basic, literal, dot] = found
    keys.push(bare ?? literal ?? basic ?? '')
    if (dot === '') break
  }
  return keys
}

/** Each statement's line and its text up to the value or the end of its header. */
function* statements(text: string): Generator<{ readonly line: number; readonly head: string }> {
  const token =
    /"""(?:[^\\]|\\[\s\S])*?"""|'''[\s\S]*?'''|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|#[^\n]*|[[\]{}\n]|[^\s"'#[\]{}]+|[ \t\r]+/gy
  let line = 1
  let depth = 0
  let head = ''
  let begun = 0
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    const [part] = found
    if (part === '\n') {
      if (depth === 0 && head !== '') yield { line: begun, head }
      if (depth === 0) head = ''
      line += 1
      continue
    }
    if (part.startsWith('#')) continue
    if (depth === 0 && head === '' && part.trim() !== '') begun = line
    // a header's brackets close on its line; a value's depth counts from its `=`
    if (depth === 0 && head.length < 1000 && (head !== '' || part.trim() !== '')) head += part
    if (/^[[{]$/.test(part) && !isHeader(head)) depth += 1
    else if (/^[\]}]$/.test(part) && depth > 0) depth -= 1
    if (part.length > 1) line += part.split('\n').length - 1
  }
  if (depth === 0 && head !== '') yield { line: begun, head }
}

/** Does the text begin a header and not a value? */
const isHeader = (head: string): boolean => head.startsWith('[')
