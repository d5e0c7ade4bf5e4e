// What goes wrong on the wire, in our words: no answer, late answer, broken answer. Messages name the host and the
// reason, never the query or a user name, which may be secret.

import { asMirrorError, MirrorError } from '../errors.ts'

/** An address fit for messages and logs: without user name, query and fragment. */
export const plain = (url: URL): string => `${url.origin}${url.pathname}`

const lateCodes = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT'])

// Reasons that are gone a moment later as a rule: the request is sent again.
const passing: Readonly<Record<string, string>> = {
  EAI_AGAIN: 'its name could not be resolved for now',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  EHOSTUNREACH: 'there is no route to it',
  ENETDOWN: 'the network is down',
  ENETUNREACH: 'there is no route to its network',
  EPIPE: 'the connection broke',
  UND_ERR_SOCKET: 'it closed the connection without an answer',
}
const lasting: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name does not resolve',
  UND_ERR_HEADERS_OVERFLOW: 'its header is too large',
  UND_ERR_PRX_TLS: 'the connection to the proxy is not trusted',
}

/** No answer came: UNREACHABLE or TIMEOUT, with the fact `passing` when trying again may help. */
export function unanswered(error: unknown, url: URL, signal: AbortSignal | undefined): MirrorError {
  if (error instanceof MirrorError) return error
  if (signal?.aborted === true) return stopped(signal)
  const code = codeOf(error)
  // a socket that this machine does not open says nothing of upstream
  if (code === 'EMFILE' || code === 'ENFILE') return asMirrorError(error)
  const facts = { url: plain(url), host: url.host, cause: error }
  if (lateCodes.has(code)) {
    const connecting = code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT'
    const what = connecting ? 'the connection took too long' : 'no answer came in time'
    return new MirrorError('TIMEOUT', `${url.host}: ${what}`, { ...facts, passing: connecting })
  }
  if (code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED') return stopped(undefined)
  const turnedAway = /^Proxy [^(]*\((\d{3})\)/.exec(messageOf(error))
  if (turnedAway !== null) {
    const hint = 'Check `proxy` of the repository, its user name and password, and what the proxy allows.'
    return new MirrorError('UNREACHABLE', `${url.host}: the proxy answered ${turnedAway[1]}`, { ...facts, hint })
  }
  if (code === 'UND_ERR_INVALID_ARG') return new MirrorError('FAULT', `${url.host}: ${messageOf(error)}`, facts)
  if (isCertificate(code)) {
    const hint = 'Name the authority that signed its certificate with `ca`, or correct the clock.'
    return new MirrorError('UNREACHABLE', `${url.host}: its certificate is not trusted (${code})`, { ...facts, hint })
  }
  const garbled = code.startsWith('HPE_') ? 'its answer is not proper HTTP' : undefined
  const reason = passing[code] ?? lasting[code] ?? garbled ?? (code || messageOf(error))
  return new MirrorError('UNREACHABLE', `${url.host}: ${reason}`, { ...facts, passing: code in passing })
}

/** The body broke off: TRUNCATED, or TIMEOUT when it merely stalled. `size` is in bytes. */
export function broken(error: unknown, url: URL, size: number, signal: AbortSignal | undefined): MirrorError {
  if (error instanceof MirrorError) return error
  if (signal?.aborted === true) return stopped(signal)
  const code = codeOf(error)
  const facts = { url: plain(url), host: url.host, size, cause: error }
  if (lateCodes.has(code))
    return new MirrorError('TIMEOUT', `${url.host}: the transfer stalled after ${size} bytes`, facts)
  if (code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED') return stopped(undefined)
  return new MirrorError('TRUNCATED', `${url.host}: the transfer broke off after ${size} bytes`, facts)
}

/** The request was called off: by its signal, whose reason is passed on if it is ours, or by the client's end. */
export function stopped(signal: AbortSignal | undefined): MirrorError {
  const reason: unknown = signal?.reason
  return reason instanceof MirrorError
    ? reason
    : new MirrorError('STOPPED', 'the request was called off', { cause: reason })
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : 'unknown error')

// OpenSSL's names for what is wrong with a chain, and Node's for a name that does not fit.
const isCertificate = (code: string): boolean =>
  code.includes('CERT') || code.startsWith('UNABLE_TO_') || code === 'HOSTNAME_MISMATCH'
