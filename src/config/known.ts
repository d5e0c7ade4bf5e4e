// Which keys a file may hold. An unknown one is an error with its line and the word that was meant.

import { fault, type Tree } from './document.ts'
import { keyNames } from './keys.ts'
import { didYouMean } from './nearest.ts'
import { structures } from './structures.ts'

const leaves: ReadonlySet<string> = new Set([...keyNames, ...Object.keys(structures), '$schema'])

/** Throws for a key of the configuration's own that does not exist, and for a plain value where a group belongs. */
export function checkKnown(tree: Tree, path: readonly string[] = []): void {
  const names = namesUnder(path)
  for (const [name, { where, node }] of tree.fields) {
    if (!names.has(name)) throw unknownKey(where, name, path.join('.'), names, elsewhere(name, path))
    const below = [...path, name]
    if (leaves.has(below.join('.'))) continue
    if (node.kind === 'tree') checkKnown(node, below)
    else if (node.kind === 'list' || node.type !== 'null') {
      throw fault(node.where, `${below.join('.')} holds keys: ${[...namesUnder(below)].join(', ')}`)
    }
  }
}

/** Checks the keys of a tree against a list. */
export function checkKeys(tree: Tree, path: string, names: Iterable<string>): void {
  const known = new Set(names)
  for (const [name, { where }] of tree.fields) if (!known.has(name)) throw unknownKey(where, name, path, known)
}

export function unknownKey(
  where: Tree['where'],
  name: string,
  path: string,
  names: Iterable<string>,
  instead?: string,
): Error {
  const known = [...names]
  const guess = instead === undefined ? didYouMean(name, known) : `; it belongs to \`${instead}\``
  const inside = path === '' ? '' : ` in ${path}`
  return fault(where, `unknown key ${JSON.stringify(name)}${inside}${guess}`, `Known here: ${known.join(', ')}.`)
}

function namesUnder(path: readonly string[]): Set<string> {
  const prefix = path.map((part) => `${part}.`).join('')
  const names = new Set<string>()
  for (const leaf of leaves) if (leaf.startsWith(prefix)) names.add(leaf.slice(prefix.length).split('.')[0] ?? '')
  return names
}

/** The group that has this very key, for one that was written a level too high or too low. */
function elsewhere(name: string, path: readonly string[]): string | undefined {
  const leaf = [...leaves].find((known) => known === name || known.endsWith(`.${name}`))
  const group = leaf?.split('.').slice(0, -1).join('.')
  return group === '' || group === path.join('.') ? undefined : group
}
