// The repositories: those that every ecosystem brings, as `repositories` changes them, and further ones.

import type { AnyEcosystem, BuiltIn } from '../contract.ts'
import { readCredentials } from './credentials.ts'
import { type Field, fault } from './document.ts'
import { placeText } from './merge.ts'
import { didYouMean } from './nearest.ts'
import { networkOf } from './network.ts'
import { readOptions } from './options.ts'
import { policyOf } from './policy.ts'
import { dig, type Reader } from './reader.ts'
import { subtree } from './shapes.ts'
import { withSources } from './sources.ts'
import { repositoryKeys } from './structures.ts'
import type { Network, Policy, Repository, Where } from './types.ts'
import { ecosystemNamed, findEcosystem } from './words.ts'

export interface Named {
  readonly name: string
  readonly field: Field | undefined
  readonly ecosystem: AnyEcosystem
  readonly builtIn: BuiltIn<unknown> | undefined
}

const reserved = new Set(['/health', '/livez', '/readyz', '/metrics', '/at'])

/** Every repository by name, with what it is made from. `builtin: false` leaves those that no file names. */
export function nameRepositories(reader: Reader, ecosystems: readonly AnyEcosystem[]): readonly Named[] {
  const { fields } = subtree(dig(reader.tree, 'repositories')?.node, 'repositories')
  const keepBuiltIn = reader.value('builtin')
  const found = new Map<string, Named>()
  for (const ecosystem of ecosystems) {
    for (const builtIn of ecosystem.repos) {
      const field = fields.get(builtIn.name)
      if (keepBuiltIn || field !== undefined) found.set(builtIn.name, { name: builtIn.name, field, ecosystem, builtIn })
    }
  }
  for (const [name, field] of fields) {
    const path = `repositories.${name}`
    const at = found.get(name)
    const word = reader.under(subtree(field.node, path), 'ecosystem', path, repositoryKeys.ecosystem.kind)
    if (word === undefined) {
      if (at !== undefined) continue
      const known = [...found.keys()]
      const guess = didYouMean(name, known)
      const message = `there is no built-in repository ${JSON.stringify(name)}${guess}`
      throw fault(field.where, message, 'Give a repository of your own an `ecosystem:` and an `upstream:`.')
    }
    const ecosystem = ecosystemNamed(
      word,
      ecosystems,
      `${path}.ecosystem`,
      dig(subtree(field.node, path), 'ecosystem')?.where ?? field.where,
    )
    if (at?.ecosystem === ecosystem) continue
    if (at !== undefined && keepBuiltIn) {
      throw fault(field.where, `${path}: that name is built in for ${at.ecosystem.id}; choose another one`)
    }
    if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(name) || name in Object.prototype) {
      throw fault(
        field.where,
        `${JSON.stringify(name)} is no name for a repository: small letters, digits, dot, dash, underscore`,
      )
    }
    found.set(name, { name, field, ecosystem, builtIn: undefined })
  }
  return [...found.values()]
}

export interface Repositories {
  /** Enabled, and not left out by `only`. */
  readonly used: readonly Repository[]
  /** Enabled. */
  readonly enabled: readonly Repository[]
  readonly disabled: ReadonlySet<string>
}

/** Throws a MirrorError CONFIG with the line. */
export function readRepositories(
  named: readonly Named[],
  reader: Reader,
  ecosystems: readonly AnyEcosystem[],
  policy: Policy,
  network: Network,
): Repositories {
  const disabled = new Set<string>()
  const enabled: Repository[] = []
  const plain = named.map((each) => readRepository(each, reader, ecosystems, policy, network))
  for (const [index, each] of named.entries()) {
    const alone = plain[index]
    if (alone === undefined) continue
    const tree = subtree(each.field?.node, `repositories.${each.name}`)
    if (reader.under(tree, 'enabled', `repositories.${each.name}`, repositoryKeys.enabled.kind) === false) {
      disabled.add(each.name)
    } else enabled.push(withSources(alone, dig(tree, 'sources'), reader, plain))
  }
  checkMounts(enabled)
  return { used: narrow(enabled, reader, ecosystems), enabled, disabled }
}

