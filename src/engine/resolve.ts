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
  /** Under which its refs are kept apart: the query that upstream is asked with, and what its answer depends on beyond. */
  readonly variant: string
  /** The query parameters that upstream is asked with, in a fixed order; '' for none. */
  readonly asked: string
  /** Fields of a client's request that upstream is sent too. */
  readonly sent: Readonly<Record<string, string>>
  /** The query parameters that choose what is shown. */
  readonly query: Params
}

export function resolve(mounted: MountedRepo, path: string, query?: URLSearchParams): Resource | undefined {
  for (const [index, route] of mounted.ecosystem.routes.entries()) {
    const p = route.match(path)
    if (p === undefined) continue
    const asked = askedBy(route, query)
    return { mounted, route, index, p, path, asked, variant: asked, sent: {}, query: shownBy(route, query) }
  }
  return undefined
}

/** Like `resolve`; throws NO_ROUTE where nothing fits. */
export function mustResolve(mounted: MountedRepo, path: string): Resource {
  const found = resolve(mounted, path)
  if (found !== undefined) return found
  throw new MirrorError('NO_ROUTE', `${mounted.settings.name} has no path like ${path}`, { path })
}

/** Longer queries are no addresses of files, and would fill the catalog. */
const LONGEST_QUERY = 1024

function askedBy(route: AnyRoute<unknown>, query: URLSearchParams | undefined): string {
  if (route.query === undefined || query === undefined) return ''
  if (route.query === 'all') return boundedQuery(query)
  const kept = new URLSearchParams()
  for (const name of route.query) for (const value of query.getAll(name)) kept.append(name, value)
  return kept.toString()
}

function boundedQuery(query: URLSearchParams): string {
  const text = query.toString()
  if (text.length <= LONGEST_QUERY) return text
  throw new MirrorError('BAD_REQUEST', `the query is longer than ${LONGEST_QUERY} characters`)
}

/** Between the query of a variant and the request fields that chose it: neither holds a blank. */
const CHOSEN = ' '

/** The variant of a query whose answer was chosen by request fields. */
export function variantOf(asked: string, chosen: Readonly<Record<string, string>>): string {
  const fields = new URLSearchParams(chosen).toString()
  return fields === '' ? asked : `${asked}${CHOSEN}${fields}`
}

/** The query and the request fields of a variant. */
export function readVariant(variant: string): {
  readonly asked: string
  readonly chosen: Readonly<Record<string, string>>
} {
  const [asked = '', chosen = ''] = variant.split(CHOSEN)
  return { asked, chosen: Object.fromEntries(new URLSearchParams(chosen)) }
}

/** The resource of a ref, its variant included. */
export function resourceOfRef(
  mounted: MountedRepo,
  { path, variant }: { readonly path: string; readonly variant: string },
) {
  const { asked, chosen } = readVariant(variant)
  const resource = resolve(mounted, path, new URLSearchParams(asked))
  return resource === undefined ? undefined : { ...resource, variant, sent: chosen }
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

/** Is it made here: always, or because it is asked for offline? */
export const isMade = ({ route }: Pick<Resource, 'route'>, offline: boolean): boolean =>
  route.kind === 'made' || (offline && route.offline === 'made')

/** The key under which work on a resource is shared. */
export const flightKey = (resource: Resource, generation: number): string =>
  `${resource.mounted.settings.name} ${generation} ${resource.path}?${resource.variant}`

/** What its vouchers are, where it has any. */
export const vouchersOf = (resource: Resource): readonly string[] | undefined =>
  resource.route.vouchers?.(resource.p, resource.mounted.repo)

/** The key of the generation it belongs to. */
export const generationKey = (resource: Resource): string | undefined => resource.route.generation?.(resource.p)

/** A chained path without vouchers: what the rest of its generation is verified against. */
export const isRoot = (resource: Resource): boolean =>
  resource.route.generation !== undefined && resource.route.vouchers === undefined

/**
 * Whose readings are shared: what it says does not depend on where it lies, but on what it may speak of. Two names of one
 * OCI registry may hold the same bytes, and each speaks of its own.
 */
export function readingScope(resource: Resource): string {
  const { route, mounted, path, variant, p } = resource
  if (route.about === undefined) return variant === '' ? path : `${path}?${variant}`
  const reader = mounted.ecosystem.routes.findIndex((other) => other.read === route.read)
  return [`*${reader}`, ...route.about(p)].join(' ')
}

/** The reader of a shared scope, as its place in the list of routes. */
export const readerOf = (scope: string): number => Number.parseInt(scope.slice(1), 10)
