// What a request asks for, and which requests are refused before anybody looks at them. RFC 9112 §3.2 (targets), §6.3
// (bodies): what Node's parser lets through and two readers could understand differently is refused, never repaired.

import type { IncomingMessage } from 'node:http'
import { MirrorError } from '../errors.ts'
import { decodePath } from '../formats/safe-path.ts'
import { readWeighted } from './quality.ts'

export interface Target {
  /** As it was sent: still percent-encoded, without the query. */
  readonly path: string
  /** The same, decoded exactly once, with no segment that could lead elsewhere. */
  readonly decoded: string
  readonly query: URLSearchParams
  /** `HOST[:PORT]` in lower case; of the target itself when that is absolute, as it then overrides the Host field. */
  readonly host?: string
  /** The whole address, when a client uses us as its proxy. */
  readonly absolute?: URL
}

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST'])

/** Reading accepts a name, an IPv4 or a bracketed IPv6 address, and a port. */
const authority = /^(?:[a-z0-9._~-]{1,255}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i
/** The printable part of ASCII: everything else has to be percent-encoded in a target. */
const printable = /^[\x21-\x7e]+$/
const absoluteForm = /^(https?):\/\/([^/?#]*)([^?#]*)/i

/**
 * Reads the target in origin-form (`/path?query`) or absolute-form (`http://host/path`).
 * Throws METHOD for other methods than GET, HEAD and POST, BAD_REQUEST for what no honest client sends, BAD_PATH for a
 * path that could lead elsewhere. After BAD_REQUEST the connection cannot be trusted: answer with `Connection: close`.
 */
export function readTarget(request: IncomingMessage): Target {
  const { method = '', url = '' } = request
  if (!methods.has(method)) throw new MirrorError('METHOD', `${method} is not served here.`)
  refuseAmbiguousFraming(request)
  if (!printable.test(url) || url.includes('#'))
    throw malformed('The request target holds what must be percent-encoded.')

  const field = hostOf(request)
  const mark = url.indexOf('?')
  const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1))
  if (url.startsWith('/')) {
    const path = mark < 0 ? url : url.slice(0, mark)
    return { path, decoded: decodePath(path), query, ...(field === undefined ? {} : { host: field }) }
  }

  const [, scheme = '', host = '', rest = ''] = absoluteForm.exec(url) ?? []
  if (scheme === '') throw malformed('The request target is neither a path nor an http address.')
  if (!authority.test(host)) throw malformed('The request target names no plain host.')
  const path = rest === '' ? '/' : rest
  const search = mark < 0 ? '' : url.slice(mark)
  const absolute = URL.parse(`${scheme}://${host}${path}${search}`)
  if (absolute === null) throw malformed('The request target names no valid host.')
  return { path, decoded: decodePath(path), query, host: host.toLowerCase(), absolute }
}

/** Says neither of its hosts nor of its body anything that could be refused: a target that was read once is as good again. */
export const isPlain = ({ rawHeaders, headers }: IncomingMessage): boolean =>
  headers['content-length'] === undefined && headers['transfer-encoding'] === undefined && hostsIn(rawHeaders) === 1

/** Node takes the first of two Host fields and says nothing of the other. */
function hostsIn(rawHeaders: readonly string[]): number {
  let fields = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]
    if (name?.length === 4 && name.toLowerCase() === 'host') fields += 1
  }
  return fields
}

function hostOf({ rawHeaders, headers }: IncomingMessage): string | undefined {
  if (hostsIn(rawHeaders) > 1) throw malformed('The request has more than one Host field.')
  const host = headers.host ?? ''
  if (host === '') return undefined
  if (!authority.test(host)) throw malformed('The Host field names no plain host.')
  return host.toLowerCase()
}

function refuseAmbiguousFraming({ method, headers }: IncomingMessage): void {
  const coding = headers['transfer-encoding']
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    throw malformed('The request body has a transfer coding other than chunked.')
  if (method === 'POST') return
  const length = headers['content-length'] ?? '0'
  if (coding !== undefined || !/^0+$/.test(length)) throw malformed(`A ${method} request has no body.`)
}

const malformed = (message: string): MirrorError => new MirrorError('BAD_REQUEST', message)

/**
 * The media type to answer with, one of `types`. The most welcome wins; among equals what the client names itself, then
 * the order of `types`. The first is the default, also when nothing fits: no package client copes with 406.
 * RFC 9110 §12.5.1; parameters other than the weight are not looked at.
 */
export function negotiate(accept: string | undefined, types: readonly string[]): string {
  const [fallback = ''] = types
  if (accept === undefined || types.length < 2) return fallback
  const asked = new Map<string, number>()
  for (const { name, quality } of readWeighted(accept)) asked.set(name, quality)

  let chosen = fallback
  let best = 0
  for (const type of types) {
    const [family = ''] = type.split('/')
    const patterns = [type.toLowerCase(), `${family.toLowerCase()}/*`, '*/*']
    const found = patterns.findIndex((pattern) => asked.has(pattern))
    const quality = asked.get(patterns[found] ?? '') ?? 0
    // A thousandth is the finest weight there is: specificity only decides between equal weights.
    const score = quality === 0 ? 0 : quality * 10_000 - found
    if (score <= best) continue
    chosen = type
    best = score
  }
  return chosen
}
