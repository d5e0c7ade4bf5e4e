// A path of a repo, matched to its route: the first that fits.

import type { AnyRoute, Params } from '../contract.ts'
import { MirrorError } from '../errors.ts'
import type { MountedRepo } from './mirror.ts'

export interface Resource {
  readonly mounted: MountedRepo
  readonly route: AnyRoute<unknown>
  /** Place of the route in its ecosystem's list. */
  readonly index: number
  readonly p: Params
  /** Canonical, decoded. */
  readonly path: string
  /** The query parameters that upstream is asked with, in a fixed order; '' for none. */
  readonly variant: string
  /** The query parameters that choose what is shown. */
  readonly query: Params
}

export function resolve(mounted: MountedRepo, path: string, query?: URLSearchParams): Resource | undefined {
  for (const [index, route] of mounted.ecosystem.routes.entries()) {
    const p = route.match(path)
    if (p !== undefined)
      return { mounted, route, index, p, path, variant: variantOf(route, query), query: shownBy(route, query) }
  }
  return undefined
}

/** Like `resolve`; throws NO_ROUTE where nothing fits. */
export function mustResolve(mounted: MountedRepo, path: string): Resource {
  const found = resolve(mounted, path)
  if (found !== undefined) return found
  throw new MirrorError('NO_ROUTE', `${mounted.settings.name} has no path like ${path}`, { path })
}

function variantOf(route: AnyRoute<unknown>, query: URLSearchParams | undefined): string {
  if (route.query === undefined || query === undefined) return ''
  const kept = new URLSearchParams()
  for (const name of route.query) for (const value of query.getAll(name)) kept.append(name, value)
  return kept.toString()
}

/** Longer values choose nothing that a protocol knows. */
const LONGEST_VALUE = 1024

function shownBy(route: AnyRoute<unknown>, query: URLSearchParams | undefined): Params {
  const chosen: Record<string, string> = {}
  for (const name of route.shows ?? []) {
    const value = query?.get(name)
    if (typeof value === 'string' && value.length <= LONGEST_VALUE) chosen[name] = value
  }
  return chosen
}

/** The key under which work on a resource is shared. */
export const flightKey = (resource: Resource, generation: number): string =>
  `${resource.mounted.settings.name} ${generation} ${resource.path}?${resource.variant}`

/** What its vouchers are, where it has any. */
export const vouchersOf = (resource: Resource): readonly string[] | undefined =>
  resource.route.vouchers?.(resource.p, resource.mounted.repo)

/** Is what is held of it right for ever? */
export const isLasting = ({ route, p }: Resource): boolean => route.kind === 'artifact' || route.stays?.(p) === true

/** The key of the generation it belongs to. */
export const generationKey = (resource: Resource): string | undefined => resource.route.generation?.(resource.p)

/** A chained path without vouchers: what the rest of its generation is verified against. */
export const isRoot = (resource: Resource): boolean =>
  resource.route.generation !== undefined && resource.route.vouchers === undefined

/** Whose readings are shared: what it says does not depend on where it lies. */
export function readingScope(resource: Resource): string {
  const { route, mounted, path, variant } = resource
  if (route.about === undefined) return variant === '' ? path : `${path}?${variant}`
  const reader = mounted.ecosystem.routes.findIndex((other) => other.read === route.read)
  return `*${reader}`
}
