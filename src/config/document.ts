// A configuration file as a tree in which every value knows its line. YAML 1.2 (https://yaml.org/spec/1.2.2/), of which
// JSON is a part; duplicate keys, tags and documents that grow by aliases are refused.

import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import { MirrorError } from '../errors.ts'
import { expand, type Variables } from './expand.ts'
import type { Where } from './types.ts'

/** A scalar. `text` is the value of a string, and the spelling of anything else: `1.10` stays `1.10`. */
export interface Text {
  readonly kind: 'text'
  readonly type: 'string' | 'number' | 'boolean' | 'null'
  readonly text: string
  readonly where: Where
}
export interface List {
  readonly kind: 'list'
  readonly items: readonly Node[]
  readonly where: Where
}
export interface Tree {
  readonly kind: 'tree'
  readonly fields: ReadonlyMap<string, Field>
  readonly where: Where
}
export type Node = Text | List | Tree

/** `where` is the place of the key. */
export interface Field {
  readonly where: Where
  readonly node: Node
}

const mostNodes = 100_000
const mostDepth = 32

export const emptyTree = (where: Where): Tree => ({ kind: 'tree', fields: new Map(), where })

/** A MirrorError CONFIG at a place. */
export const fault = (where: Where, message: string, hint?: string): MirrorError =>
  new MirrorError('CONFIG', message, { file: where.file, line: where.line, hint })

/** The tree of a file's text, `${VAR}` expanded in string values. Throws a MirrorError CONFIG with file and line. */
export function parseTree(file: string, text: string, variables: Variables): Tree {
  const counter = new LineCounter()
  const lineAt = (offset: number | undefined): Where =>
    offset === undefined ? { file } : { file, line: counter.linePos(offset).line }
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, stringKeys: true })
  const broken = document.errors[0] ?? document.warnings[0]
  if (broken !== undefined) throw fault(lineAt(broken.pos[0]), sentence(broken.message))

  let nodes = 0
  const convert = (value: unknown, depth: number, above: Where): Node => {
    const start = hasRange(value) ? value.range[0] : undefined
    const where = start === undefined ? above : lineAt(start)
    nodes++
    if (nodes > mostNodes) throw fault(where, `more than ${mostNodes} values, counting what aliases repeat`)
    if (depth > mostDepth) throw fault(where, `nested more than ${mostDepth} deep`)
    if (isAlias(value)) {
      const target = value.resolve(document)
      if (target === undefined) throw fault(where, `the alias *${value.source} has no anchor`)
      return convert(target, depth + 1, above)
    }
    if (hasTag(value)) throw fault(where, `the tag ${value.tag} is not taken; write the plain value`)
    if (isMap(value)) {
      const fields = new Map<string, Field>()
      for (const pair of value.items) {
        const key = convert(pair.key, depth + 1, where)
        if (key.kind !== 'text') throw fault(key.where, 'a key has to be a plain word')
        if (fields.has(key.text)) throw fault(key.where, `the key ${JSON.stringify(key.text)} is given twice`)
        fields.set(key.text, { where: key.where, node: convert(pair.value, depth + 1, key.where) })
      }
      return { kind: 'tree', fields, where }
    }
    if (isSeq(value)) return { kind: 'list', items: value.items.map((item) => convert(item, depth + 1, where)), where }
    return scalar(isScalar(value) ? value.value : value, isScalar(value) ? value.source : undefined, where, variables)
  }

  if (document.contents === null) return emptyTree({ file })
  const tree = convert(document.contents, 0, { file, line: 1 })
  if (tree.kind === 'text' && tree.type === 'null') return emptyTree({ file })
  if (tree.kind !== 'tree') throw fault(tree.where, 'a configuration file is a list of `key: value` lines')
  return tree
}

/** Plain JSON of a node, for an ecosystem's own schema. A number whose spelling would be lost stays text. */
export function plain(node: Node): unknown {
  if (node.kind === 'list') return node.items.map(plain)
  if (node.kind === 'tree') return Object.fromEntries([...node.fields].map(([key, field]) => [key, plain(field.node)]))
  if (node.type === 'null') return null
  if (node.type === 'boolean') return node.text === 'true'
  if (node.type === 'number' && String(Number(node.text)) === node.text) return Number(node.text)
  return node.text
}

function scalar(value: unknown, source: string | undefined, where: Where, variables: Variables): Text {
  if (typeof value === 'string') return { kind: 'text', type: 'string', text: expand(value, variables, where), where }
  if (value === null || value === undefined) return { kind: 'text', type: 'null', text: '', where }
  const type = typeof value === 'boolean' ? 'boolean' : 'number'
  return { kind: 'text', type, text: type === 'boolean' ? String(value) : (source ?? String(value)), where }
}

const hasRange = (value: unknown): value is { readonly range: readonly [number, number, number] } =>
  typeof value === 'object' && value !== null && 'range' in value && Array.isArray(value.range)

const hasTag = (value: unknown): value is { readonly tag: string } =>
  typeof value === 'object' && value !== null && 'tag' in value && typeof value.tag === 'string'

const sentence = (message: string): string => message.charAt(0).toLowerCase() + message.slice(1)
