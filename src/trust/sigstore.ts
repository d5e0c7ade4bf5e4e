// Sigstore bundles (https://docs.sigstore.dev/about/bundle/), verified without a network against a trust root that is a file:
// who signed, and that a transparency log has it on record. The library checks certificates, log entries and the signature;
// what it leaves to its caller — bounds, whose signature counts, the clock, the artifact's digest — is looked at here.

import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { Bundle } from '@sigstore/bundle'
import type { Signer as Proven, SignedEntity } from '@sigstore/verify'
import { type Code, MirrorError } from '../errors.ts'
import { compileGlob } from '../formats/glob.ts'
import { malformed, type Over, signatureOf } from './bundle-signature.ts'
import { claimsOf, signsCode } from './fulcio.ts'
import { checkEntries, mustNameSigner } from './log-entry.ts'
import type { TrustRoot } from './trust-root.ts'

/** A signing key by itself, without a certificate: a registry's. */
export interface SigningKey {
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array
  /** What it signs from this moment on does not count; milliseconds since 1970. */
  readonly until?: number
}

/** Whose signatures count. */
export interface SignerPattern {
  /** The identity provider, as it stands in the certificate. */
  readonly issuer: string
  /** The address or e-mail address that the certificate is for: a glob (src/formats/glob.ts). */
  readonly subject: string
}

export interface Wanted {
  readonly root: TrustRoot
  readonly over: Over
  /** Any one of these may have signed; whoever the root certifies when left out. */
  readonly signers?: readonly SignerPattern[]
  /** The key of a hint; undefined when it is not trusted. Left out, nothing but certificates counts. */
  readonly key?: (hint: string) => SigningKey | undefined
  /** Milliseconds since 1970. */
  readonly now: number
}

export interface Certified {
  readonly subject: string
  readonly issuer: string
  /** What else the certificate says of the signer, by the names of src/trust/fulcio.ts. */
  readonly claims: ReadonlyMap<string, string>
}

export interface Verified {
  readonly signer: Certified | { readonly keyId: string }
  /** When a log or a timestamp authority saw it first; milliseconds since 1970. */
  readonly signedAt: number
  /** Where the log has it; undefined for a root without logs. */
  readonly logIndex: string | undefined
  /** The payload of an envelope; undefined for a signature over bytes. */
  readonly payload: Uint8Array | undefined
}

const mostCertificate = 32 * 1024
const mostTimestamps = 8
const longestSubject = 2048
const tomorrow = 24 * 60 * 60 * 1000

/**
 * Verifies a bundle, parsed JSON of any version up to 0.3. Throws BAD_FRAMING for what is no bundle or not over what was
 * wanted, NO_SIGNATURE when no log or time stamp vouches for it, BAD_SIGNATURE for what does not fit, UNKNOWN_KEY for a signer
 * that does not count, EXPIRED_KEY for one that signed after its end, UNSUPPORTED_KEY, NOT_YET_VALID, and WRONG_DIGEST when
 * the artifact is another than the signed one.
 */
export async function verifyBundle(json: unknown, wanted: Wanted): Promise<Verified> {
  const { Verifier, toSignedEntity } = await import('@sigstore/verify')
  const bundle = await parse(json)
  const payload = payloadOf(bundle, wanted)
  const signer = signerOf(bundle, wanted)
  const { tlogEntries } = bundle.verificationMaterial
  const entity = framed(() => toSignedEntity(bundle, Buffer.alloc(0)))
  const times = framed(() => timesOf(entity))
  framed(() => mustBeKnown(entity, wanted.root))
  const signature = await signatureOf(bundle, wanted.over, signer.publicKey)
  const { material } = wanted.root
  // A root that names no log of a kind, as that of a private Sigstore may, cannot demand an entry in one.
  const verifier = new Verifier(
    { ...material, publicKey: () => timed(signer) },
    { tlogThreshold: Math.min(1, material.tlogs.length), ctlogThreshold: Math.min(1, material.ctlogs.length) },
  )
  let proven: Proven
  try {
    proven = verifier.verify({ ...entity, signature })
  } catch (error) {
    throw refusal(error, signer, times)
  }
  mustNameSigner(tlogEntries, signer.certificate ?? signer.publicKey)
  if (Math.max(...times) > wanted.now + tomorrow) {
    throw new MirrorError('NOT_YET_VALID', 'The signature was recorded in the future.')
  }
  const who = signer.certificate === undefined ? { keyId: signer.keyId } : certified(signer.certificate, proven)
  mustCount(who, wanted)
  return { signer: who, signedAt: Math.min(...times), logIndex: tlogEntries[0]?.logIndex, payload }
}

