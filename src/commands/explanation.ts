// Why a path is here, or is not: what is held, who vouches for it, what policy says, who wants it, and what upstream would
// be asked. Out of the catalog and the rules alone; nobody is asked.

import type { Generation, HeldRef, Ref, Seen } from '../catalog/rows.ts'
import { isHeld } from '../catalog/rows.ts'
import { addressOf } from '../engine/address.ts'
import { refusal } from '../engine/admit.ts'
import { COLLAPSE } from '../engine/fresh.ts'
import { freshTo } from '../engine/http-cache.ts'
import { subjectOf, type Verdict } from '../engine/judge.ts'
import type { Mirror, MountedRepo } from '../engine/mirror.ts'
import { withService } from '../engine/read.ts'
import { generationKey, type Resource, resolve, vouchersOf } from '../engine/resolve.ts'
import { type Said, said } from '../engine/said.ts'
import { clientScope } from '../engine/scope.ts'
import { failures, MirrorError } from '../errors.ts'
import { parseHttpDate } from '../formats/http-date.ts'
import { type Chain, chainOf } from './proof-chain.ts'

export interface Explanation {
  readonly resource: Resource
  readonly name?: string
  readonly version?: string
  /** The clock that tells its age, and its time. */
  readonly dated?: { readonly clock: string; readonly time: number }
  readonly held?: HeldRef
  /** Infinity: for ever. Undefined: asked each time, or fresh as its generation is. */
  readonly freshUntil?: number
  /** Upstream said that it is not there; remembered until. */
  readonly absent?: { readonly status: number; readonly asked: number; readonly until: number }
  /** A made document that was asked for before. */
  readonly madeAt?: number
  /** The generations that have it: the one that clients see first. */
  readonly generations: readonly Generation[]
  readonly verdict: Verdict
  readonly chain: Chain
  readonly holders: readonly string[]
  /** What a client's request for it would ask of upstream; empty when nothing would be asked. */
  readonly asks: readonly string[]
  /** Documents that would have to vouch for it first, and are not held. */
  readonly needs: readonly string[]
  /** 0 held and allowed, 3 not held, 5 denied (4: its vouchers disagree). */
  readonly code: number
}

export async function explain(mirror: Mirror, resource: Resource): Promise<Explanation> {
  const { settings } = resource.mounted
  const { catalog } = mirror
  const key = generationKey(resource)
  const all = key === undefined ? [] : catalog.generations.of(settings.name, key)
  const generation = all.find(({ state }) => state === 'current')?.id ?? 0
  const find = (variant: string, id: number): Ref | undefined =>
    catalog.refs.get(settings.name, resource.path, variant, id)
  const own = find(resource.variant, generation)
  const held = isHeld(own) ? own : undefined
  const { stated, verdict } = judged(mirror, resource, generation)
  const { name, version } = { ...resource.route.known?.(resource.p), ...stated?.entry }
  const absent = find(`!${resource.variant}`, generation)
  const view = resource.route.kind === 'made' ? viewOf(mirror, resource) : undefined
  const needs = (vouchersOf(resource) ?? []).filter(
    (path) => held === undefined && stated?.vouched !== true && !holdsAny(mirror, resource.mounted, path),
  )
  return {
    resource,
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    ...dateOf(stated, held),
    ...(held === undefined ? {} : { held, ...freshnessOf(held, resource, mirror.now()) }),
    ...(absent === undefined || held !== undefined
      ? {}
      : {
          absent: { status: absent.status, asked: absent.checked, until: absent.checked + settings.policy.negativeFor },
        }),
    ...(view === undefined ? {} : { madeAt: view.modified }),
    generations: all
      .filter(({ id }) => isHeld(find(resource.variant, id)))
      .sort((a, b) => Number(b.id === generation) - Number(a.id === generation)),
    verdict,
    chain: chainOf(mirror, resource, generation),
    holders: catalog.holds.of(settings.name, resource.path),
    asks: held === undefined && verdict.allow ? await asksOf(mirror, resource, stated) : [],
    needs,
    code: codeOf(verdict, held !== undefined || view !== undefined),
  }
}

