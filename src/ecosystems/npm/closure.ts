// What an installation of the wanted packages needs: breadth first over dependencies, optional dependencies and peers,
// one version for each spec as npm would choose it. Packuments of one level are read side by side, and yielded in order.

import type { Entry, Look, Selector } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { ahead } from './ahead.ts'
import type { NpmData } from './data.ts'
import { attestationsPath, inScopes, keysPath, packageName, packumentPath } from './names.ts'
import type { NpmOptions } from './options.ts'
import { fits, matching, type Offered, offered, pick } from './pick.ts'
import { dependencySpec } from './want.ts'

const kinds = ['dependencies', 'optionalDependencies', 'peerDependencies'] as const
type Follow = (typeof kinds)[number]

/** One spec that something needs. */
interface Edge {
  /** As it was wanted, or for a dependency made of it. */
  readonly want: Selector
  readonly range: string
  readonly optional: boolean
  readonly follow: readonly Follow[]
}

/** Packuments that are read at once. */
const breadth = 16

/**
 * One document that cannot be had or trusted does not end the walk: the rest is yielded first, then its error is thrown.
 */
export async function* closure(wants: readonly Selector[], look: Look<NpmOptions>): AsyncGenerator<Entry> {
  const failures: MirrorError[] = []
  const document = (path: string) => attempt(look.document(path), failures)
  if (wants.length > 0 && look.repo.options.signatures !== 'off') await document(keysPath)
  const seen = new Set<string>()
  const expanded = new Set<string>()
  const yielded = new Set<string>()
  let level = wants.flatMap((want) => rootEdge(want, look))
  while (level.length > 0) {
    const next: Edge[] = []
    const attested: string[] = []
    const fresh = level.filter((edge) => once(seen, edgeKey(edge)))
    const loaded = ahead(byName(fresh).values(), breadth, (edges) => attempt(load(edges, look), failures))
    for await (const [edges, versions] of loaded) {
      for (const edge of edges) {
        for (const version of choose(edge, versions, look)) {
          if (once(expanded, `${edge.follow} ${version.entry.path}`)) next.push(...edgesOf(version, edge, look))
          if (!once(yielded, version.entry.path)) continue
          yield version.entry
          if (version.data.attested === true) attested.push(attestationsPath(edge.want.name, version.version))
        }
      }
    }
    if (look.repo.options.attestations !== 'off') await drain(ahead(attested, breadth, document))
    level = next
  }
  if (failures[0] !== undefined) throw failures[0]
}

/** Undefined for an item that failed; faults of this machine and the end of the run are thrown at once. */
async function attempt<T>(work: Promise<T>, failures: MirrorError[]): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof MirrorError) || ![3, 4, 5, 6].includes(error.failure.exit)) throw error
    failures.push(error)
    return undefined
  }
}

function rootEdge(want: Selector, look: Look<NpmOptions>): readonly Edge[] {
  const spec = dependencySpec(want.name, want.range ?? '')
  if (typeof spec !== 'string') {
    const follow = followed(want, look.repo.options)
    return [{ want: { ...want, name: spec.name }, range: spec.range, optional: false, follow }]
  }
  look.lacks(want, `${want.name}@${want.range} ${spec}`)
  return []
}

function followed(want: Selector, options: NpmOptions): readonly Follow[] {
  if (want.follow === undefined) return options.peers === 'skip' ? ['dependencies', 'optionalDependencies'] : kinds
  const unknown = want.follow.find((kind) => !kinds.includes(kind as Follow))
  if (unknown === undefined) return want.follow as readonly Follow[]
  const { file, line } = want.from
  throw new MirrorError('CONFIG', `npm packages have no "${unknown}" to follow`, {
    file,
    line,
    hint: `Use any of ${kinds.join(', ')}.`,
  })
}

/** Adds `key`; false when it was there. */
function once(set: Set<string>, key: string): boolean {
  if (set.has(key)) return false
  set.add(key)
  return true
}

/** Is it wanted only where it can be installed? Lines of lockfiles are. */
const isFitting = ({ options }: Selector): boolean => options?.fitting === true

function edgeKey({ want, range, optional, follow }: Edge): string {
  return JSON.stringify([want.name, range, optional, follow, want.keep ?? 1, want.digests ?? [], isFitting(want)])
}

const byName = (edges: readonly Edge[]): ReadonlyMap<string, readonly Edge[]> =>
  Map.groupBy(edges, ({ want }) => want.name)

async function load([edge]: readonly Edge[], look: Look<NpmOptions>): Promise<readonly Offered[]> {
  const name = edge?.want.name ?? ''
  if (!packageName.test(name) || !inScopes(name, look.repo.options)) return []
  const path = packumentPath(name)
  if ((await look.document(path)) === undefined) return []
  const entries: Entry[] = []
  for await (const entry of look.entries(path)) entries.push(entry)
  return offered(entries)
}

function choose(edge: Edge, versions: readonly Offered[] | undefined, look: Look<NpmOptions>): readonly Offered[] {
  const { want, range, optional } = edge
  if (versions === undefined) {
    look.lacks(want, 'its packument cannot be had or is not to be trusted')
    return []
  }
  const agreeing = matching(versions, want.digests)
  const picked = pick(agreeing, range, want.keep)
  // npm goes on without an optional dependency that cannot be had.
  if (picked.length === 0 && !optional) look.lacks(want, reason(edge, versions, agreeing, look.repo.options))
  return optional || isFitting(want) ? picked.filter(({ data }) => fits(data, look.platforms)) : picked
}

function reason(
  { want, range }: Edge,
  versions: readonly Offered[],
  agreeing: readonly Offered[],
  options: NpmOptions,
): string {
  if (!inScopes(want.name, options)) return `it is outside the repository's scopes ${options.scopes?.join(', ')}`
  if (versions.length === 0) return 'there is no such package, or policy allows none of its versions'
  if (pick(versions, range).length > 0 && agreeing.length < versions.length) {
    return 'the registry states another digest than the lockfile'
  }
  const newest = pick(versions, '', 5).map(({ version }) => version)
  return `no allowed version is ${range}; the newest are ${newest.join(', ')}`
}

function edgesOf({ entry, data }: Offered, parent: Edge, look: Look<NpmOptions>): readonly Edge[] {
  const edges: Edge[] = []
  for (const kind of parent.follow) {
    for (const [name, text] of Object.entries(dependenciesOf(data, kind))) {
      const optional = kind === 'optionalDependencies'
      const want = { name, range: text, from: parent.want.from }
      const spec = dependencySpec(name, text)
      if (typeof spec !== 'string') {
        edges.push({ want: { ...want, ...spec }, range: spec.range, optional, follow: parent.follow })
      } else if (!optional) {
        look.lacks(want, `${name}@${text}, which ${entry.name}@${entry.version} needs, ${spec}`)
      }
    }
  }
  return edges
}

const dependenciesOf = (data: NpmData, kind: Follow): Readonly<Record<string, string>> => data[kind] ?? {}

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items);
}
