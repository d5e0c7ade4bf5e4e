// Answers a Bearer challenge: a 401 names a token server (the realm), which gives out a short-lived token.
// Source: RFC 6750 §3 and RFC 9110 §11.6.1 for the challenge; the Distribution token specification for what follows.

import { discard } from './body.ts'
import type { Ask } from './client.ts'
import type { Secrets } from './credentials.ts'
import type { Hop, Reply, Send } from './hop.ts'
import { addressOf } from './hosts.ts'

interface Challenge {
  readonly realm: string
  readonly service?: string
  readonly scope?: string
}

interface Token {
  readonly authorization: string
  /** Milliseconds since 1970. */
  readonly until: number
}

const mostTokens = 1000
const mostBytes = 64 * 1024
const shortestLife = 60_000

/**
 * Sends a request again with a token when it is answered with a Bearer challenge; once. When no token is to be had,
 * the 401 is the answer. The realm is an address like any from a document: the host rules apply.
 */
export function answering(next: Send, secretsOf: (hop: Hop) => Secrets): Send {
  const tokens = new Map<string, Token>()

  return async (hop) => {
    if (hop.ask.headers?.authorization !== undefined) return next(hop)
    const place = placeOf(hop)
    const held = tokens.get(place)
    const fresh = held !== undefined && held.until > Date.now()
    const reply = await next(fresh ? { ...hop, authorization: held.authorization } : hop)
    if (reply.status !== 401) return reply
    tokens.delete(place)
    const challenge = parseChallenge(reply.headers['www-authenticate'])
    if (challenge === undefined) return reply
    const token = await fetchToken(hop, challenge).catch(async (error: unknown) => {
      await discard(reply)
      throw error
    })
    if (token === undefined) return reply
    await discard(reply)
    remember(place, token)
    return next({ ...hop, authorization: token.authorization })
  }

  function remember(place: string, token: Token): void {
    for (const oldest of tokens.keys()) {
      if (tokens.size < mostTokens) break
      tokens.delete(oldest)
    }
    tokens.set(place, token)
  }

  async function fetchToken(hop: Hop, { realm, service, scope }: Challenge): Promise<Token | undefined> {
    const url = addressOf(realm)
    if (url.protocol !== 'https:' && url.origin !== hop.url.origin) return undefined
    if (service !== undefined) url.searchParams.set('service', service)
    // several are parted by blanks in the challenge, and asked for one by one
    for (const one of scope?.split(/\s+/) ?? []) if (one !== '') url.searchParams.append('scope', one)
    const { repo, signal } = hop.ask
    const ask: Ask = { url: url.href, repo, guarded: true, ...(signal === undefined ? {} : { signal }) }
    const authorization = loginFor(url, hop)
    const reply = await next({ ask, url, guarded: true, ...(authorization === undefined ? {} : { authorization }) })
    if (reply.status === 200) return tokenOf(await documentOf(reply))
    await discard(reply)
    return undefined
  }

  /**
   * The realm's own credentials are sent with it anyway. Without such, the registry's name and password go to the
   * realm that the registry names: that is the protocol, and the registry knows them.
   */
  function loginFor(realm: URL, hop: Hop): string | undefined {
    const secrets = secretsOf(hop)
    if (secrets.headersFor(realm).authorization !== undefined) return undefined
    const { authorization } = secrets.headersFor(hop.url)
    return authorization?.startsWith('Basic ') ? authorization : undefined
  }
}

/** Tokens are given out per repository of a registry: what is before the last two segments of `/v2/NAME/blobs/DIGEST`. */
function placeOf({ ask, url }: Hop): string {
  return JSON.stringify([ask.repo, url.origin, url.pathname.split('/').slice(0, -2).join('/')])
}

/** The Bearer challenge out of a WWW-Authenticate field, which may hold several; undefined when there is none. */
export function parseChallenge(field: string | undefined): Challenge | undefined {
  if (field === undefined || field.length > 4096) return undefined
  const pattern = /[\s,]*([\w!#$%&'*+.^`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+)))?/y
  const parameters = new Map<string, string>()
  let scheme = ''
  for (let found = pattern.exec(field); found !== null; found = pattern.exec(field)) {
    const [, name = '', quoted, bare] = found
    const value = quoted?.replace(/\\(.)/g, '$1') ?? bare
    if (value === undefined) scheme = name.toLowerCase()
    else if (scheme === 'bearer') parameters.set(name.toLowerCase(), value)
  }
  const realm = parameters.get('realm')
  if (realm === undefined) return undefined
  const service = parameters.get('service')
  const scope = parameters.get('scope')
  return { realm, ...(service === undefined ? {} : { service }), ...(scope === undefined ? {} : { scope }) }
}

async function documentOf(reply: Reply): Promise<unknown> {
  const pieces: Uint8Array[] = []
  let size = 0
  try {
    for await (const piece of reply.body as AsyncIterable<Uint8Array>) {
      size += piece.length
      if (size > mostBytes) return undefined
      pieces.push(piece)
    }
    return JSON.parse(Buffer.concat(pieces).toString())
  } catch {
    return undefined
  }
}

function tokenOf(document: unknown): Token | undefined {
  if (typeof document !== 'object' || document === null) return undefined
  const said = document as Readonly<Record<string, unknown>>
  const token = said.token ?? said.access_token
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) return undefined
  const life = typeof said.expires_in === 'number' ? said.expires_in * 1000 : shortestLife
  // A tenth is left over for the way and for clocks.
  return { authorization: `Bearer ${token}`, until: Date.now() + Math.max(life, shortestLife) * 0.9 }
}
