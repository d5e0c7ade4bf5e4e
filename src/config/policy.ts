// `policy`, and the same keys in a repository: its own are asked first and add to the lists of the whole.

import type { AnyEcosystem } from '../contract.ts'
import { fault, type Tree } from './document.ts'
import { type Key, policyKeys } from './keys.ts'
import { choice, duration } from './kinds.ts'
import { checkKeys } from './known.ts'
import { didYouMean } from './nearest.ts'
import { readPattern, readPatterns } from './patterns.ts'
import { dig, type Reader } from './reader.ts'
import { readRules } from './rules.ts'
import { itemsOf, subtree } from './shapes.ts'
import type { Cooldown, Policy } from './types.ts'
import { ecosystemNamed } from './words.ts'

const baselines = choice('allow', 'wait')

/** The policy that holds where a repository says nothing. `names` are those of all repositories. */
export function readPolicy(reader: Reader, ecosystems: readonly AnyEcosystem[], names: ReadonlySet<string>): Policy {
  const { tree } = reader
  const list = (name: string) => readPatterns(itemsOf(dig(tree, name)?.node), name, ecosystems)
  return {
    cooldown: readCooldown(reader, ecosystems, names),
    allow: list('policy.allow'),
    deny: list('policy.deny'),
    require: reader.value('policy.require'),
    expired: reader.value('policy.expired'),
    freshFor: reader.value('policy.fresh_for'),
    expireAfter: reader.value('policy.expire_after'),
    expireOffline: reader.value('policy.expire_offline'),
    staleIfError: reader.value('policy.stale_if_error'),
    negativeFor: reader.value('policy.negative_for'),
    rules: readRules(reader, itemsOf(dig(tree, 'policy.rules')?.node), 'policy.rules'),
  }
}

/** The policy of one repository: what its own keys say, over that of the whole. */
export function policyOf(
  name: string,
  tree: Tree,
  reader: Reader,
  whole: Policy,
  ecosystem: AnyEcosystem,
  ecosystems: readonly AnyEcosystem[],
): Policy {
  const path = `repositories.${name}`
  const own = <T>(key: string, { kind }: Key<T>) => reader.under(tree, key, path, kind)
  const list = (key: string) => readPatterns(itemsOf(dig(tree, key)?.node), `${path}.${key}`, ecosystems)
  return {
    cooldown: ownCooldown(name, tree, reader, whole.cooldown, ecosystems),
    allow: [...list('allow'), ...whole.allow],
    deny: [...list('deny'), ...whole.deny],
    require: own('require', policyKeys.require) ?? whole.require,
    expired: own('expired', policyKeys.expired) ?? whole.expired,
    freshFor: own('fresh_for', policyKeys.fresh_for) ?? freshForOf(reader, whole, ecosystem),
    expireAfter: own('expire_after', policyKeys.expire_after) ?? whole.expireAfter,
    expireOffline: own('expire_offline', policyKeys.expire_offline) ?? whole.expireOffline,
    staleIfError: own('stale_if_error', policyKeys.stale_if_error) ?? whole.staleIfError,
    negativeFor: own('negative_for', policyKeys.negative_for) ?? whole.negativeFor,
    // later rules override earlier ones, and a repository's own those of the whole
    rules: [...whole.rules, ...readRules(reader, itemsOf(dig(tree, 'rules')?.node), `${path}.rules`)],
  }
}

/** What an ecosystem has by itself counts where nobody wrote anything. */
const freshForOf = ({ origins }: Reader, whole: Policy, { freshFor }: AnyEcosystem): Policy['freshFor'] =>
  freshFor !== undefined && origins['policy.fresh_for']?.file === 'default' ? freshFor : whole.freshFor

function readCooldown(reader: Reader, ecosystems: readonly AnyEcosystem[], names: ReadonlySet<string>): Cooldown {
  const path = 'policy.cooldown'
  const tree = subtree(dig(reader.tree, path)?.node, path)
  checkKeys(tree, path, ['default', 'ecosystems', 'repositories', 'packages', 'baseline'])
  return {
    default: reader.value('policy.cooldown.default'),
    ecosystems: ages(
      reader,
      tree,
      'ecosystems',
      (word, name, key) => ecosystemNamed(word, ecosystems, name, key.where).id,
    ),
    repositories: ages(reader, tree, 'repositories', (word, name, key) => {
      if (names.has(word)) return word
      throw fault(key.where, `${name}: there is no repository ${JSON.stringify(word)}${didYouMean(word, names)}`)
    }),
    packages: aged(reader, tree, path, ecosystems),
    baseline: reader.under(tree, 'baseline', path, baselines) ?? 'allow',
  }
}

function ownCooldown(
  name: string,
  repository: Tree,
  reader: Reader,
  whole: Cooldown,
  ecosystems: readonly AnyEcosystem[],
): Cooldown {
  const path = `repositories.${name}.cooldown`
  const tree = subtree(dig(repository, 'cooldown')?.node, path)
  checkKeys(tree, path, ['default', 'packages', 'baseline'])
  const standard = reader.under(tree, 'default', path, duration())
  return {
    ...whole,
    repositories: standard === undefined ? whole.repositories : { ...whole.repositories, [name]: standard },
    packages: [...aged(reader, tree, path, ecosystems), ...whole.packages],
    baseline: reader.under(tree, 'baseline', path, baselines) ?? whole.baseline,
  }
}

/** Durations by a word, which `meaning` resolves. */
function ages(
  reader: Reader,
  cooldown: Tree,
  part: 'ecosystems' | 'repositories',
  meaning: (word: string, name: string, key: { readonly where: Tree['where'] }) => string,
): Readonly<Record<string, number>> {
  const name = `policy.cooldown.${part}`
  const found = new Map<string, number>()
  for (const [word, field] of subtree(dig(cooldown, part)?.node, name).fields) {
    const meant = meaning(word, name, field)
    if (found.has(meant)) throw fault(field.where, `${name}: ${JSON.stringify(word)} is ${meant} again`)
    found.set(meant, reader.node(field.node, `${name}.${word}`, duration()))
  }
  return Object.fromEntries(found)
}

function aged(reader: Reader, cooldown: Tree, path: string, ecosystems: readonly AnyEcosystem[]): Cooldown['packages'] {
  const name = `${path}.packages`
  return [...subtree(dig(cooldown, 'packages')?.node, name).fields].map(([pattern, { where, node }]) => ({
    ...readPattern(pattern, where, name, ecosystems),
    cooldown: reader.node(node, `${name}.${pattern}`, duration()),
  }))
}
