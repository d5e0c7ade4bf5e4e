// May a key sign, now? OpenPGP.js judges a key by the time that the signature states; a mirror must judge it by today, as gpgv
// does: a key that was revoked or has expired since does not vouch any more.

import type { AlgorithmInfo, Key, PartialConfig, SignaturePacket, Subkey } from 'openpgp'
import type { Code } from '../errors.ts'

export interface Times {
  /** Milliseconds since 1970. */
  readonly now: number
  /** `accept` lets a key that has expired since vouch for what it signed while it was valid. */
  readonly expiredKey?: 'refuse' | 'accept'
}

export type Standing =
  | { readonly allowed: true; readonly algorithm: string; readonly expired?: number }
  | { readonly allowed: false; readonly code: Code; readonly reason: string }

/** Old vendor keys state no flags; their algorithm then says whether they can sign, as in GnuPG. */
const config: PartialConfig = { allowMissingKeyFlags: true }

/** A revocation counts whatever hash it was made with. */
const anyHash: PartialConfig = { rejectHashAlgorithms: new Set(), rejectMessageHashAlgorithms: new Set() }

/** Whether `signer`, the primary key or a subkey of `certificate`, may vouch for what it signed at `created`. */
export async function standing(
  certificate: Key,
  signer: Key | Subkey,
  created: number,
  { now, expiredKey = 'refuse' }: Times,
): Promise<Standing> {
  const refuse = (code: Code, reason: string): Standing => ({ allowed: false, code, reason })
  const subkey = certificate.subkeys.find((one) => one === signer)
  if (await isRevoked(certificate, subkey, now)) return refuse('REVOKED_KEY', 'the key was revoked')
  if (created < signer.getCreationTime().getTime()) {
    return refuse('NOT_YET_VALID', 'the signature is older than its key')
  }
  const expires = await expiry(certificate, subkey, now)
  if (expires === undefined) return refuse('UNSUPPORTED_KEY', 'the key has no usable self-signature')
  const expired = expires <= now
  if (expired && (expiredKey === 'refuse' || created >= expires)) {
    return refuse('EXPIRED_KEY', `the key expired on ${new Date(expires).toISOString().slice(0, 10)}`)
  }
  // Flags, back-signature, algorithm and size, at the last moment at which the key was valid: refreshed self-signatures are
  // newer than what the key signed.
  const at = new Date(expired ? expires - 1000 : now)
  try {
    const usable = await certificate.getSigningKey(signer.getKeyID(), at, undefined, await defaults())
    if (usable.getFingerprint() !== signer.getFingerprint()) return refuse('UNSUPPORTED_KEY', 'the key id is ambiguous')
  } catch (error) {
    return refuse('UNSUPPORTED_KEY', error instanceof Error ? error.message : String(error))
  }
  const algorithm = algorithmName(signer.getAlgorithmInfo())
  return expired ? { allowed: true, algorithm, expired: expires } : { allowed: true, algorithm }
}

async function isRevoked(certificate: Key, subkey: Subkey | undefined, now: number): Promise<boolean> {
  const { enums } = await import('openpgp')
  const { keyPacket } = certificate
  const soft = new Set<number | null>([enums.reasonForRevocation.keySuperseded, enums.reasonForRevocation.keyRetired])
  const overrides = await defaults(anyHash)
  const counts = async (revocation: SignaturePacket, type: number, data: object): Promise<boolean> => {
    if (revocation.created === null) return false
    if (soft.has(revocation.reasonForRevocationFlag) && revocation.created.getTime() > now) return false
    try {
      await revocation.verify(keyPacket, type, data, revocation.created, false, overrides)
      return true
    } catch {
      // Anyone can append a revocation; only one that the key itself signed counts.
      return false
    }
  }
  for (const revocation of certificate.revocationSignatures) {
    if (await counts(revocation, enums.signature.keyRevocation, { key: keyPacket })) return true
  }
  for (const revocation of subkey?.revocationSignatures ?? []) {
    const data = { key: keyPacket, bind: subkey?.keyPacket }
    if (await counts(revocation, enums.signature.subkeyRevocation, data)) return true
  }
  return false
}

/** When the key expires, in milliseconds since 1970, Infinity for never; undefined without a valid self-signature. */
async function expiry(certificate: Key, subkey: Subkey | undefined, now: number): Promise<number | undefined> {
  const overrides = await defaults()
  const primary = await certificate.getExpirationTime(undefined, overrides)
  const own = subkey === undefined ? primary : await subkey.getExpirationTime(new Date(now), overrides)
  if (primary === null || own === null) return undefined
  return Math.min(Number(primary), Number(own))
}

/** The library's configuration, made whole as its lower functions demand it, with ours on top. */
async function defaults(more: PartialConfig = config) {
  const { config: library } = await import('openpgp')
  return { ...library, ...more }
}

function algorithmName({ algorithm, bits, curve }: AlgorithmInfo): string {
  if (bits !== undefined) return `${algorithm.startsWith('rsa') ? 'rsa' : algorithm}${bits}`
  return (curve ?? algorithm).replace(/Legacy$/, '')
}
