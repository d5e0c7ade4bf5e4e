// Freshness as a pure table: may what is held be served as it is, must upstream be asked, or is it too old to show?
// Artifacts are fresh for ever; indexes by rule. RFC 9111 §4 where `fresh_for: upstream` says so.

import type { FreshnessRule, Policy } from '../config/types.ts'
import type { Kind } from '../contract.ts'
import { parseCacheControl, secondsOf } from '../formats/cache-control.ts'
import { compileGlob } from '../formats/glob.ts'
import { freshTo, isFresh, mayServeMeanwhile, mayServeOnError, mustAsk, type Wishes } from './http-cache.ts'

/** What the client said in Cache-Control. */
export interface Directives {
  readonly revalidate: boolean
  readonly onlyIfCached: boolean
  /** What is fetched for this request is not kept, where HTTP caching rules apply. */
  readonly noStore?: boolean
  /** How fresh or stale an answer may be, where HTTP caching rules apply. */
  readonly wishes?: Wishes
}

export interface Aged {
  readonly kind: Kind
  readonly path: string
  /** Undefined: remembered as absent. */
  readonly sha256: string | undefined
  readonly fetched: number
  readonly checked: number
  readonly headers: Readonly<Record<string, string>>
}

export interface Moment {
  readonly now: number
  readonly offline: boolean
  /** A sync counts every index validated before its own start as stale. */
  readonly since?: number | undefined
  readonly directives?: Directives | undefined
}

/** `serve`: as it is. `ask`: validate or fetch. `expired`: too old to show, offline included when policy says so. */
export type Freshness = 'serve' | 'ask' | 'expired'

/** Two validations of one document within this many milliseconds are one, however often clients ask for it. */
export const COLLAPSE = 3_000

export interface Rules {
  freshFor(path: string): number | 'upstream'
  expireAfter(path: string): number
  mode(path: string): FreshnessRule['policy']
}

/** The freshness rules of a repository, compiled: all that fit a path apply, and of two that state the same the later one counts. */
export function compileRules(policy: Policy): Rules {
  const compiled = policy.rules.map((rule) => ({ rule, fits: compileGlob(rule.match) }))
  const find = <K extends keyof FreshnessRule>(path: string, key: K): FreshnessRule[K] | undefined =>
    compiled.findLast(({ rule, fits }) => rule[key] !== undefined && fits(path))?.rule[key]
  return {
    freshFor: (path) => find(path, 'freshFor') ?? policy.freshFor,
    expireAfter: (path) => find(path, 'expireAfter') ?? policy.expireAfter,
    mode: (path) => find(path, 'policy'),
  }
}

export function freshness(aged: Aged, rules: Rules, policy: Policy, moment: Moment): Freshness {
  const { now, offline, directives } = moment
  // what a clock that went wrong says was validated in the future would be fresh until then
  const age = aged.checked > now ? Number.POSITIVE_INFINITY : now - aged.checked
  const expired = hasExpired(aged, rules, now)
  if (offline) return expired && policy.expireOffline ? 'expired' : 'serve'
  if (directives?.onlyIfCached === true) return 'serve'
  if (expired) return 'ask'
  const mode = rules.mode(aged.path)
  if (mode === 'bypass') return 'ask'
  const lacks = aged.sha256 === undefined
  if (!lacks && (aged.kind === 'artifact' || mode === 'immutable')) return 'serve'
  if (moment.since !== undefined) return aged.checked >= moment.since && aged.checked <= now ? 'serve' : 'ask'
  if (directives?.revalidate === true && age >= COLLAPSE) return 'ask'
  if (lacks) return age < policy.negativeFor ? 'serve' : 'ask'
  if (mode === 'revalidate') return age < COLLAPSE ? 'serve' : 'ask'
  const freshFor = rules.freshFor(aged.path)
  if (freshFor === 'upstream') return aged.checked <= now && isFresh(aged, now, directives?.wishes) ? 'serve' : 'ask'
  return age < freshFor ? 'serve' : 'ask'
}

/** Until when `freshness` says `serve` to a client without directives of its own; milliseconds since 1970, 0 for not at all. */
export function freshUntil(aged: Aged, rules: Rules, now: number): number {
  const mode = rules.mode(aged.path)
  if (aged.sha256 === undefined || mode === 'bypass' || mode === 'revalidate') return 0
  const expires = aged.checked + rules.expireAfter(aged.path)
  if (aged.kind === 'artifact' || mode === 'immutable') return expires
  const freshFor = rules.freshFor(aged.path)
  return Math.min(expires, freshFor === 'upstream' ? freshTo(aged, now) : aged.checked + freshFor)
}

/** Neither fetched nor validated for longer than `expire_after`. Offline it is shown all the same, marked as stale. */
export function hasExpired(aged: Aged, rules: Rules, now: number): boolean {
  const after = rules.expireAfter(aged.path)
  return now - aged.fetched >= after && now - aged.checked >= after
}

/** May what is held be shown although upstream could not be asked? */
export function mayServeStale(aged: Aged, rules: Rules, policy: Policy, now: number): boolean {
  if (aged.sha256 === undefined) return false
  if (rules.freshFor(aged.path) === 'upstream' && isValidated(aged, rules))
    return mayServeOnError(aged, now, policy.staleIfError)
  return now - aged.checked <= policy.staleIfError
}

/** Has upstream forbidden to show what is held without asking? Then it is not there while upstream is not (RFC 9111 §5.2.2.2). */
export const mustBeValidated = (aged: Aged, rules: Rules): boolean =>
  rules.freshFor(aged.path) === 'upstream' && isValidated(aged, rules) && mustAsk(aged.headers)

/** May what is held be shown while upstream is asked behind the client's back? Only where upstream itself says so. */
export const mayServeWhileAsking = (aged: Aged, rules: Rules, { now, offline, since, directives }: Moment): boolean =>
  aged.sha256 !== undefined &&
  !offline &&
  since === undefined &&
  directives?.revalidate !== true &&
  directives?.wishes === undefined &&
  rules.freshFor(aged.path) === 'upstream' &&
  isValidated(aged, rules) &&
  mayServeMeanwhile(aged, now)

/** Upstream's own header fields say how it is kept: nothing here says otherwise. */
const isValidated = ({ kind, path }: Aged, rules: Rules): boolean =>
  kind !== 'artifact' && (rules.mode(path) === undefined || rules.mode(path) === 'pinned')

/** Cache-Control and Pragma of a request (RFC 9111 §5.2.1, §5.4). */
export function directivesOf(cacheControlHeader: string | undefined, pragma: string | undefined): Directives {
  const directives = parseCacheControl(cacheControlHeader)
  const bare = cacheControlHeader === undefined && /no-cache/i.test(pragma ?? '')
  const milliseconds = (name: string): number | undefined => {
    const seconds = secondsOf(directives, name)
    return seconds === undefined ? undefined : seconds * 1000
  }
  const maxAge = milliseconds('max-age')
  const minFresh = milliseconds('min-fresh')
  const maxStale = directives.get('max-stale')?.includes('') ? Number.POSITIVE_INFINITY : milliseconds('max-stale')
  const wishes = {
    ...(maxAge === undefined ? {} : { maxAge }),
    ...(minFresh === undefined ? {} : { minFresh }),
    ...(maxStale === undefined ? {} : { maxStale }),
  }
  return {
    revalidate: bare || directives.has('no-cache') || maxAge === 0,
    onlyIfCached: directives.has('only-if-cached'),
    ...(directives.has('no-store') ? { noStore: true } : {}),
    ...(Object.keys(wishes).length === 0 ? {} : { wishes }),
  }
}
