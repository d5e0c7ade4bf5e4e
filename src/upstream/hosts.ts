// Where a repository's requests may go: its own upstreams, and the hosts it lists. Addresses that come from documents
// and redirects are judged here before anything is sent.

import { isIP, isIPv4 } from 'node:net'
import type { Repository } from '../config/types.ts'
import { MirrorError } from '../errors.ts'
import { isPublic, notPublic } from './addresses.ts'

/** Which addresses the host's name may resolve to. */
export type Reach = 'anywhere' | 'public'

export interface HostRules {
  /** Throws HOST_REFUSED, naming the host and the fix, when the address may not be asked. */
  reach(url: URL): Reach
  /** The refusal of a host that may be asked where it is public, and is not. */
  notPublic(url: URL): MirrorError
}

interface Pattern {
  readonly host: string
  readonly port: string | undefined
}

/**
 * Rules of one repository. `allowHosts` are `HOST`, `HOST:PORT`, or globs of these; without a port 80 and 443 count.
 * What the operator lists literally may be private, what a declaration lists (`hosts`) may not.
 */
export function hostRules(repository: Pick<Repository, 'name' | 'upstreams' | 'allowHosts' | 'hosts'>): HostRules {
  const own = repository.upstreams.map((upstream) => new URL(upstream))
  const patterns = repository.allowHosts.map(patternOf)
  const declared = (repository.hosts ?? []).map(patternOf)

  const owns = (url: URL): boolean =>
    own.some((one) => one.hostname === url.hostname && (portOf(one) === portOf(url) || isUsualPort(url)))
  const line = (url: URL): string =>
    `repositories: { ${repository.name}: { allow_hosts: ["${isUsualPort(url) ? url.hostname : url.host}"] } }`
  const refusal = (url: URL): MirrorError =>
    notPublic(
      url.hostname,
      `Where your network keeps a copy of it, write into the configuration or the manifest: ${line(url)}`,
    )
  const fits = (pattern: Pattern, url: URL): boolean =>
    matchesGlob(pattern.host, url.hostname) &&
    (pattern.port === undefined ? isUsualPort(url) : pattern.port === portOf(url))

  return {
    reach(url) {
      if (owns(url)) return 'anywhere'
      const named = patterns.filter((pattern) => fits(pattern, url))
      if (named.some((pattern) => !pattern.host.includes('*'))) return 'anywhere'
      const isDeclared = declared.some((pattern) => fits(pattern, url))
      if (named.length === 0 && !isDeclared) {
        throw new MirrorError(
          'HOST_REFUSED',
          `${url.host} is not a host that repository ${repository.name} may be led to`,
          {
            host: url.host,
            hint: `If it is right, write into the configuration or the manifest: ${line(url)}`,
          },
        )
      }
      if (!mayBePublic(url.hostname)) throw refusal(url)
      return 'public'
    },
    notPublic: refusal,
  }
}

/**
 * An http or https address out of a document, a redirect or a configuration; relative to `base` when there is one.
 * Throws HOST_REFUSED for other schemes, user names in the address, a trailing dot, and numbers that only a lenient
 * parser takes for an IPv4 address (`http://2130706433/`, `http://0x7f.1/`).
 */
export function addressOf(text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href)
  if (url === null) throw refused('an address that cannot be read')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refused(`an address of scheme ${url.protocol}`)
  if (url.username !== '' || url.password !== '') {
    throw refused(`${url.host} with a user name in the address`, 'Put user name and password under `credentials`.')
  }
  if (url.hostname.endsWith('.')) throw refused(`${url.host} with a trailing dot`)
  const written = /^[^/?#]*\/\/([^/?#]*)/.exec(text)?.[1]
  if (isIPv4(url.hostname) && written !== undefined && written.replace(/:\d*$/, '') !== url.hostname) {
    throw refused(`${url.hostname} in an odd spelling`)
  }
  url.hash = ''
  return url
}

const refused = (what: string, hint = 'No setting opens this; the document or redirect is broken or hostile.') =>
  new MirrorError('HOST_REFUSED', `${what} was refused`, { hint })

const portOf = (url: URL): string => url.port || (url.protocol === 'https:' ? '443' : '80')
const isUsualPort = (url: URL): boolean => ['80', '443'].includes(portOf(url))

function patternOf(text: string): Pattern {
  const port = /:(\d+)$/.exec(text)?.[1]
  const host = port === undefined ? text : text.slice(0, -port.length - 1)
  return { host: host.toLowerCase(), port }
}

/** Behind a proxy no lookup happens here, so what the name alone tells is judged at once. */
function mayBePublic(hostname: string): boolean {
  const literal = hostname.replace(/^\[|\]$/g, '')
  if (isIP(literal) !== 0) return isPublic(literal)
  return hostname !== 'localhost' && !hostname.endsWith('.localhost')
}

/** `*` stands for any text, dots included. Pieces are sought from left to right, so the time is linear. */
function matchesGlob(glob: string, text: string): boolean {
  const pieces = glob.split('*')
  const [first = '', ...others] = pieces
  const last = others.pop()
  if (last === undefined) return glob === text
  if (!text.startsWith(first) || !text.endsWith(last)) return false
  let from = first.length
  for (const piece of others) {
    const found = text.indexOf(piece, from)
    if (found < 0) return false
    from = found + piece.length
  }
  return from + last.length <= text.length
}