/** `SUBJECT, certified for ISSUER`, or the key id, for reports. */
export const nameOf = (signer: Verified['signer']): string =>
  'keyId' in signer ? signer.keyId : `${signer.subject} (${signer.issuer})`

/**
 * Throws UNKNOWN_KEY for a log or a time stamp authority that the root does not name: a root that is out of date must not make
 * a good signature look like a bad one.
 */
function mustBeKnown({ tlogEntries, timestamps }: SignedEntity, { material }: TrustRoot): void {
  const unknown = (what: string): MirrorError =>
    new MirrorError('UNKNOWN_KEY', `The trust root does not name the ${what} that vouches for the signature.`, {
      hint: 'Update the Sigstore trust root (docs/keyrings.md).',
    })
  for (const { logId } of tlogEntries) {
    if (!material.tlogs.some(({ logID }) => logID.equals(logId.keyId))) throw unknown('log')
  }
  for (const stamp of timestamps) {
    if (stamp.$case !== 'timestamp-authority') continue
    const { signerSerialNumber, signerIssuer } = stamp.timestamp
    const known = material.timestampAuthorities.some(
      ({ certChain: [leaf] }) => leaf?.serialNumber.equals(signerSerialNumber) && leaf.issuer.equals(signerIssuer),
    )
    if (!known) throw unknown('time stamp authority')
  }
}

/** The library throws whatever comes up for bytes that are not of their format. */
function framed<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof MirrorError) throw cause
    throw malformed('The Sigstore bundle is malformed.', cause)
  }
}

async function parse(json: unknown): Promise<Bundle> {
  const { bundleFromJSON } = await import('@sigstore/bundle')
  const bundle = framed(() => bundleFromJSON(json))
  const { tlogEntries, timestampVerificationData } = bundle.verificationMaterial
  checkEntries(tlogEntries)
  if ((timestampVerificationData?.rfc3161Timestamps.length ?? 0) > mostTimestamps) {
    throw malformed(`The Sigstore bundle holds more than ${mostTimestamps} time stamps.`)
  }
  return bundle
}

function payloadOf({ content }: Bundle, { over }: Wanted): Uint8Array | undefined {
  if (content.$case === 'messageSignature') {
    if ('artifact' in over) return undefined
    throw malformed('The Sigstore bundle signs bytes, not an envelope.')
  }
  const { payload, payloadType } = content.dsseEnvelope
  if ('artifact' in over) throw malformed('The Sigstore bundle signs an envelope, not bytes.')
  if (payloadType === over.payloadType) return payload
  throw malformed(`The signed envelope holds ${JSON.stringify(payloadType)}, not ${over.payloadType}.`)
}

type Signer =
  | { readonly publicKey: KeyObject; readonly certificate: X509Certificate }
  | { readonly publicKey: KeyObject; readonly certificate?: never; readonly keyId: string; readonly until: number }

function signerOf({ verificationMaterial }: Bundle, { key }: Wanted): Signer {
  const { content } = verificationMaterial
  if (content.$case === 'publicKey') {
    const { hint } = content.publicKey
    const known = key?.(hint)
    if (known === undefined) {
      throw new MirrorError('UNKNOWN_KEY', `It is signed by the key ${JSON.stringify(hint)}, which is not trusted.`)
    }
    return { publicKey: readKey(known), keyId: hint, until: known.until ?? Number.POSITIVE_INFINITY }
  }
  const raw =
    content.$case === 'certificate'
      ? content.certificate.rawBytes
      : (content.x509CertificateChain.certificates[0]?.rawBytes ?? Buffer.of())
  if (raw.length > mostCertificate) throw malformed('The certificate of the Sigstore bundle is too large.')
  return framed(() => {
    const certificate = new X509Certificate(raw)
    return { certificate, publicKey: certificate.publicKey }
  })
}

