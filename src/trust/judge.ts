// One signature: which key made it, does it fit the data, and may that key vouch today? Nothing here throws for a bad
// signature; what is wrong is the answer.

import type { Key, SignaturePacket } from 'openpgp'
import { type Code, MirrorError } from '../errors.ts'
import { type Certificate, keyIdOf } from './certificates.ts'
import type { Packet } from './packets.ts'
import { standing, type Times } from './validity.ts'

export interface Signer {
  /** Of the signing key, in upper-case hex: a subkey, or the primary key itself. */
  readonly fingerprint: string
  /** Of the primary key. */
  readonly primary: string
  /** `rsa4096`, `ed25519`, `nistP256` … */
  readonly algorithm: string
  /** `sha256`, `sha512` … */
  readonly hash: string
  /** When the signature says it was made; milliseconds since 1970. */
  readonly created: number
  /** The key has expired at this time and was accepted all the same. */
  readonly expired?: number
}

export interface Rejected {
  readonly reason: string
  readonly code: Code
  /** In upper-case hex; '' when the signature names none. */
  readonly keyId: string
}

export type Judgement = { readonly signer: Signer } | { readonly rejected: Rejected }

/** Hash algorithms by number (RFC 9580 §9.5), as Node calls them. */
export const hashNames: Readonly<Record<number, string>> = {
  8: 'sha256',
  9: 'sha384',
  10: 'sha512',
  11: 'sha224',
  12: 'sha3-256',
  14: 'sha3-512',
}
const weakHashes: Readonly<Record<number, string>> = { 1: 'md5', 2: 'sha1', 3: 'ripemd160' }

/** Curves that the library cannot check in Node, where it would say that the signature is bad. */
const uncheckedCurves = /^(brainpool|secp256k1)/

/** What was signed. */
export interface Message {
  /** Readies a signature for its verification; returns the data that it is verified over. Undefined: it cannot be. */
  ready(signature: SignaturePacket): Promise<object | undefined>
}

const tomorrow = 24 * 60 * 60 * 1000

/** Judges one signature packet over a message. Throws BAD_FRAMING for a packet that cannot be read. */
export async function judge(
  packet: Packet,
  message: Message,
  certificates: readonly Certificate[],
  times: Times,
): Promise<Judgement> {
  const signature = await parse(packet)
  if (signature === undefined)
    return reject('', 'UNSUPPORTED_KEY', 'the version or algorithm of a signature is not supported')
  const keyId = signature.issuerKeyID.toHex().toUpperCase()
  const fault = faultOf(signature)
  if (fault !== undefined) return reject(keyId, 'UNSUPPORTED_KEY', fault)
  const candidates = candidatesFor(signature, keyId, certificates)
  if (candidates.length === 0) return reject(keyId, 'UNKNOWN_KEY', 'the signing key is not in the keyring')
  const judgements: Judgement[] = []
  for (const candidate of candidates) judgements.push(await judgeBy(candidate, signature, message, times))
  // A keyring may hold the same key twice, revoked in one copy only.
  const codes = (judgement: Judgement) => ('signer' in judgement ? 'good' : judgement.rejected.code)
  const first = (code: Code | 'good') => judgements.find((judgement) => codes(judgement) === code)
  return first('REVOKED_KEY') ?? first('good') ?? judgements[0] ?? reject(keyId, 'UNKNOWN_KEY', 'no key fits')
}

async function parse(packet: Packet): Promise<SignaturePacket | undefined> {
  const openpgp = await import('openpgp')
  try {
    const { packets } = await openpgp.readSignature({ binarySignature: packet.whole })
    return packets[0] instanceof openpgp.SignaturePacket ? packets[0] : undefined
  } catch (cause) {
    throw new MirrorError('BAD_FRAMING', 'A signature packet is malformed.', { cause })
  }
}

