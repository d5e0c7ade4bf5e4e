// What a manifest asks for: `packages`, `images` and `roots`, each item with its line.

import type { AnyEcosystem } from '../contract.ts'
import { type Field, fault, type Node, plain, type Tree } from './document.ts'
import { type Kind, several, truth, whole, word } from './kinds.ts'
import { dig, placed, type Reader, textOf } from './reader.ts'
import type { Repositories } from './repositories.ts'
import { itemsOf, subtree } from './shapes.ts'
import type { Repository, Want, Where } from './types.ts'
import { findEcosystem, repositoryNamed } from './words.ts'

// Keys of the long form that mean the same in every ecosystem; the others are its own.
const common: ReadonlySet<string> = new Set([
  'name',
  'version',
  'range',
  'tags',
  'keep',
  'dependencies',
  'follow',
  'url',
  'repo',
])
const ranges = ['version', 'range', 'tags'] as const
const keeps = whole(1, 10_000)

/** Throws a MirrorError CONFIG with the line. What a repository is asked that `only` leaves out is left out too. */
export function readWants(
  reader: Reader,
  repositories: Repositories,
  ecosystems: readonly AnyEcosystem[],
): readonly Want[] {
  const { tree } = reader
  const wants: Want[] = []
  const repositoryOf = (name: string, where: Where): Repository => {
    if (repositories.disabled.has(name)) throw fault(where, `the repository ${JSON.stringify(name)} is not enabled`)
    return repositoryNamed(name, repositories.enabled, ecosystems, where)
  }
  const used = new Set(repositories.used)
  const add = (repository: Repository, item: Node, path: string): void => {
    if (used.has(repository)) wants.push(readItem(item, path, repository, reader, ecosystems))
  }

  for (const [name, field] of subtree(dig(tree, 'packages')?.node, 'packages').fields) {
    const repository = repositoryOf(name, field.where)
    for (const item of itemsOf(field.node)) add(repository, item, `packages.${name}`)
  }
  for (const item of itemsOf(dig(tree, 'images')?.node)) {
    const { repo, text } = imageOf(item, repositories.enabled, ecosystems)
    const repository = repositoryOf(repo, item.where)
    if (used.has(repository)) wants.push(readItem(item, 'images', repository, reader, ecosystems, text))
  }
  for (const item of itemsOf(dig(tree, 'roots')?.node)) {
    const repo = item.kind === 'tree' ? item.fields.get('repo')?.node : item
    if (repo === undefined) throw fault(item.where, 'roots: needs `repo`, the name of a repository')
    const repository = repositoryOf(textOf(repo, 'roots.repo').text, repo.where)
    if (used.has(repository)) wants.push(readRoot(item, repository, reader))
  }
  return wants
}

/** What stands for any registry of container images. */
const containers = 'container'

/**
 * The repository of an image, and its name there. A reference as tools write it may begin with the registry's host, which one
 * of the repositories mirrors.
 */
function imageOf(
  item: Node,
  enabled: readonly Repository[],
  ecosystems: readonly AnyEcosystem[],
): { readonly repo: string; readonly text: string | undefined } {
  const repo = item.kind === 'tree' ? item.fields.get('repo') : undefined
  if (repo !== undefined) return { repo: textOf(repo.node, 'images.repo').text, text: undefined }
  const named = item.kind === 'tree' ? item.fields.get('name')?.node : item
  const text = named === undefined ? '' : textOf(named, 'images').text
  const [, host, rest] = /^\s*([^/\s]*[.:][^/\s]*|localhost)\/(.*)$/s.exec(text) ?? []
  if (host === undefined) return { repo: containers, text: undefined }
  const ecosystem = findEcosystem(containers, ecosystems)
  const found = enabled.find(
    (one) => one.ecosystem === ecosystem?.id && hostsOf(one, ecosystem).has(host.toLowerCase()),
  )
  if (found !== undefined) return { repo: found.name, text: rest }
  throw fault(
    item.where,
    `images: no repository mirrors ${host}`,
    `Add it: \`repositories: { NAME: { ecosystem: ${containers}, upstream: "https://${host}/v2" } }\`.`,
  )
}

function hostsOf({ name, upstreams }: Repository, ecosystem: AnyEcosystem | undefined): ReadonlySet<string> {
  const also = ecosystem?.repos.find((one) => one.name === name)?.also ?? []
  return new Set([...upstreams, ...also].flatMap((address) => URL.parse(address)?.host ?? []))
}

/** `called`: its name in the repository, when that is not as it is written. */
function readItem(
  item: Node,
  path: string,
  repository: Repository,
  reader: Reader,
  ecosystems: readonly AnyEcosystem[],
  called?: string,
): Want {
  const named = item.kind === 'tree' ? item.fields.get('name')?.node : item
  if (named === undefined) throw fault(item.where, `${path}: needs \`name\``)
  const text = called ?? textOf(named, path).text
  const ecosystem = ecosystems.find(({ id }) => id === repository.ecosystem)
  placed(named.where, path, () => ecosystem?.want(text, repository))
  return {
    repo: repository.name,
    text,
    selector: item.kind === 'tree' ? overrides(item, path, reader) : {},
    from: item.where,
  }
}

function readRoot(item: Node, repository: Repository, reader: Reader): Want {
  const selector = item.kind === 'tree' ? overrides(item, 'roots', reader) : {}
  const name = item.kind === 'tree' ? item.fields.get('name') : undefined
  if (name !== undefined) throw fault(name.where, 'roots: a root has no `name`; list single packages under `packages`')
  return { repo: repository.name, selector: { ...selector, name: '*' }, from: item.where }
}

function overrides(item: Tree, path: string, reader: Reader): Want['selector'] {
  const value = <T>(name: string, kind: Kind<T>): T | undefined => {
    const field = item.fields.get(name)
    return field === undefined ? undefined : reader.quiet(field, `${path}.${name}`, kind)
  }
  const given = ranges.filter((name) => item.fields.has(name))
  if (given.length > 1) throw fault(item.where, `${path}: ${given.join(' and ')} say the same; write one`)
  const [rangeKey] = given
  const range = rangeKey === undefined ? undefined : value(rangeKey, word)
  const keep = value('keep', keeps)
  const url = value('url', word)
  const follow = value('follow', several(word))
  const dependencies = value('dependencies', truth)
  if (dependencies !== undefined && follow !== undefined) {
    throw fault(item.where, `${path}: dependencies and follow say the same; write one`)
  }
  const kinds = dependencies === false ? [] : follow
  const options = ownKeys(item)
  return {
    ...(range !== undefined && { range }),
    ...(keep !== undefined && { keep }),
    ...(kinds !== undefined && { follow: kinds }),
    ...(url !== undefined && { url }),
    ...(options !== undefined && { options }),
  }
}

function ownKeys(item: Tree): Readonly<Record<string, unknown>> | undefined {
  const own = [...item.fields].filter(([name]) => !common.has(name))
  if (own.length === 0) return undefined
  return Object.fromEntries(own.map(([name, field]: readonly [string, Field]) => [name, plain(field.node)]))
}
