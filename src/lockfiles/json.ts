// Reading JSON lockfiles: the syntax error's line, and fields of unknown values.

import { type ParseError, parseTree } from 'jsonc-parser'
import { isObject, type JsonObject } from '../formats/json-object.ts'
import { parseJson } from './json-places.ts'
import { mostDepth } from './place.ts'
import { lineAt, lockFault } from './text.ts'

/** Throws LOCKFILE with the line of the first fault: what is no JSON, is nested too deep, or names something twice. */
export function parseJsonObject(text: string, file: string): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw lockFault(file, faultLine(text), 'is not JSON', cause)
  }
  if (!isObject(value)) throw lockFault(file, 1, 'is not a JSON object')
  // of members with one name JSON.parse keeps the last: only the slower parser tells which they are
  if (namesIn(text, file) !== namesOf(value)) parseJson(text, file)
  return value
}

/** How many members of objects a text writes. Throws LOCKFILE where it is nested too deep. */
function namesIn(text: string, file: string): number {
  let count = 0
  let depth = 0
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === quote) at = endOfString(text, at)
    else if (code === colon) count += 1
    else if (code === brace || code === bracket) depth += 1
    else if (code === endOfBrace || code === endOfBracket) depth -= 1
    if (depth > mostDepth) throw lockFault(file, lineAt(text, at), `is nested more than ${mostDepth} deep`)
  }
  return count
}

const [quote, colon, backslash, brace, bracket, endOfBrace, endOfBracket] = [...'":\\{[}]'].map((one) =>
  one.charCodeAt(0),
)

/** The quote that ends the string which begins at an offset; the text is JSON. */
function endOfString(text: string, begin: number): number {
  for (let end = text.indexOf('"', begin + 1); ; end = text.indexOf('"', end + 1)) {
    let escapes = 0
    while (text.charCodeAt(end - 1 - escapes) === backslash) escapes += 1
    if (escapes % 2 === 0 || end < 0) return end < 0 ? text.length : end
  }
}

/** How many members its objects have, all together. */
function namesOf(root: unknown): number {
  const open: unknown[] = [root]
  let count = 0
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (typeof value !== 'object' || value === null) continue
    const below: readonly unknown[] = Object.values(value)
    if (!Array.isArray(value)) count += below.length
    for (const one of below) if (typeof one === 'object' && one !== null) open.push(one)
  }
  return count
}

// JSON.parse tells no offset that one could rely on; the slower parser is asked only when there is a fault to show.
function faultLine(text: string): number | undefined {
  const errors: ParseError[] = []
  try {
    parseTree(text, errors, { disallowComments: true })
  } catch {
    return undefined
  }
  const [first] = errors
  return first === undefined ? undefined : lineAt(text, first.offset)
}

/** A text field; undefined when absent, LOCKFILE when it is something else. */
export function textField(
  object: JsonObject,
  name: string,
  file: string,
  line: number | undefined,
): string | undefined {
  const value = Object.hasOwn(object, name) ? object[name] : undefined
  if (value === undefined || typeof value === 'string') return value
  throw lockFault(file, line, `${name} is not a text`)
}
