// Which secrets go with which address. A secret has a scope, a URL prefix, and is sent nowhere else.

import type { Credentials, Repository } from '../config/types.ts'
import { MirrorError } from '../errors.ts'

type Fields = Readonly<Record<string, string>>

export interface Secrets {
  /** Header fields for this very address, out of the longest scope that holds it. */
  headersFor(url: URL): Fields
}

interface Scope {
  readonly origin: string
  /** Without a trailing slash. */
  readonly path: string
  readonly headers: Fields
}

/** Credentials of one repository; those without a `url` belong to its upstreams. Throws CONFIG for a scope that is no address. */
export function secretsOf(repository: Pick<Repository, 'name' | 'upstreams' | 'credentials'>): Secrets {
  const scopes = repository.credentials
    .flatMap((one) => (one.url === undefined ? repository.upstreams : [one.url]).map((url) => scopeOf(url, one)))
    .sort((a, b) => b.path.length - a.path.length)
  return {
    headersFor: (url) => scopes.find((scope) => holds(scope, url))?.headers ?? {},
  }

  function scopeOf(text: string, credentials: Credentials): Scope {
    const url = URL.parse(text)
    if (url === null) {
      throw new MirrorError('CONFIG', `credentials of repository ${repository.name}: their \`url\` is no address`)
    }
    return { origin: url.origin, path: url.pathname.replace(/\/$/, ''), headers: fieldsOf(credentials) }
  }
}

const holds = (scope: Scope, url: URL): boolean =>
  scope.origin === url.origin && (url.pathname === scope.path || url.pathname.startsWith(`${scope.path}/`))

function fieldsOf(credentials: Credentials): Fields {
  const fields: Record<string, string> = {}
  for (const [name, value] of Object.entries(credentials.headers ?? {})) fields[name.toLowerCase()] = value
  const authorization = authorizationOf(credentials)
  if (authorization !== undefined) fields.authorization = authorization
  return fields
}

function authorizationOf({ authorization, bearer, username, password }: Credentials): string | undefined {
  if (authorization !== undefined) return authorization
  if (bearer !== undefined) return `Bearer ${bearer}`
  if (username === undefined && password === undefined) return undefined
  return `Basic ${Buffer.from(`${username ?? ''}:${password ?? ''}`).toString('base64')}`
}
