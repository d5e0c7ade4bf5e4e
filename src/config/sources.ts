// Ordered upstreams of one repository: `sources: [corp, "https://b.example.org/simple", { from: pypi, not: ["corp-*"] }]`.
// A name stays with the first source that has it; `only` reserves names for a source.

import { compileGlob } from '../formats/glob.ts'
import { type Field, fault, type Node } from './document.ts'
import { address, several, word } from './kinds.ts'
import { checkKeys } from './known.ts'
import { didYouMean } from './nearest.ts'
import { placed, type Reader, textOf } from './reader.ts'
import { itemsOf, subtree } from './shapes.ts'
import type { Credentials, Repository, Source } from './types.ts'

/** A repository with what `sources` names put into it. Throws a MirrorError CONFIG with the line. */
export function withSources(
  repository: Repository,
  field: Field | undefined,
  reader: Reader,
  all: readonly Repository[],
): Repository {
  const name = `repositories.${repository.name}.sources`
  const given = itemsOf(field?.node).map((item) => readSource(item, name, repository, reader, all))
  if (given.length === 0) return repository
  const taken = new Set<string>()
  for (const { source } of given) {
    if (taken.has(source.name)) throw fault(field?.where ?? repository.where, `${name}: names ${source.name} twice`)
    taken.add(source.name)
  }
  return {
    ...repository,
    upstreams: given.flatMap(({ source }) => source.upstreams),
    sources: given.map(({ source }) => source),
    credentials: [...repository.credentials, ...given.flatMap(({ of }) => scoped(of))],
    allowHosts: [...new Set([...repository.allowHosts, ...given.flatMap(({ of }) => of?.allowHosts ?? [])])],
    hosts: [...new Set([...(repository.hosts ?? []), ...given.flatMap(({ of }) => of?.hosts ?? [])])],
  }
}

interface Given {
  readonly source: Source
  /** The repository that it is, unless an address was given. */
  readonly of: Repository | undefined
}

function readSource(
  item: Node,
  name: string,
  repository: Repository,
  reader: Reader,
  all: readonly Repository[],
): Given {
  if (item.kind !== 'tree') {
    const { text, where } = textOf(item, name)
    reader.record(`${name}.${text}`, text, where)
    return { ...resolved(text, item, name, repository, all, reader) }
  }
  const tree = subtree(item, name)
  checkKeys(tree, name, ['from', 'only', 'not'])
  const from = reader.under(tree, 'from', name, word)
  if (from === undefined) throw fault(item.where, `${name}: needs \`from\`, an address or the name of a repository`)
  const only = reader.under(tree, 'only', `${name}.${from}`, several(word)) ?? []
  const not = reader.under(tree, 'not', `${name}.${from}`, several(word)) ?? []
  for (const glob of [...only, ...not]) placed(item.where, name, () => compileGlob(glob))
  const { source, of } = resolved(from, item, name, repository, all, reader)
  return { source: { ...source, only, not }, of }
}

function resolved(
  text: string,
  { where }: Node,
  name: string,
  repository: Repository,
  all: readonly Repository[],
  reader: Reader,
): Given {
  if (/^https?:/i.test(text)) {
    const upstream = placed(where, name, () => address.read([text], reader.base(where)))
    return { source: { name: upstream, upstreams: [upstream], only: [], not: [] }, of: undefined }
  }
  const alike = all.filter((one) => one.ecosystem === repository.ecosystem && one.name !== repository.name)
  const of = alike.find((one) => one.name === text)
  if (of === undefined) {
    const names = alike.map((one) => one.name)
    throw fault(
      where,
      `${name}: there is no other repository ${JSON.stringify(text)} of ${repository.ecosystem}${didYouMean(text, names)}`,
      'Name an address or a repository of the same ecosystem.',
    )
  }
  return { source: { name: text, upstreams: of.upstreams, only: [], not: [] }, of }
}

/** Its credentials, for its own upstreams alone. */
const scoped = (of: Repository | undefined): readonly Credentials[] =>
  of === undefined
    ? []
    : of.credentials.flatMap((one) => (one.url === undefined ? of.upstreams.map((url) => ({ ...one, url })) : [one]))
