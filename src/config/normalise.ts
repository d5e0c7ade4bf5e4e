// Short forms made long, before files are compared: `cooldown: 3d` is `cooldown: { default: 3d }`.

import type { Field, Node, Tree } from './document.ts'

const shortForms: readonly (readonly [path: readonly string[], key: string])[] = [
  [['policy', 'cooldown'], 'default'],
  [['repositories', '*', 'cooldown'], 'default'],
]

export function normalise(tree: Tree): Tree {
  return shortForms.reduce((sum, [path, key]) => lengthen(sum, path, key), tree)
}

function lengthen(tree: Tree, [step, ...more]: readonly string[], key: string): Tree {
  const fields = new Map(tree.fields)
  for (const [name, field] of tree.fields) {
    if (name !== step && step !== '*') continue
    const node = more.length === 0 ? long(field, key) : below(field.node, more, key)
    fields.set(name, { ...field, node })
  }
  return { ...tree, fields }
}

const below = (node: Node, path: readonly string[], key: string): Node =>
  node.kind === 'tree' ? lengthen(node, path, key) : node

function long(field: Field, key: string): Node {
  const { node } = field
  if (node.kind !== 'text' || node.type === 'null') return node
  return { kind: 'tree', fields: new Map([[key, { where: node.where, node }]]), where: node.where }
}
