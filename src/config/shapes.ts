// Lists and maps of a file, where either may be absent.

import { emptyTree, fault, type Node, type Tree } from './document.ts'

const nothing = emptyTree({ file: 'default' })
const isAbsent = (node: Node | undefined): node is undefined =>
  node === undefined || (node.kind === 'text' && node.type === 'null')

/** A map, empty when absent. Throws a MirrorError CONFIG for anything else. */
export function subtree(node: Node | undefined, name: string): Tree {
  if (isAbsent(node)) return nothing
  if (node.kind === 'tree') return node
  throw fault(node.where, `${name}: takes keys, not a ${node.kind === 'list' ? 'list' : 'plain value'}`)
}

/** The items of a list, or the one value that stands for a list of one. */
export function itemsOf(node: Node | undefined): readonly Node[] {
  if (isAbsent(node)) return []
  return node.kind === 'list' ? node.items : [node]
}
