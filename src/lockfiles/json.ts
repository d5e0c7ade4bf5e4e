// Reading JSON lockfiles: the syntax error's line, and fields of unknown values.

import { type ParseError, parseTree } from 'jsonc-parser'
import { isObject, type JsonObject } from '../formats/json-object.ts'
import { lineAt, lockFault } from './text.ts'

/** Throws LOCKFILE with the line of the first fault. */
export function parseJsonObject(text: string, file: string): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw lockFault(file, faultLine(text), 'is not JSON', cause)
  }
  if (!isObject(value)) throw lockFault(file, 1, 'is not a JSON object')
  return value
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
