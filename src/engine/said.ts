// What is said of a path: the facts that live vouchers state, merged; any disagreement fails.

import type { Fact, Proof, Seen } from '../catalog/rows.ts'
import type { Digests, Entry } from '../contract.ts'
import { MirrorError } from '../errors.ts'
import { compareDigests } from '../formats/digest.ts'
import { cooldownOf, memberOf } from './members.ts'
import type { Mirror, MountedRepo } from './mirror.ts'
import { generationKey, type Resource, readerOf, resolve, vouchersOf } from './resolve.ts'
import type { Scope } from './scope.ts'

export interface Said {
  readonly entry: Partial<Entry>
  /** Somebody vouches for it by name. */
  readonly vouched: boolean
  /** The proof that bytes with these digests have; undefined when no digest is stated. */
  readonly proof: Proof | undefined
  /** The proof in words. */
  readonly words: string
  /** Which clock tells its age where no index dates it. */
  readonly seen: Seen | undefined
  /** Only a generation that still waits for its cooldown names it; milliseconds since 1970. */
  readonly waitsUntil?: number
}

/** Scopes of readings that no document of the repo stands behind. */
export const LOCKFILE_SCOPE = 'lockfile:'

interface Live {
  readonly fact: Fact
  readonly proof: Proof
  /** Newer states count more: of several generations the newest one decides. */
  readonly rank: number
}

/** What the catalog's facts say now of a resource, within the generations that the scope may look at. */
export function said(mirror: Mirror, resource: Resource, scope: Scope, generation: number): Said {
  const repo = resource.mounted.settings.name
  const known = resource.route.known?.(resource.p) ?? {}
  const facts = mirror.catalog.facts.of(repo, resource.path)
  const ranks = rankOf(mirror, resource, scope, generation)
  const live: Live[] = []
  let waitsUntil: number | undefined
  for (const fact of facts) {
    if (fact.scope.startsWith(LOCKFILE_SCOPE)) {
      live.push({ fact, proof: 'lockfile', rank: Number.POSITIVE_INFINITY })
      continue
    }
    const held = mirror.catalog.refs.bySha256(fact.by).filter((ref) => ref.repo === repo)
    const best = held
      .map((ref) => ({ ref, rank: ranks(ref.generation) }))
      .filter(({ rank }) => rank >= 0)
      .sort((a, b) => b.rank - a.rank)[0]
    if (best !== undefined) {
      live.push({ fact, proof: best.ref.proof === 'signature' ? 'signature' : 'digest', rank: best.rank })
      continue
    }
    const waiting = held
      .map((ref) => mirror.catalog.generations.byId(ref.generation))
      .find((one) => one?.state === 'waiting')
    const member = waiting === undefined ? undefined : memberOf(mirror, resource.mounted, waiting.id)
    if (waiting !== undefined && member !== undefined) waitsUntil = waiting.made + cooldownOf(member)
  }
  const spoken = live[0]?.fact
  const seen =
    spoken === undefined ? mirror.catalog.facts.seen(repo, resource.path) : seenOf(mirror, resource.mounted, spoken)
  const merged = merge(resource.path, known, live)
  return {
    ...merged,
    vouched: live.some(({ fact }) => vouches(resource, fact)),
    ...dated(mirror, resource.mounted, merged.entry, seen),
    ...(live.length === 0 && waitsUntil !== undefined ? { waitsUntil } : {}),
  }
}

/** What is said of a resource that no document speaks of. */
export const saidByPath = ({ route, p }: Resource): Partial<Entry> => {
  const known = route.known?.(p) ?? {}
  return { ...known, digests: known.digests ?? {} }
}

/** A document that is there to date a path, and the path's own bytes, vouch for nothing. */
function vouches(resource: Resource, { scope }: Fact): boolean {
  const { route, p, path, mounted } = resource
  if (vouchersOf(resource)?.includes(scope) === true) return true
  return scope !== path && route.dates?.(p, mounted.repo).includes(scope) !== true
}