function readKey({ spki }: SigningKey): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  } catch (cause) {
    throw new MirrorError('UNSUPPORTED_KEY', 'The signing key cannot be read.', { cause })
  }
}

/** A signing key as the library wants it. */
const timed = (signer: Signer) => ({
  publicKey: signer.publicKey,
  validFor: (time: Date) => signer.certificate === undefined && time.getTime() < signer.until,
})

/**
 * When logs and time stamp authorities, whose word the library verifies, say that they saw the signature. Without its promise
 * nothing vouches for the time of a log entry.
 */
function timesOf({ timestamps }: SignedEntity): readonly number[] {
  return timestamps.flatMap((one) => {
    if (one.$case === 'timestamp-authority') return [one.timestamp.signingTime.getTime()]
    return one.tlogEntry.inclusionPromise === undefined ? [] : [Number(one.tlogEntry.integratedTime) * 1000]
  })
}

/** What the library's refusals mean here, by their code. */
const codes: Readonly<Record<string, Code>> = {
  TIMESTAMP_ERROR: 'BAD_SIGNATURE',
  CERTIFICATE_ERROR: 'UNKNOWN_KEY',
  PUBLIC_KEY_ERROR: 'UNKNOWN_KEY',
  TLOG_ERROR: 'NO_SIGNATURE',
  TLOG_MISSING_INCLUSION_ERROR: 'NO_SIGNATURE',
  TLOG_INCLUSION_PROOF_ERROR: 'BAD_SIGNATURE',
  TLOG_INCLUSION_PROMISE_ERROR: 'BAD_SIGNATURE',
  TLOG_BODY_ERROR: 'BAD_SIGNATURE',
  SIGNATURE_ERROR: 'BAD_SIGNATURE',
}

function refusal(error: unknown, signer: Signer, times: readonly number[]): MirrorError {
  if (error instanceof MirrorError) return error
  const code = error instanceof Error && 'code' in error ? codes[String(error.code)] : undefined
  const text = error instanceof Error ? error.message : String(error)
  if (code === undefined) return malformed('The Sigstore bundle is malformed.', error)
  if (times.length === 0) {
    return new MirrorError('NO_SIGNATURE', 'Neither a log nor a time stamp vouches for the time of the signature.')
  }
  if (code === 'UNKNOWN_KEY' && times.some((time) => !within(signer, time))) {
    return new MirrorError('EXPIRED_KEY', 'It was signed outside the time in which its certificate or key counts.')
  }
  const hint =
    code === 'UNKNOWN_KEY'
      ? 'Update the Sigstore trust root, or name the one that it belongs to (docs/keyrings.md).'
      : undefined
  return new MirrorError(code, `The Sigstore bundle does not hold: ${text}.`, { cause: error, hint })
}

function within(signer: Signer, time: number): boolean {
  if (signer.certificate === undefined) return time < signer.until
  const { validFrom, validTo } = signer.certificate
  return Date.parse(validFrom) <= time && time <= Date.parse(validTo)
}

function certified(certificate: X509Certificate, { identity }: Proven): Certified {
  const claims = claimsOf(identity?.oids ?? [])
  const subject = identity?.subjectAlternativeName
  const issuer = claims.get('issuer')
  if (!signsCode(certificate) || subject === undefined || subject.length > longestSubject || issuer === undefined) {
    throw new MirrorError('UNKNOWN_KEY', 'The certificate is not one for signing, or does not say for whom it is.')
  }
  return { subject, issuer, claims }
}

function mustCount(who: Verified['signer'], { signers }: Wanted): void {
  if (signers === undefined) return
  const counts =
    !('keyId' in who) &&
    signers.some(({ issuer, subject }) => issuer === who.issuer && compileGlob(subject)(who.subject))
  if (counts) return
  throw new MirrorError('UNKNOWN_KEY', `It is signed by ${nameOf(who)}, whose signature does not count here.`, {
    hint: 'Check who is meant to sign it, and the signers that the configuration names.',
  })
}
