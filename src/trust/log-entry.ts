// Entries of a transparency log (Rekor) inside a Sigstore bundle: bounded before the library reads them, and held against the
// signer afterwards. The library proves that the log holds an entry for this signature; that the entry names this signer too
// is looked at here, as other verifiers do.
// https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_rekor.proto

import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { TransparencyLogEntry } from '@sigstore/bundle'
import { MirrorError } from '../errors.ts'

const mostEntries = 8
/** A proof in a log of 2^64 entries is 64 hashes long. */
const mostHashes = 64
const mostCheckpoint = 16 * 1024
const mostBody = 256 * 1024
const whole = /^\d{1,19}$/

const malformed = (message: string, cause?: unknown): MirrorError =>
  new MirrorError('BAD_FRAMING', `The transparency log entry ${message}.`, { cause })

/** Throws BAD_FRAMING for entries that are not of the format, or larger than one can be. */
export function checkEntries(entries: readonly TransparencyLogEntry[]): void {
  if (entries.length > mostEntries) throw malformed(`is one of ${entries.length}, more than ${mostEntries}`)
  for (const { logIndex, integratedTime, canonicalizedBody, inclusionProof } of entries) {
    if (!whole.test(logIndex) || !whole.test(integratedTime)) throw malformed('has an index or time that is no number')
    if (canonicalizedBody.length > mostBody) throw malformed('is too large')
    if (inclusionProof === undefined) continue
    const { hashes, checkpoint } = inclusionProof
    if (!whole.test(inclusionProof.logIndex) || hashes.length > mostHashes) throw malformed('has a malformed proof')
    const envelope = checkpoint?.envelope ?? ''
    if (envelope.length > mostCheckpoint) throw malformed('has a checkpoint that is too large')
    // The library takes the name of a checkpoint's signature for a regular expression.
    for (const [, name = ''] of envelope.matchAll(/\u2014 (\S+)/g)) {
      if (!/^[\w.:/+-]+$/.test(name)) throw malformed('has a checkpoint signed by a name that no log has')
    }
  }
}

/** Throws BAD_SIGNATURE when an entry names another certificate or key than `signer`, the one of the bundle. */
export function mustNameSigner(entries: readonly TransparencyLogEntry[], signer: X509Certificate | KeyObject): void {
  for (const { canonicalizedBody } of entries) {
    const named = namedIn(canonicalizedBody)
    const same =
      signer instanceof X509Certificate
        ? named instanceof X509Certificate && named.raw.equals(signer.raw)
        : !(named instanceof X509Certificate) && named.equals(signer)
    if (!same) throw new MirrorError('BAD_SIGNATURE', 'The transparency log holds the signature for another signer.')
  }
}

function namedIn(body: Uint8Array): X509Certificate | KeyObject {
  try {
    const verifier = verifierOf(JSON.parse(Buffer.from(body).toString()).spec ?? {})
    if (typeof verifier === 'string') return fromPem(Buffer.from(verifier, 'base64').toString('latin1'))
    const { x509Certificate, publicKey } = verifier
    if (x509Certificate !== undefined) return new X509Certificate(Buffer.from(x509Certificate.rawBytes, 'base64'))
    return createPublicKey({ key: Buffer.from(publicKey?.rawBytes ?? '', 'base64'), format: 'der', type: 'spki' })
  } catch (cause) {
    throw malformed('names no signer', cause)
  }
}

const fromPem = (pem: string): X509Certificate | KeyObject =>
  pem.includes('BEGIN CERTIFICATE') ? new X509Certificate(pem) : createPublicKey(pem)

/** In the second version of the log, in DER. */
interface Verifier {
  readonly x509Certificate?: { readonly rawBytes: string }
  readonly publicKey?: { readonly rawBytes: string }
}

/** The parts of an entry that name the signer, by kind; in the first version of the log as base64 of PEM. */
interface Spec {
  /** hashedrekord 0.0.1 */
  readonly signature?: { readonly publicKey: { readonly content: string } }
  /** dsse 0.0.1 */
  readonly signatures?: readonly { readonly verifier: string }[]
  /** intoto 0.0.2 */
  readonly content?: { readonly envelope: { readonly signatures: readonly { readonly publicKey: string }[] } }
  readonly hashedRekordV002?: { readonly signature: { readonly verifier: Verifier } }
  readonly dsseV002?: { readonly signatures: readonly { readonly verifier: Verifier }[] }
}

const verifierOf = (spec: Spec): string | Verifier =>
  spec.signature?.publicKey.content ??
  spec.signatures?.[0]?.verifier ??
  spec.content?.envelope.signatures[0]?.publicKey ??
  spec.hashedRekordV002?.signature.verifier ??
  spec.dsseV002?.signatures[0]?.verifier ??
  {}
