// Purl patterns in a file: their syntax is checked here, what they match is for the judge.

import type { AnyEcosystem } from '../contract.ts'
import { compilePattern } from '../formats/purl.ts'
import type { Node } from './document.ts'
import { placed, textOf } from './reader.ts'
import type { PackageRule, Where } from './types.ts'
import { ecosystemNamed, versionsOf } from './words.ts'

/** The pattern with its type as purls write it: `pkg:apt/curl` is `pkg:deb/curl`. Throws a MirrorError CONFIG with the place. */
export function readPattern(
  text: string,
  where: Where,
  name: string,
  ecosystems: readonly AnyEcosystem[],
): PackageRule {
  placed(where, name, () => compilePattern(text, versionsOf(ecosystems)))
  const [, type = '', rest = ''] = /^pkg:([^/]+)(\/.*)$/s.exec(text) ?? []
  if (type === '*') return { pattern: text, where }
  const { purl } = ecosystemNamed(type.toLowerCase(), ecosystems, name, where)
  return { pattern: `pkg:${purl}${rest}`, where }
}

export const readPatterns = (
  items: readonly Node[],
  name: string,
  ecosystems: readonly AnyEcosystem[],
): readonly PackageRule[] => items.map((item) => readPattern(textOf(item, name).text, item.where, name, ecosystems))
