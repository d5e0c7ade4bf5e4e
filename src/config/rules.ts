// Freshness by path: `rules: [{ match, policy, fresh_for, expire_after }]`.

import { compileGlob } from '../formats/glob.ts'
import { fault, type Node } from './document.ts'
import { choice, freshness, span, word } from './kinds.ts'
import { checkKeys } from './known.ts'
import { placed, type Reader } from './reader.ts'
import { subtree } from './shapes.ts'
import type { FreshnessRule } from './types.ts'

const policies = choice('immutable', 'pinned', 'revalidate', 'bypass')

/** Throws a MirrorError CONFIG for a rule without a path or without an effect. */
export function readRules(reader: Reader, items: readonly Node[], name: string): readonly FreshnessRule[] {
  return items.map((item, index) => {
    const path = `${name}.${index}`
    const tree = subtree(item, name)
    checkKeys(tree, name, ['match', 'policy', 'fresh_for', 'expire_after'])
    const match = reader.under(tree, 'match', path, word)
    if (match === undefined) throw fault(item.where, `${name}: a rule needs \`match\`, a glob such as /dists/**`)
    placed(item.where, `${name}.match`, () => compileGlob(match))
    const policy = reader.under(tree, 'policy', path, policies)
    const freshFor = reader.under(tree, 'fresh_for', path, freshness)
    const expireAfter = reader.under(tree, 'expire_after', path, span)
    if (policy === undefined && freshFor === undefined && expireAfter === undefined) {
      throw fault(
        item.where,
        `${name}: the rule for ${JSON.stringify(match)} says nothing; give it policy, fresh_for or expire_after`,
      )
    }
    return {
      match,
      ...(policy !== undefined && { policy }),
      ...(freshFor !== undefined && { freshFor }),
      ...(expireAfter !== undefined && { expireAfter }),
      where: item.where,
    }
  })
}
