// The ref that is written for bytes: where they came from, when, and how they are proven.

import type { HeldRef, Proof } from '../catalog/rows.ts'
import { MirrorError } from '../errors.ts'
import { parseHttpDate } from '../formats/http-date.ts'
import type { Checked } from './checked.ts'
import type { DocHead } from './doc.ts'
import { selecting, storable } from './http-cache.ts'
import type { Mirror } from './mirror.ts'
import type { Settling } from './obtained.ts'
import { type Resource, variantOf } from './resolve.ts'
import type { Said } from './said.ts'

/** Upstream's header fields that are kept with a ref. */
const KEPT = [
  ...['etag', 'last-modified', 'cache-control', 'expires', 'date', 'age', 'vary'],
  ...['content-disposition', 'content-language', 'link'],
]

/** How strong a proof is, against what `require` may demand. */
const strength: Readonly<Record<Proof | 'any', number>> = {
  signature: 4,
  made: 4,
  lockfile: 3,
  digest: 3,
  tls: 2,
  'first-seen': 1,
  any: 0,
}

/**
 * Throws REQUIREMENT when the proof is weaker than policy asks for. A digest is asked of files alone, and a signature too
 * where it is the files that are signed: of indexes only in a chain, which begins with a signed one.
 */
export function demand(resource: Resource, ref: HeldRef): void {
  const { settings, route } = { ...resource.mounted, ...resource }
  const wanted = settings.policy.require
  const files = wanted === 'digest' || (wanted === 'signature' && route.generation === undefined)
  if (route.kind === 'index' && files) return
  if (strength[ref.proof] >= strength[wanted]) return
  throw new MirrorError(
    'REQUIREMENT',
    `${ref.path} is proven by ${ref.proof} only, policy.require asks for ${wanted}`,
    {
      path: ref.path,
      repo: ref.repo,
    },
  )
}

/** A ref of which nothing is known yet but its place. */
export const emptyRef = (resource: Resource, generation: number): HeldRef => ({
  repo: resource.mounted.settings.name,
  path: resource.path,
  variant: resource.variant,
  generation,
  kind: resource.route.kind,
  sha256: '',
  size: 0,
  status: 200,
  type: '',
  url: '',
  headers: {},
  fetched: 0,
  checked: 0,
  modified: 0,
  name: undefined,
  version: undefined,
  proof: 'first-seen',
  proven: '',
  hits: 0,
  used: 0,
})

export function refOf(
  mirror: Mirror,
  { resource, space, stated, before, asked }: Pick<Settling, 'resource' | 'space' | 'stated' | 'before' | 'asked'>,
  head: DocHead,
  trust: Checked,
  fetchedFrom: string | undefined,
): HeldRef {
  const now = mirror.now()
  const known = resource.route.known?.(resource.p)
  return {
    ...emptyRef(resource, space.generation),
    ...(resource.route.passes && { variant: variantOf(resource.asked, selecting(resource.sent, head.headers)) }),
    sha256: head.digests.sha256 ?? '',
    size: head.size,
    type: head.type,
    url: head.url,
    headers: kept(head.headers),
    fetched: now,
    checked: asked,
    modified: modifiedOf(head.headers, before, now),
    name: stated.entry.name ?? known?.name,
    version: stated.entry.version ?? known?.version,
    ...proofOf(stated, trust, fetchedFrom),
  }
}

function proofOf(stated: Said, trust: Checked, url: string | undefined): Pick<HeldRef, 'proof' | 'proven'> {
  if (trust.proven !== undefined) return { proof: 'signature', proven: trust.proven }
  if (stated.proof !== undefined) return { proof: stated.proof, proven: stated.words }
  if (url?.startsWith('https:') === true) return { proof: 'tls', proven: 'TLS to the upstream only' }
  return { proof: 'first-seen', proven: 'pinned at first sight' }
}

/** Upstream's date where it is sane, never before the one that clients have seen, and not the same for other bytes. */
function modifiedOf(headers: Readonly<Record<string, string>>, before: HeldRef | undefined, now: number): number {
  const stated = parseHttpDate(headers['last-modified'] ?? '')
  const date = stated === undefined || stated > now ? now : stated
  const seconds = Math.floor(date / 1000) * 1000
  return before === undefined ? seconds : Math.max(seconds, before.modified + 1000)
}

export const kept = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(storable(headers)).filter(
      // without parameters it is the type of the ref
      ([name, value]) => KEPT.includes(name) || (name === 'content-type' && value.includes(';')),
    ),
  )

/** Printable, and no longer than anybody's. */
const plain = /^[\x20-\x7e]{1,256}$/

/** What clients are told: of a file that is nobody's but upstream's, the type with its parameters, such as the charset. */
export function typeShown({ route }: Resource, type: string, headers: Readonly<Record<string, string>>): string {
  const whole = headers['content-type'] ?? ''
  if (route.unvouched === 'changes' && plain.test(whole) && typeOf(headers) === type) return whole
  return type === '' ? 'application/octet-stream' : type
}

/** Media type without parameters, lower case. */
export const typeOf = (headers: Readonly<Record<string, string>>): string =>
  (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