/** Why a signature cannot count, whoever made it. */
function faultOf(signature: SignaturePacket): string | undefined {
  // Binary and text signatures over documents (RFC 9580 §5.2.1); all others speak of keys.
  if (signature.signatureType !== 0 && signature.signatureType !== 1) return 'the signature is not one over a document'
  const hash = signature.hashAlgorithm ?? 0
  if (weakHashes[hash] !== undefined) return `the signature uses ${weakHashes[hash]}, which is broken`
  if (hashNames[hash] === undefined) return `hash algorithm ${hash} is not supported`
  // What is critical and not understood forbids use (RFC 9580 §5.2.3.7). No notation is understood here.
  if (signature.unknownSubpackets.some(({ critical }) => critical))
    return 'the signature has a critical part that is not supported'
  if (signature.rawNotations.some(({ critical }) => critical))
    return 'the signature has a critical notation that is not supported'
  return undefined
}

interface Candidate {
  readonly certificate: Certificate
  readonly fingerprint: string
}

/** Key ids are short enough to be forged, so the issuer's fingerprint decides wherever the signature states it. */
function candidatesFor(signature: SignaturePacket, keyId: string, certificates: readonly Certificate[]): Candidate[] {
  const { issuerFingerprint } = signature
  const stated = issuerFingerprint === null ? undefined : Buffer.from(issuerFingerprint).toString('hex').toUpperCase()
  const found: Candidate[] = []
  for (const certificate of certificates) {
    for (const fingerprint of certificate.fingerprints) {
      if (stated === undefined ? keyIdOf(fingerprint) === keyId : fingerprint === stated) {
        found.push({ certificate, fingerprint })
      }
    }
  }
  return found
}

async function judgeBy(
  { certificate, fingerprint }: Candidate,
  signature: SignaturePacket,
  message: Message,
  times: Times,
): Promise<Judgement> {
  const no = (code: Code, reason: string) => reject(keyIdOf(fingerprint), code, reason)
  let key: Key
  try {
    key = await certificate.key()
  } catch (error) {
    return no('UNSUPPORTED_KEY', `the key cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
  const signer = [key, ...key.subkeys].find((one) => one.getFingerprint().toUpperCase() === fingerprint)
  if (signer === undefined) return no('UNSUPPORTED_KEY', 'the key is of a kind that is not supported')
  const { curve = '' } = signer.getAlgorithmInfo()
  if (uncheckedCurves.test(curve)) return no('UNSUPPORTED_KEY', `keys on curve ${curve} are not supported`)
  const created = signature.created?.getTime() ?? 0
  const data = await message.ready(signature)
  if (data === undefined) return no('UNSUPPORTED_KEY', 'signatures of this version or type are not supported here')
  try {
    const { config } = await import('openpgp')
    // Judged at its own time: the clock is looked at below.
    await signature.verify(signer.keyPacket, signature.signatureType ?? 0, data, new Date(created), true, config)
  } catch (error) {
    // The library refuses a hash that is short for the curve before it looks at the signature.
    if (error instanceof Error && error.message.includes('too weak')) return no('UNSUPPORTED_KEY', error.message)
    return no('BAD_SIGNATURE', 'the signature does not fit the document')
  }
  if (created > times.now + tomorrow) return no('NOT_YET_VALID', 'the signature was made in the future')
  if (Number(signature.getExpirationTime()) <= times.now) return no('EXPIRED_KEY', 'the signature has expired')
  const verdict = await standing(key, signer, created, times)
  if (!verdict.allowed) return no(verdict.code, verdict.reason)
  const { algorithm, expired } = verdict
  const hash = hashNames[signature.hashAlgorithm ?? 0] ?? ''
  const primary = key.getFingerprint().toUpperCase()
  return { signer: { fingerprint, primary, algorithm, hash, created, ...(expired === undefined ? {} : { expired }) } }
}

function reject(keyId: string, code: Code, reason: string): Judgement {
  return { rejected: { keyId, code, reason } }
}
