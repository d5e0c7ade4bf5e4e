// Which ecosystem, or which repository, a word in a file means.

import type { AnyEcosystem, Versions } from '../contract.ts'
import { fault } from './document.ts'
import { didYouMean } from './nearest.ts'
import type { Repository, Where } from './types.ts'

/** By id, alias or purl type. */
export const findEcosystem = (word: string, ecosystems: readonly AnyEcosystem[]): AnyEcosystem | undefined =>
  ecosystems.find(({ id }) => id === word) ??
  ecosystems.find(({ aliases, purl }) => purl === word || aliases?.includes(word) === true)

/** Throws a MirrorError CONFIG for a word that means none. */
export function ecosystemNamed(
  word: string,
  ecosystems: readonly AnyEcosystem[],
  name: string,
  where: Where,
): AnyEcosystem {
  const found = findEcosystem(word, ecosystems)
  if (found !== undefined) return found
  const words = ecosystems.flatMap(({ id, aliases }) => [id, ...(aliases ?? [])])
  const message = `${name}: there is no ecosystem ${JSON.stringify(word)}${didYouMean(word, words)}`
  throw fault(where, message, `There are: ${ecosystems.map(({ id }) => id).join(', ')}.`)
}

/** How versions of a purl type compare. */
export const versionsOf =
  (ecosystems: readonly AnyEcosystem[]) =>
  (type: string): Versions | undefined =>
    findEcosystem(type, ecosystems)?.versions

/**
 * The repository of that name, else the one of the ecosystem that the word means: of several the one that is named like
 * it, else the first built-in one. Throws a MirrorError CONFIG.
 */
export function repositoryNamed(
  word: string,
  repositories: readonly Repository[],
  ecosystems: readonly AnyEcosystem[],
  where: Where,
): Repository {
  const exact = repositories.find(({ name }) => name === word)
  if (exact !== undefined) return exact
  const ecosystem = findEcosystem(word, ecosystems)
  const its = repositories.filter((repository) => repository.ecosystem === ecosystem?.id)
  const found = its.find(({ name }) => name === ecosystem?.id) ?? its.find(({ builtin }) => builtin)
  if (found !== undefined) return found
  const [first, second] = its
  if (first !== undefined && second === undefined) return first
  const names = repositories.map(({ name }) => name)
  if (first !== undefined) {
    throw fault(where, `${JSON.stringify(word)} may be any of ${its.map(({ name }) => name).join(', ')}; name one`)
  }
  const words = [...names, ...ecosystems.flatMap(({ id, aliases }) => [id, ...(aliases ?? [])])]
  throw fault(
    where,
    `there is no repository ${JSON.stringify(word)}${didYouMean(word, words)}`,
    `There are: ${names.join(', ')}. Add another under \`repositories\`.`,
  )
}