function readRepository(
  { name, field, ecosystem, builtIn }: Named,
  reader: Reader,
  ecosystems: readonly AnyEcosystem[],
  policy: Policy,
  network: Network,
): Repository {
  const path = `repositories.${name}`
  const tree = subtree(field?.node, path)
  const where: Where = field?.where ?? { file: 'default' }
  const upstreams = reader.under(tree, 'upstream', path, repositoryKeys.upstream.kind)
  const sources = dig(tree, 'sources')
  if (sources !== undefined) checkSources(sources.where, path, ecosystem, upstreams)
  else if (upstreams === undefined && builtIn === undefined)
    throw fault(where, `${path}: needs \`upstream\`, its address`)
  if (upstreams?.length === 0) throw fault(where, `${path}.upstream: names no address`)
  const hosts = reader.under(tree, 'allow_hosts', path, repositoryKeys.allow_hosts.kind) ?? []
  const mount = reader.under(tree, 'mount', path, repositoryKeys.mount.kind)
  const listen = reader.under(tree, 'listen', path, repositoryKeys.listen.kind)
  return {
    name,
    ecosystem: ecosystem.id,
    upstreams: upstreams ?? builtIn?.upstreams ?? [],
    mount: mount ?? builtIn?.mount ?? ecosystem.mount?.(name) ?? `/${name}`,
    ...(listen !== undefined && { listen }),
    options: readOptions(name, tree, reader, ecosystem, builtIn),
    policy: policyOf(name, tree, reader, policy, ecosystem, ecosystems),
    credentials: readCredentials(reader, tree, path),
    network: networkOf(name, tree, reader, network),
    allowHosts: hosts,
    ...(upstreams === undefined && builtIn?.hosts !== undefined && { hosts: builtIn.hosts }),
    keyrings: reader.under(tree, 'keyring', path, repositoryKeys.keyring.kind) ?? [],
    builtin: builtIn !== undefined,
    where,
  }
}

function checkSources(
  where: Where,
  path: string,
  ecosystem: AnyEcosystem,
  upstreams: readonly string[] | undefined,
): void {
  if (upstreams !== undefined) throw fault(where, `${path}: takes \`upstream\` or \`sources\`, not both`)
  if (ecosystem.service === undefined) return
  throw fault(
    where,
    `${path}.sources: ${ecosystem.title} has one ${ecosystem.service} for all its addresses, so it cannot have several sources`,
    'Mount each registry as a repository of its own.',
  )
}

function checkMounts(repositories: readonly Repository[]): void {
  const taken = new Map<string, Repository>()
  for (const repository of repositories) {
    const { name, mount, where } = repository
    if (reserved.has(mount) || mount.startsWith('/at/'))
      throw fault(where, `repositories.${name}.mount: ${mount} is the mirror's own`)
    const other = taken.get(mount)
    taken.set(mount, repository)
    if (other === undefined) continue
    const [here, there] = where.line === undefined ? [other, repository] : [repository, other]
    const place = there.where.line === undefined ? 'built in' : placeText(there.where)
    throw fault(
      here.where,
      `repositories.${here.name}: is mounted at ${mount}, and so is ${there.name} (${place})`,
      'Give one of them another `mount:`.',
    )
  }
}

function narrow(
  repositories: readonly Repository[],
  reader: Reader,
  ecosystems: readonly AnyEcosystem[],
): readonly Repository[] {
  const words = reader.value('only')
  if (words.length === 0) return repositories
  const where = reader.origins.only ?? { file: 'default' }
  const wanted = new Set<Repository>()
  for (const word of words) {
    const id = findEcosystem(word, ecosystems)?.id
    const exact = repositories.filter(({ name }) => name === word)
    const found = exact.length > 0 ? exact : repositories.filter(({ ecosystem }) => ecosystem === id)
    if (found.length === 0) {
      const names = repositories.flatMap(({ name, ecosystem }) => [name, ecosystem])
      throw fault(where, `only: there is no repository or ecosystem ${JSON.stringify(word)}${didYouMean(word, names)}`)
    }
    for (const repository of found) wanted.add(repository)
  }
  return repositories.filter((repository) => wanted.has(repository))
}