/** What is said of it and what policy says to that, as a client's request would find it. */
function judged(
  mirror: Mirror,
  resource: Resource,
  generation: number,
): { readonly stated?: Said; readonly verdict: Verdict } {
  const { judge } = resource.mounted
  const now = mirror.now()
  const name = resource.route.known?.(resource.p).name
  const first = name === undefined ? undefined : judge.verdict({ name }, now)
  let stated: Said | undefined
  try {
    stated = said(mirror, resource, clientScope(), generation)
    if (first?.allow === false) return { stated, verdict: { ...first, reason: `${name} is ${first.reason}` } }
    if (stated.waitsUntil !== undefined) {
      const reason = 'only a generation that still waits for its cooldown names it'
      return { stated, verdict: { allow: false, code: 'COOLDOWN', reason, until: stated.waitsUntil } }
    }
    if (resource.route.kind !== 'artifact') return { stated, verdict: { allow: true } }
    if (!stated.vouched && vouchersOf(resource) !== undefined && resource.route.unvouched === undefined)
      return { stated, verdict: undated(resource, stated, now) }
    const refused = refusal(mirror, resource, stated)
    if (refused !== undefined) throw refused
    return { stated, verdict: { allow: true } }
  } catch (error) {
    if (!(error instanceof MirrorError)) throw error
    const { code, message, facts } = error
    const verdict: Verdict = {
      allow: false,
      code,
      reason: message,
      ...(facts.until === undefined ? {} : { until: facts.until }),
    }
    return stated === undefined ? { verdict } : { stated, verdict }
  }
}

/** Old enough for every cooldown: what is judged so is judged by name and version alone. */
const OLD: Seen = { first: 0, baseline: true }

/** No index that is held names it, so nobody knows its age yet. */
function undated({ mounted, path }: Resource, { entry }: Said, now: number): Verdict {
  const verdict = mounted.judge.verdict(subjectOf(entry, OLD), now)
  return verdict.allow ? verdict : { ...verdict, reason: `${entry.name ?? path} is ${verdict.reason}` }
}

const codeOf = (verdict: Verdict, there: boolean): number => {
  if (!verdict.allow) return failures[verdict.code].exit
  return there ? 0 : 3
}

function dateOf(stated: Said | undefined, held: HeldRef | undefined): Pick<Explanation, 'dated'> {
  if (stated?.entry.published !== undefined) return { dated: { clock: 'published', time: stated.entry.published } }
  const modified = parseHttpDate(held?.headers['last-modified'] ?? '')
  if (stated?.vouched === false && modified !== undefined) return { dated: { clock: 'last modified', time: modified } }
  // a file of a chained repo is as old as its generation
  if (stated?.seen === undefined || stated.seen.first === 0) return {}
  return { dated: { clock: 'first seen here', time: stated.seen.first } }
}

function freshnessOf(held: HeldRef, { mounted, route, path }: Resource, now: number): Pick<Explanation, 'freshUntil'> {
  const mode = mounted.rules.mode(path)
  if (mode === 'bypass') return {}
  if (mode === 'immutable' || (route.kind === 'artifact' && route.unvouched !== 'changes'))
    return { freshUntil: Number.POSITIVE_INFINITY }
  if (route.generation !== undefined && route.vouchers !== undefined) return {}
  if (mode === 'revalidate') return { freshUntil: held.checked + COLLAPSE }
  const freshFor = mounted.rules.freshFor(path)
  return { freshUntil: freshFor === 'upstream' ? freshTo(held, now) : held.checked + freshFor }
}

function viewOf({ catalog }: Mirror, { mounted, route, path }: Resource): { readonly modified: number } | undefined {
  for (const type of route.types ?? []) {
    const view = catalog.views.latest(mounted.settings.name, path, type)
    if (view?.sha256 !== undefined) return view
  }
  return undefined
}

function holdsAny(mirror: Mirror, mounted: MountedRepo, path: string): boolean {
  const resource = resolve(mounted, path)
  const key = resource === undefined ? undefined : generationKey(resource)
  const id = key === undefined ? 0 : mirror.catalog.generations.current(mounted.settings.name, key)?.id
  return id !== undefined && isHeld(mirror.catalog.refs.get(mounted.settings.name, path, '', id))
}

/** Where upstream keeps it. A path that needs a voucher and that none names is never asked for. */
async function asksOf(mirror: Mirror, resource: Resource, stated: Said | undefined): Promise<readonly string[]> {
  const { route } = resource
  if (route.kind === 'made') return []
  const vouchers = vouchersOf(resource)
  if (
    vouchers !== undefined &&
    stated?.vouched !== true &&
    vouchers.every((path) => holdsAny(mirror, resource.mounted, path))
  )
    return []
  try {
    return (await addressOf(resource, stated?.entry ?? {}, await withService(mirror, resource))).urls
  } catch (error) {
    // a route may refuse to name an address: a package outside the scopes of its repository
    if (error instanceof MirrorError) return []
    throw error
  }
}