/** With the clocks of its version, where a cooldown looks at them: what dates one file of a version dates the others too. */
export function dated(
  mirror: Mirror,
  { judge, settings }: MountedRepo,
  entry: Partial<Entry>,
  seen: Seen | undefined,
): { readonly entry: Partial<Entry>; readonly seen: Seen | undefined } {
  const { name, version, published } = entry
  const known = published !== undefined || seen === FLIPPED || name === undefined || version === undefined
  if (!judge.waits || known) return { entry, seen }
  const clock = mirror.catalog.facts.clock(settings.name, name, version)
  return {
    entry: clock.published === undefined ? entry : { ...entry, published: clock.published },
    seen: seen ?? clock.seen,
  }
}

/** Which generations may speak: a member only its own; an unchained path all that are served, the newest first. */
function rankOf(mirror: Mirror, resource: Resource, scope: Scope, own: number): (generation: number) => number {
  if (generationKey(resource) !== undefined) return (generation) => (generation === own ? 1 : -1)
  const staged = new Set(scope.staged.values())
  return (id) => {
    if (id === 0) return 0
    if (staged.has(id)) return 3
    const state = mirror.catalog.generations.byId(id)?.state
    if (state === 'current') return 2
    return state === 'previous' ? 1 : -1
  }
}

/** A chained repo is dated by its generations: what a flipped one names has waited already. */
const FLIPPED: Seen = { first: 0, baseline: true }

/** When this mirror first saw the file of a fact. */
export function seenOf(mirror: Mirror, mounted: MountedRepo, fact: Fact): Seen | undefined {
  const route = fact.scope.startsWith('*')
    ? mounted.ecosystem.routes[readerOf(fact.scope)]
    : resolve(mounted, fact.scope)?.route
  if (route?.generation !== undefined) return FLIPPED
  return fact.entry.published === undefined
    ? mirror.catalog.facts.seen(mounted.settings.name, fact.entry.path)
    : undefined
}

function merge(path: string, known: Partial<Entry>, live: readonly Live[]): Omit<Said, 'seen' | 'vouched'> {
  const order = [...live].sort((a, b) => b.rank - a.rank)
  const top = order.find((one) => one.rank !== Number.POSITIVE_INFINITY)?.rank
  const speaking = order.filter((one) => one.rank === Number.POSITIVE_INFINITY || one.rank === top)
  let digests: Digests = known.digests ?? {}
  let by = 'its path'
  let entry: Partial<Entry> = known
  for (const { fact } of speaking) {
    const stated = fact.entry.digests ?? {}
    if (compareDigests(digests, stated) === 'different') {
      throw new MirrorError('DISAGREEMENT', `${by} and ${sourceOf(fact)} state different digests for ${path}`, { path })
    }
    digests = { ...stated, ...digests }
    by = sourceOf(fact)
    entry = { ...fact.entry, ...definedOf(entry) }
  }
  const stating = speaking.filter(({ fact }) => Object.keys(fact.entry.digests ?? {}).length > 0)
  const [strongest] = [
    ...stating.filter((one) => one.proof === 'signature'),
    ...stating.filter((one) => one.proof === 'lockfile'),
    ...stating,
    ...speaking,
  ]
  const stated = Object.keys(digests).length > 0
  return {
    entry: { ...entry, digests },
    proof: stated ? (strongest?.proof ?? 'digest') : undefined,
    words:
      strongest === undefined ? 'digest in its own path' : `${wordOf(strongest.proof)} ${sourceOf(strongest.fact)}`,
  }
}

const wordOf = (proof: Proof): string => {
  if (proof === 'signature') return 'digest in the signed chain of'
  return proof === 'lockfile' ? 'digest in' : 'digest stated by'
}

const sourceOf = (fact: Fact): string =>
  fact.scope.startsWith('*') ? `the index with sha256 ${fact.by.slice(0, 12)}…` : fact.scope

const definedOf = (entry: Partial<Entry>): Partial<Entry> =>
  Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined))
