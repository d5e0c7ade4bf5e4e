// The keys of a repository that belong to its ecosystem, by the ecosystem's own schema.

import { safeParse } from 'valibot'
import type { AnyEcosystem, BuiltIn } from '../contract.ts'
import { type Field, fault, type Node, plain, type Tree } from './document.ts'
import { networkKeys, policyKeys } from './keys.ts'
import { unknownKey } from './known.ts'
import type { Reader } from './reader.ts'
import { repositoryKeys, repositoryStructures } from './structures.ts'

/** Keys that a repository of any ecosystem takes. */
const commonKeys: ReadonlySet<string> = new Set([
  ...Object.keys(repositoryKeys),
  ...Object.keys(repositoryStructures),
  ...[...Object.keys(networkKeys), ...Object.keys(policyKeys)].map((name) => name.split('.')[0] ?? name),
])

/** The keys that the ecosystem's schema names; undefined when it is no object schema. */
function optionKeys({ options }: AnyEcosystem): readonly string[] | undefined {
  const entries = 'entries' in options ? options.entries : undefined
  return typeof entries === 'object' && entries !== null ? Object.keys(entries) : undefined
}

/** Parsed options: what the file says, over what the built-in repository brings. Throws a MirrorError CONFIG with the line. */
export function readOptions(
  name: string,
  tree: Tree,
  reader: Reader,
  ecosystem: AnyEcosystem,
  builtIn: BuiltIn<unknown> | undefined,
): unknown {
  const path = `repositories.${name}`
  const known = optionKeys(ecosystem)
  const own: (readonly [string, Field])[] = []
  for (const [key, field] of tree.fields) {
    if (commonKeys.has(key)) continue
    if (known !== undefined && !known.includes(key)) throw unknownKey(field.where, key, path, [...known, ...commonKeys])
    own.push([key, field])
  }
  const values = own.map(([key, field]) => [key, plain(field.node)] as const)
  const result = safeParse(ecosystem.options, { ...builtIn?.options, ...Object.fromEntries(values) })
  if (!result.success) {
    const [issue] = result.issues
    const steps = (issue.path ?? []).map((step) => String('key' in step ? step.key : ''))
    throw fault(whereOf(tree, steps), `${[path, ...steps].join('.')}: ${issue.message}`)
  }
  for (const [index, [key, field]] of own.entries()) {
    reader.record(`${path}.${key}`, JSON.stringify(values[index]?.[1]), field.where)
  }
  return result.output
}

function whereOf(tree: Tree, steps: readonly string[]): Tree['where'] {
  let at: Node = tree
  let where = tree.where
  for (const step of steps) {
    const next: Node | undefined =
      at.kind === 'tree' ? at.fields.get(step)?.node : at.kind === 'list' ? at.items[Number(step)] : undefined
    if (next === undefined) return where
    at = next
    where = next.where
  }
  return where
}
