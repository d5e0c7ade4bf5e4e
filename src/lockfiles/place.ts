// A value of a structured lockfile (JSON, YAML, TOML) with the place where it stands, so that every entry and every error
// can name its line. Tables are Maps: a name like `__proto__` is a name among others.

import type { MirrorError } from '../errors.ts'
import { lockFault } from './text.ts'

/** Where something stands: a line from 1. */
export interface At {
  readonly file: string
  readonly line?: number
}

export interface Place extends At {
  readonly line: number
  readonly value: string | number | boolean | null | Table | readonly Place[]
}

export type Table = ReadonlyMap<string, Place>

/** Lists and tables within each other; no tool writes a tenth of it. */
export const mostDepth = 200

/** A MirrorError LOCKFILE at a place. */
export const fault = (at: At, message: string, cause?: unknown): MirrorError =>
  lockFault(at.file, at.line, message, cause)

export const isTable = (place: Place | undefined): place is Place & { value: Table } => place?.value instanceof Map

export const isList = (place: Place | undefined): place is Place & { value: readonly Place[] } =>
  Array.isArray(place?.value)

/** A member of a table; undefined when it is absent or null. Throws LOCKFILE where `at` is no table. */
export function field(at: Place, name: string): Place | undefined {
  if (!isTable(at)) throw fault(at, 'is not a table')
  const found = at.value.get(name)
  return found?.value === null ? undefined : found
}

/** A text; a number counts as one. Throws LOCKFILE when it is something else. */
export function asText(place: Place, what: string): string {
  if (typeof place.value === 'string') return place.value
  if (typeof place.value === 'number') return String(place.value)
  throw fault(place, `${what} is not a text`)
}

/** A text member; undefined when it is absent or null. Throws LOCKFILE when it is something else. */
export function textOf(at: Place, name: string): string | undefined {
  const found = field(at, name)
  return found === undefined ? undefined : asText(found, name)
}

/** A text member that must be there. */
export function mustText(at: Place, name: string): string {
  const text = textOf(at, name)
  if (text === undefined || text === '') throw fault(at, `has no ${name}`)
  return text
}

/** Is the member true? YAML's is a text here. */
export const isTrue = (at: Place, name: string): boolean => {
  const value = field(at, name)?.value
  return value === true || value === 'true'
}

/** A list member; empty when it is absent. */
export function listOf(at: Place, name: string): readonly Place[] {
  const found = field(at, name)
  if (found === undefined || found.value === '') return []
  if (!isList(found)) throw fault(found, `${name} is not a list`)
  return found.value
}

/** A table's names and values, or those of its member; empty when it is absent. */
export function pairsOf(at: Place, name?: string): Iterable<readonly [string, Place]> {
  const found = name === undefined ? at : field(at, name)
  if (found === undefined || found.value === '') return []
  if (!isTable(found)) throw fault(found, `${name ?? 'it'} is not a table`)
  return found.value
}

/** The texts of a list member. */
export const textsOf = (at: Place, name: string): readonly string[] =>
  listOf(at, name).map((item) => asText(item, `a value of ${name}`))
