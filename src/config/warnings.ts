// What is not wrong, but surely not meant.

import type { AnyEcosystem } from '../contract.ts'
import type { Variables } from './expand.ts'
import { keyNames, variableOf } from './keys.ts'
import { nearest } from './nearest.ts'
import type { Policy, Repository, Settings } from './types.ts'
import { findEcosystem } from './words.ts'

export function warnings(
  policy: Policy,
  repositories: readonly Repository[],
  ecosystems: readonly AnyEcosystem[],
  env: Variables,
): Settings['warnings'] {
  const rules = new Set(
    [policy, ...repositories.map((repository) => repository.policy)].flatMap(({ cooldown }) => cooldown.packages),
  )
  return [...[...rules].flatMap((rule) => outOfReach(rule, ecosystems)), ...misspelt(env)]
}

// A signed set of indexes is shown as a whole or not at all, so no rule about one package can change when.
function outOfReach(
  { pattern, where }: Policy['cooldown']['packages'][number],
  ecosystems: readonly AnyEcosystem[],
): Settings['warnings'] {
  const type = /^pkg:([^/]+)\//.exec(pattern)?.[1] ?? ''
  const ecosystem = findEcosystem(type, ecosystems)
  const chained = ecosystem?.routes.filter((route) => route.generation !== undefined) ?? []
  // where a set of indexes belongs to one package, a rule about that package reaches it
  if (ecosystem === undefined || chained.length === 0 || chained.some((route) => route.known !== undefined)) return []
  const message = `${pattern} has no effect: ${ecosystem.title} waits as a whole; set cooldown.repositories instead`
  return [{ message, where }]
}

function misspelt(env: Variables): Settings['warnings'] {
  const known = ['PKGMIRROR_CONFIG', ...keyNames.map(variableOf)]
  const found = Object.keys(env).filter((name) => name.startsWith('PKGMIRROR_') && !known.includes(name))
  return found.flatMap((name) => {
    const guess = nearest(
      name.slice(10),
      known.map((each) => each.slice(10)),
    )
    if (guess === undefined) return []
    return [{ message: `the variable ${name} is not known; did you mean PKGMIRROR_${guess}?`, where: { file: name } }]
  })
}
