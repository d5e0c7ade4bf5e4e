// Purl patterns in a file: their syntax is checked here, what they match is for the judge.

import type { AnyEcosystem } from '../contract.ts'
import { compilePattern } from '../formats/purl.ts'
import type { Node } from './document.ts'
import { placed, textOf } from './reader.ts'
import type { PackageRule, Where } from './types.ts'
import { versionsOf } from './words.ts'

/** Throws a MirrorError CONFIG with the place. */
export function readPattern(
  pattern: string,
  where: Where,
  name: string,
  ecosystems: readonly AnyEcosystem[],
): PackageRule {
  placed(where, name, () => compilePattern(pattern, versionsOf(ecosystems)))
  return { pattern, where }
}

export const readPatterns = (
  items: readonly Node[],
  name: string,
  ecosystems: readonly AnyEcosystem[],
): readonly PackageRule[] => items.map((item) => readPattern(textOf(item, name).text, item.where, name, ecosystems))
