// Freshness as a pure table: may what is held be served as it is, must upstream be asked, or is it too old to show?
// Artifacts are fresh for ever; indexes by rule. RFC 9111 §4 where `fresh_for: upstream` says so.

import type { FreshnessRule, Policy } from '../config/types.ts'
import type { Kind } from '../contract.ts'
import { compileGlob } from '../formats/glob.ts'

/** What the client said in Cache-Control. */
export interface Directives {
  readonly revalidate: boolean
  readonly onlyIfCached: boolean
}

export interface Aged {
  readonly kind: Kind
  /** What is held is right for ever. */
  readonly lasting?: boolean
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
  mode(path: string): 'immutable' | 'revalidate' | 'bypass' | undefined
}

/** The freshness rules of a repository, compiled; the first rule that fits a path and states a value decides. */
export function compileRules(policy: Policy): Rules {
  const compiled = policy.rules.map((rule) => ({ rule, fits: compileGlob(rule.match) }))
  const find = <K extends keyof FreshnessRule>(path: string, key: K): FreshnessRule[K] | undefined =>
    compiled.find(({ rule, fits }) => rule[key] !== undefined && fits(path))?.rule[key]
  return {
    freshFor: (path) => find(path, 'freshFor') ?? policy.freshFor,
    expireAfter: (path) => find(path, 'expireAfter') ?? policy.expireAfter,
    mode: (path) => find(path, 'policy'),
  }
}

export function freshness(aged: Aged, rules: Rules, policy: Policy, moment: Moment): Freshness {
  const { now, offline, directives } = moment
  const age = now - aged.checked
  const expired = hasExpired(aged, rules, now)
  if (offline) return expired && policy.expireOffline ? 'expired' : 'serve'
  if (directives?.onlyIfCached === true) return 'serve'
  if (expired) return 'ask'
  const mode = rules.mode(aged.path)
  if (mode === 'bypass') return 'ask'
  const lacks = aged.sha256 === undefined
  if (!lacks && (isLasting(aged) || mode === 'immutable')) return 'serve'
  if (moment.since !== undefined) return aged.checked >= moment.since ? 'serve' : 'ask'
  if (directives?.revalidate === true && age >= COLLAPSE) return 'ask'
  if (lacks) return age < policy.negativeFor ? 'serve' : 'ask'
  if (mode === 'revalidate') return age < COLLAPSE ? 'serve' : 'ask'
  const freshFor = rules.freshFor(aged.path)
  return age < (freshFor === 'upstream' ? upstreamLifetime(aged.headers) : freshFor) ? 'serve' : 'ask'
}

/** Until when `freshness` says `serve` to a client without directives of its own; milliseconds since 1970, 0 for not at all. */
export function freshUntil(aged: Aged, rules: Rules): number {
  const mode = rules.mode(aged.path)
  if (aged.sha256 === undefined || mode === 'bypass' || mode === 'revalidate') return 0
  const expires = aged.checked + rules.expireAfter(aged.path)
  if (isLasting(aged) || mode === 'immutable') return expires
  const freshFor = rules.freshFor(aged.path)
  return Math.min(expires, aged.checked + (freshFor === 'upstream' ? upstreamLifetime(aged.headers) : freshFor))
}

const isLasting = (aged: Aged): boolean => aged.kind === 'artifact' || aged.lasting === true

/** Neither fetched nor validated for longer than `expire_after`. Offline it is shown all the same, marked as stale. */
export function hasExpired(aged: Aged, rules: Rules, now: number): boolean {
  const after = rules.expireAfter(aged.path)
  return now - aged.fetched >= after && now - aged.checked >= after
}

/** May what is held be shown although upstream could not be asked? */
export const mayServeStale = (aged: Aged, policy: Policy, now: number): boolean =>
  aged.sha256 !== undefined && now - aged.checked <= policy.staleIfError

/** Freshness lifetime by the answer's own header fields, in milliseconds (RFC 9111 §4.2.1); 0 when it states none. */
export function upstreamLifetime(headers: Readonly<Record<string, string>>): number {
  const directives = cacheControl(headers['cache-control'])
  if (directives.has('no-store') || directives.has('no-cache') || directives.has('private')) return 0
  const stated = directives.get('s-maxage') ?? directives.get('max-age')
  if (stated !== undefined) {
    const seconds = /^\d{1,10}$/.test(stated) ? Number(stated) : 0
    return Math.max(0, seconds - ageOf(headers)) * 1000
  }
  const expires = Date.parse(headers.expires ?? '')
  const date = Date.parse(headers.date ?? '')
  return Number.isNaN(expires) || Number.isNaN(date) ? 0 : Math.max(0, expires - date)
}

function ageOf(headers: Readonly<Record<string, string>>): number {
  const text = headers.age ?? ''
  return /^\d{1,10}$/.test(text) ? Number(text) : 0
}

/** Directives by lower-case name; of repeated ones the smallest number counts (RFC 9111 §4.2.1). */
export function cacheControl(text: string | undefined): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const part of (text ?? '').matchAll(/([a-zA-Z0-9_-]+)(?:\s*=\s*(?:"([^"]*)"|([^\s,;"]*)))?/g)) {
    const name = (part[1] ?? '').toLowerCase()
    const value = part[2] ?? part[3] ?? ''
    const known = found.get(name)
    found.set(name, known !== undefined && Number(known) < Number(value) ? known : value)
  }
  return found
}

export function directivesOf(cacheControlHeader: string | undefined, pragma: string | undefined): Directives {
  const directives = cacheControl(cacheControlHeader)
  const bare = cacheControlHeader === undefined && /no-cache/i.test(pragma ?? '')
  return {
    revalidate: bare || directives.has('no-cache') || directives.get('max-age') === '0',
    onlyIfCached: directives.has('only-if-cached'),
  }
}
