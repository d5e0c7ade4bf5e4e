// Several files as one: lists of wishes and rules add up; anything else that two files say has to be the same.

import { type Field, fault, type Node, type Tree } from './document.ts'
import { redact } from './redact.ts'
import type { Where } from './types.ts'

// The places, by dotted path, whose lists add up; `*` is any key.
const adding: readonly string[] = [
  'packages.*',
  'images',
  'roots',
  'lockfiles',
  'platforms',
  'hosts',
  'keep.pinned',
  'policy.allow',
  'policy.deny',
  'policy.rules',
  'repositories.*.allow',
  'repositories.*.deny',
  'repositories.*.rules',
  'repositories.*.credentials',
  'repositories.*.allow_hosts',
]

/** Throws a MirrorError CONFIG that names both lines of a contradiction. */
export function merge(trees: readonly Tree[]): Tree {
  const [first, ...more] = trees
  if (first === undefined) return { kind: 'tree', fields: new Map(), where: { file: 'default' } }
  return more.reduce((sum, tree) => join(sum, tree, []), first)
}

function join(a: Tree, b: Tree, path: readonly string[]): Tree {
  const fields = new Map(a.fields)
  for (const [name, field] of b.fields) {
    const other = fields.get(name)
    fields.set(name, other === undefined ? field : joinField(other, field, [...path, name]))
  }
  return { ...a, fields }
}

function joinField(a: Field, b: Field, path: readonly string[]): Field {
  if (isEmpty(b.node)) return a
  if (isEmpty(a.node)) return b
  if (adds(path)) return { ...a, node: { kind: 'list', items: [...items(a.node), ...items(b.node)], where: a.where } }
  if (a.node.kind === 'tree' && b.node.kind === 'tree') return { ...a, node: join(a.node, b.node, path) }
  if (same(a.node, b.node)) return a
  throw fault(
    valuePlace(b),
    `${path.join('.')} is ${brief(b.node)} here, but ${brief(a.node)} at ${placeText(valuePlace(a))}`,
    'Leave one of the two out.',
  )
}

export const placeText = ({ file, line }: Where): string => (line === undefined ? file : `${file}:${line}`)

/** Where to look for a value: at the key when the value spans lines. */
export const valuePlace = (field: Field): Where => (field.node.kind === 'text' ? field.node.where : field.where)

const items = (node: Node): readonly Node[] => (node.kind === 'list' ? node.items : [node])
const isEmpty = (node: Node): boolean => node.kind === 'text' && node.type === 'null'

const adds = (path: readonly string[]): boolean =>
  adding.some((pattern) => {
    const parts = pattern.split('.')
    return parts.length === path.length && parts.every((part, index) => part === '*' || part === path[index])
  })

/** The same value, wherever it is written and whether or not a single item stands in a list. */
function same(a: Node, b: Node): boolean {
  if (a.kind === 'text' && b.kind === 'text') return a.text === b.text
  if (a.kind === 'tree' || b.kind === 'tree') {
    if (a.kind !== 'tree' || b.kind !== 'tree' || a.fields.size !== b.fields.size) return false
    return [...a.fields].every(([name, field]) => {
      const other = b.fields.get(name)
      return other !== undefined && same(field.node, other.node)
    })
  }
  const [left, right] = [items(a), items(b)]
  return (
    left.length === right.length && left.every((item, index) => right[index] !== undefined && same(item, right[index]))
  )
}

function brief(node: Node): string {
  if (node.kind === 'text') return JSON.stringify(redact(node.text))
  return node.kind === 'list' ? `a list of ${node.items.length}` : 'a map'
}
