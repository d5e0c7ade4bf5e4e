// Values by their declared keys: a flag counts more than the environment, the environment more than a file, a file more
// than the default. Every value that is read is recorded with its text and its place.

import path from 'node:path'
import { asMirrorError, MirrorError } from '../errors.ts'
import { type Field, fault, type Node, type Text, type Tree } from './document.ts'
import type { Variables } from './expand.ts'
import { attributeOf, flagOf, type Key, type KeyName, keys, type ValueOf, variableOf } from './keys.ts'
import type { Base, Kind } from './kinds.ts'
import { valuePlace } from './merge.ts'
import { redact } from './redact.ts'
import type { Origin, Where } from './types.ts'

export interface Sources {
  readonly tree: Tree
  readonly flags: Readonly<Record<string, unknown>>
  readonly env: Variables
  readonly cwd: string
  readonly home: string | undefined
}

/** Texts of one value, all of one place. */
interface Found {
  readonly texts: readonly string[]
  readonly where: Where
}

export type Reader = ReturnType<typeof openReader>

export function openReader(sources: Sources) {
  const origins: Record<string, Origin> = Object.create(null)

  const base = (where: Where): Base => ({
    directory: path.isAbsolute(where.file) ? path.dirname(where.file) : sources.cwd,
    home: sources.home,
  })

  function record(name: string, text: string, where: Where): void {
    origins[name] = { ...where, text: redact(text) }
  }

  function read<T>(kind: Kind<T>, name: string, found: Found): T {
    record(name, found.texts.join(', '), found.where)
    return placed(found.where, name, () => kind.read(found.texts, base(found.where)))
  }

  return {
    origins: origins as Readonly<Record<string, Origin>>,
    tree: sources.tree,
    base,
    record,

    /** The value of a declared key. Throws a MirrorError CONFIG with its place. */
    value<N extends KeyName>(name: N): ValueOf<(typeof keys)[N]> {
      const { kind, default: standard } = keys[name] as Key<ValueOf<(typeof keys)[N]>>
      const found =
        flagged(sources.flags, name, kind.several) ??
        fromVariable(sources.env, name, kind.several) ??
        written(dig(sources.tree, name), name)
      if (found !== undefined) return read(kind, name, found)
      if (standard === undefined) return undefined as ValueOf<(typeof keys)[N]>
      return read(kind, name, { texts: split(standard, kind.several), where: { file: 'default' } })
    },

    /** The value at a dotted path under a tree that is not the root; undefined when it is not there. */
    under<T>(tree: Tree, name: string, path: string, kind: Kind<T>): T | undefined {
      const found = written(dig(tree, name), `${path}.${name}`)
      return found === undefined ? undefined : read(kind, `${path}.${name}`, found)
    },

    /** A field by its kind, one of many alike: it is not recorded. */
    quiet<T>(field: Field, name: string, kind: Kind<T>): T {
      const found = texts(field, name)
      return placed(found.where, name, () => kind.read(found.texts, base(found.where)))
    },

    /** A single node by its kind. */
    node<T>(node: Node, name: string, kind: Kind<T>): T {
      const text = textOf(node, name)
      return read(kind, name, { texts: [text.text], where: text.where })
    },
  }
}

/** Runs `work`; whatever it throws is thrown again as CONFIG, with the key in front and the place behind. */
export function placed<T>(where: Where, name: string, work: () => T): T {
  try {
    return work()
  } catch (thrown) {
    const error = asMirrorError(thrown)
    if (error.facts.line !== undefined || error.facts.file !== undefined) throw error
    const { hint } = error.facts
    throw new MirrorError('CONFIG', `${name}: ${error.message}`, { file: where.file, line: where.line, hint })
  }
}

/** The field at a dotted path. */
export function dig(tree: Tree, name: string): Field | undefined {
  let at: Tree = tree
  const parts = name.split('.')
  for (const [index, part] of parts.entries()) {
    const field = at.fields.get(part)
    if (field === undefined || index === parts.length - 1) return field
    if (field.node.kind !== 'tree') return undefined
    at = field.node
  }
  return undefined
}

/** A node as a text, or an error that says what it is instead. */
export function textOf(node: Node, name: string): Text {
  if (node.kind === 'tree') throw fault(node.where, `${name}: takes a value, not keys`)
  if (node.kind === 'list') throw fault(node.where, `${name}: takes a value, not a list`)
  if (node.type === 'null') throw fault(node.where, `${name}: has no value`, 'Give it a value or take the key out.')
  return node
}

const written = (field: Field | undefined, name: string): Found | undefined =>
  field === undefined ? undefined : texts(field, name)

function texts(field: Field, name: string): Found {
  const { node } = field
  const nodes = node.kind === 'list' ? node.items : [node]
  return { texts: nodes.map((item) => textOf(item, name).text), where: valuePlace(field) }
}

function flagged(flags: Sources['flags'], name: KeyName, several: boolean): Found | undefined {
  const attribute = attributeOf(name)
  const value = Object.hasOwn(flags, attribute) ? flags[attribute] : undefined
  const flag = flagOf(name)
  // a parser sets the attribute of --no-x to true when the flag was not given
  if (value === undefined || (flag.startsWith('--no-') && value === true)) return undefined
  const texts = (Array.isArray(value) ? value : [value]).flatMap((item) => split(String(item), several))
  return { texts, where: { file: flag } }
}

function fromVariable(env: Variables, name: KeyName, several: boolean): Found | undefined {
  const variable = variableOf(name)
  const value = Object.hasOwn(env, variable) ? env[variable] : undefined
  if (value === undefined || value === '') return undefined
  return { texts: split(value, several), where: { file: variable } }
}

function split(text: string, several: boolean): string[] {
  if (!several) return [text]
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}
