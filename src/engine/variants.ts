// Which of the answers that are kept for one path fits a request: upstream's Vary names the request fields that chose each
// of them (RFC 9111 §4.1).

import { isHeld } from '../catalog/rows.ts'
import { fits, normalised } from './http-cache.ts'
import type { Mirror } from './mirror.ts'
import { type Resource, readVariant, variantOf } from './resolve.ts'

/** Answers kept for one path and query; of more, the one validated longest ago goes. */
const MOST = 32

/** Longer values choose nothing sensible, and would fill the catalog. */
const LONGEST_FIELD = 512

/** Names a client's field when it says nothing. */
const SAYS_NOTHING: Readonly<Record<string, string>> = { accept: '*/*' }

type Fields = Readonly<Record<string, string | readonly string[] | undefined>>

/** The resource with the fields that upstream is sent for this request, and the variant that fits them. */
export function chosenFor(mirror: Mirror, resource: Resource, fields: Fields): Resource {
  const { route, p, mounted, asked, path } = resource
  const names = route.passes?.(p, mounted.repo)
  if (names === undefined) return resource
  const sent: Record<string, string> = {}
  for (const name of names.map((each) => each.toLowerCase())) {
    const value = fields[name]
    if (typeof value !== 'string' || value.length > LONGEST_FIELD || value === SAYS_NOTHING[name]) continue
    sent[name] = normalised(value)
  }
  const fitting = variantsOf(mirror, mounted.settings.name, path, asked).find(({ chosen, headers }) =>
    fits(chosen, headers, sent),
  )
  return { ...resource, sent, variant: fitting?.ref.variant ?? variantOf(asked, sent) }
}

/** Drops what is too much of one path. */
export function trimVariants(mirror: Mirror, repo: string, path: string, asked: string): void {
  for (const { ref } of variantsOf(mirror, repo, path, asked).slice(MOST)) mirror.catalog.refs.drop(ref)
}

/** What is held for a path and query, last validated first. */
const variantsOf = (mirror: Mirror, repo: string, path: string, asked: string) =>
  mirror.catalog.refs
    .variants(repo, path)
    .filter(isHeld)
    .map((ref) => ({ ref, headers: ref.headers, ...readVariant(ref.variant) }))
    .filter((one) => one.asked === asked)
    .toSorted((a, b) => b.ref.checked - a.ref.checked)
