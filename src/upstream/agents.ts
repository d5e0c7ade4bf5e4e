// Connections: one pool for each distinct set of network settings, and of those one that goes anywhere and one that
// goes to public addresses alone. Certificates, client keys and outbound proxies are settled here.

import { readFileSync } from 'node:fs'
import type { LookupFunction } from 'node:net'
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'
import type { Dispatcher } from 'undici'
import type { Network } from '../config/types.ts'
import { MirrorError } from '../errors.ts'
import { publicLookup } from './addresses.ts'
import type { Reach } from './hosts.ts'

type Undici = typeof import('undici')

export interface Agents {
  agentFor(network: Network, reach: Reach): Promise<Dispatcher>
  /** Breaks off what is under way. */
  close(): Promise<void>
}

const headerBytes = 64 * 1024

let loaded: Promise<Undici> | undefined
/** Loaded with the first request: it takes 27 MiB and half the time of a start, and a mirror may never ask anybody. */
export function undici(): Promise<Undici> {
  loaded ??= import('undici').catch((error: unknown) => {
    loaded = undefined
    throw error
  })
  return loaded
}

/** `lookup` resolves names in place of the system. */
export function createAgents(lookup?: LookupFunction): Agents {
  const agents = new Map<string, Dispatcher>()
  return {
    async agentFor(network, reach) {
      const library = await undici()
      const { proxy, ca, cert, key, timeouts } = network
      const id = JSON.stringify([proxy, ca, cert, key, timeouts.connect, reach])
      const known = agents.get(id)
      if (known !== undefined) return known
      const made = agentOf(library, network, reach === 'public' ? publicLookup(lookup) : lookup)
      agents.set(id, made)
      return made
    },
    async close() {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()))
    },
  }
}

/** Through a proxy it is the proxy that resolves names; the host rules have judged name and literal addresses before. */
function agentOf(
  { Agent, EnvHttpProxyAgent, ProxyAgent }: Undici,
  network: Network,
  lookup: LookupFunction | undefined,
): Dispatcher {
  const connectTimeout = inUndiciTerms(network.timeouts.connect)
  const secureContext = secureContextOf(network)
  const secure = secureContext === undefined ? {} : { secureContext }
  const options = { allowH2: false, maxHeaderSize: headerBytes, connectTimeout }
  const connect = { ...secure, timeout: connectTimeout, ...(lookup === undefined ? {} : { lookup }) }
  if (network.proxy === undefined) return new Agent({ ...options, connect })
  const proxied = { ...options, requestTls: secure, proxyTls: secure }
  if (network.proxy === 'env') return new EnvHttpProxyAgent({ ...proxied, connect })
  return new ProxyAgent({ ...proxied, uri: network.proxy })
}

/** undici writes "no limit" as 0. */
export const inUndiciTerms = (milliseconds: number): number => (Number.isFinite(milliseconds) ? milliseconds : 0)

/** Our own certificates and key, when there are any; made once, for reading all authorities takes milliseconds. */
function secureContextOf({ ca, cert, key }: Network): SecureContext | undefined {
  if (ca === undefined && cert === undefined && key === undefined) return undefined
  try {
    return createSecureContext({
      // Naming an authority would replace the known ones, NODE_EXTRA_CA_CERTS among them.
      ...(ca === undefined ? {} : { ca: [...getCACertificates('default'), read(ca)] }),
      ...(cert === undefined ? {} : { cert: read(cert) }),
      ...(key === undefined ? {} : { key: read(key) }),
    })
  } catch (error) {
    if (error instanceof MirrorError) throw error
    const files = [ca, cert, key].filter((name) => name !== undefined).join(', ')
    throw new MirrorError('CONFIG', `certificate or key is not usable: ${files}`, { cause: error })
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new MirrorError('CONFIG', `${file} cannot be read`, { file, cause: error })
  }
}
