// Why bytes are trusted: who states their digests, who states theirs, and so on up to a signature, a lockfile, TLS or the
// first sight. Out of the catalog alone.

import type { HeldRef, Proof, Ref } from '../catalog/rows.ts'
import { isHeld } from '../catalog/rows.ts'
import type { Digests } from '../contract.ts'
import type { Mirror } from '../engine/mirror.ts'
import { generationKey, type Resource, resolve } from '../engine/resolve.ts'
import { LOCKFILE_SCOPE } from '../engine/said.ts'

/** Who states digests of the path before it in the chain. */
export interface Link {
  /** A path of the repo, or a lockfile. */
  readonly by: string
  readonly kind: 'document' | 'lockfile'
  readonly states: Digests
}

export interface Chain {
  /** From the path itself upwards; each one vouches for the one before. */
  readonly links: readonly Link[]
  /** What the last of them stands on, in words; undefined when nothing vouches and nothing is held. */
  readonly end?: string
  /** Others that state digests of the path itself. */
  readonly also: readonly Link[]
}

/** Far longer than any real chain. */
const LONGEST = 16

/** The chain of a path, seen from a generation (0: none). */
export function chainOf(mirror: Mirror, resource: Resource, generation: number): Chain {
  const repo = resource.mounted.settings.name
  const links: Link[] = []
  const passed = new Set<string>([resource.path])
  let also: readonly Link[] = []
  let at: { readonly resource: Resource; readonly generation: number } | undefined = { resource, generation }
  const own = mirror.catalog.refs.get(repo, resource.path, resource.variant, generation)
  let end = isHeld(own) ? own.proven : undefined
  while (at !== undefined && links.length < LONGEST) {
    const [next, ...others]: readonly Spoken[] = spokenOf(mirror, at.resource, at.generation)
    if (next === undefined) break
    if (links.length === 0) also = others.map(({ link }) => link)
    links.push(next.link)
    if (next.ref === undefined) return { links, end: 'a lockfile is trusted as it is', also }
    end = next.ref.proven
    const above = resolve(resource.mounted, next.ref.path)
    if (above === undefined || passed.has(above.path)) break
    passed.add(above.path)
    at = { resource: above, generation: next.ref.generation }
  }
  return { links, also, ...(end === undefined ? {} : { end }) }
}

interface Spoken {
  readonly link: Link
  /** The document that says so; undefined for a lockfile. */
  readonly ref?: HeldRef
}

const rank: Readonly<Partial<Record<Proof, number>>> = { signature: 2, digest: 1 }

/** Everybody who states something of a path, the strongest first. */
function spokenOf(mirror: Mirror, resource: Resource, generation: number): readonly Spoken[] {
  const repo = resource.mounted.settings.name
  const found = new Map<string, Spoken>()
  for (const { scope, by, entry } of mirror.catalog.facts.of(repo, resource.path)) {
    const states = entry.digests ?? {}
    if (scope.startsWith(LOCKFILE_SCOPE)) {
      const file = scope.slice(LOCKFILE_SCOPE.length)
      found.set(scope, { link: { by: file, kind: 'lockfile', states } })
      continue
    }
    const ref = documentOf(mirror, resource, by, generation)
    if (ref !== undefined && !found.has(ref.path))
      found.set(ref.path, { ref, link: { by: ref.path, kind: 'document', states } })
  }
  const weight = ({ ref }: Spoken): number => (ref === undefined ? 1.5 : (rank[ref.proof] ?? 0))
  return [...found.values()].sort((a, b) => weight(b) - weight(a))
}

/** The ref of a document with these bytes: of the same generation for its members, of one that is served for others. */
function documentOf(mirror: Mirror, resource: Resource, sha256: string, generation: number): HeldRef | undefined {
  const member = generationKey(resource) !== undefined
  const served = (ref: Ref): number => {
    if (ref.repo !== resource.mounted.settings.name) return 0
    if (member) return ref.generation === generation ? 1 : 0
    if (ref.generation === 0) return 2
    const state = mirror.catalog.generations.byId(ref.generation)?.state
    if (state === 'current') return 3
    return state === 'previous' ? 1 : 0
  }
  return mirror.catalog.refs
    .bySha256(sha256)
    .filter(isHeld)
    .filter((ref) => served(ref) > 0)
    .sort((a, b) => served(b) - served(a))[0]
}
