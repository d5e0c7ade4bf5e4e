// Signatures of container images by a key: cosign's simple signing payloads and DSSE envelopes with in-toto statements.
// https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md, https://github.com/secure-systems-lab/dsse/blob/master/protocol.md

import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import * as v from 'valibot'
import { MirrorError } from '../errors.ts'
import { inTotoType, readStatement } from './in-toto.ts'

export interface CosignKey {
  readonly key: KeyObject
  /** sha256 of its SubjectPublicKeyInfo, hex. */
  readonly fingerprint: string
}

/** Payloads and statements are small; SBOMs in statements are not. */
const mostBytes = 64 * 1024 * 1024
const mostSignatures = 100

/** The public keys of files: PEM, one or several in each. Throws CONFIG. */
export function readCosignKeys(files: readonly Uint8Array[]): readonly CosignKey[] {
  return files.flatMap((file) => {
    const blocks = Buffer.from(file)
      .toString('latin1')
      .match(/-----BEGIN PUBLIC KEY-----[^-]*-----END PUBLIC KEY-----/g)
    if (blocks === null)
      throw new MirrorError('CONFIG', 'the keyring holds no public key in PEM', {
        hint: 'Name the file that `cosign public-key` or `openssl pkey -pubout` writes.',
      })
    return blocks.map(readKey)
  })
}

function readKey(pem: string): CosignKey {
  let key: KeyObject
  try {
    key = createPublicKey(pem)
  } catch (cause) {
    throw new MirrorError('CONFIG', 'a public key of the keyring cannot be read', { cause })
  }
  const { modulusLength = 0 } = key.asymmetricKeyDetails ?? {}
  const isSound =
    key.asymmetricKeyType === 'ec' ||
    key.asymmetricKeyType === 'ed25519' ||
    (key.asymmetricKeyType === 'rsa' && modulusLength >= 2048)
  if (!isSound)
    throw new MirrorError(
      'UNSUPPORTED_KEY',
      `a key of the keyring is of a kind that is not accepted: ${key.asymmetricKeyType}`,
    )
  const fingerprint = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')
  return { key, fingerprint }
}

/** The key that made a signature over these bytes; undefined when none of them did. */
function signer(bytes: Uint8Array, signature: string, keys: readonly CosignKey[]): CosignKey | undefined {
  if (!/^[A-Za-z0-9+/]{1,8192}={0,2}$/.test(signature)) return undefined
  const raw = Buffer.from(signature, 'base64')
  return keys.find(({ key }) => {
    try {
      return verify(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', bytes, key, raw)
    } catch {
      return false
    }
  })
}

const payloadForm = v.object({
  critical: v.object({
    type: v.picklist(['cosign container image signature', 'atomic container signature']),
    image: v.object({ 'docker-manifest-digest': v.string() }),
  }),
})

/** Is this simple signing payload about the manifest with this digest? Who signed it is another question. */
export function isAbout(payload: Uint8Array, digest: string): boolean {
  const read = v.safeParse(payloadForm, jsonOf(payload))
  return read.success && read.output.critical.image['docker-manifest-digest'] === digest
}

/** Whose signature of `digest` this is, by a simple signing payload and its signature in base64; undefined when it is none. */
export function verifyPayload(
  payload: Uint8Array,
  signature: string,
  digest: string,
  keys: readonly CosignKey[],
): CosignKey | undefined {
  if (payload.length > mostBytes) return undefined
  const by = signer(payload, signature, keys)
  return by !== undefined && isAbout(payload, digest) ? by : undefined
}

const envelopeForm = v.object({
  payloadType: v.pipe(v.string(), v.maxLength(256)),
  payload: v.string(),
  signatures: v.pipe(v.array(v.object({ sig: v.string() })), v.maxLength(mostSignatures)),
})
export interface Attested {
  readonly by: CosignKey
  readonly predicateType: string
}

/** What an envelope attests of `digest`, signed by one of the keys; undefined when it attests nothing of it. */
export function verifyEnvelope(envelope: unknown, digest: string, keys: readonly CosignKey[]): Attested | undefined {
  const read = v.safeParse(envelopeForm, envelope)
  if (!read.success || read.output.payloadType !== inTotoType) return undefined
  const { payloadType, payload, signatures } = read.output
  if (payload.length > 2 * mostBytes) return undefined
  const bytes = Buffer.from(payload, 'base64')
  const signed = authenticated(payloadType, bytes)
  for (const { sig } of signatures) {
    const by = signer(signed, sig, keys)
    if (by === undefined) continue
    const predicateType = attestedOf(bytes, digest)
    if (predicateType !== undefined) return { by, predicateType }
  }
  return undefined
}

/** The type of what a statement says of a digest; undefined when it is no statement, or of something else. */
export function attestedOf(payload: Uint8Array, digest: string): string | undefined {
  const [algorithm = '', hex] = digest.split(':')
  try {
    const { subjects, predicateType } = readStatement(payload)
    return subjects.some(({ digests }) => digests[algorithm] === hex) ? predicateType : undefined
  } catch (error) {
    if (error instanceof MirrorError) return undefined
    throw error
  }
}

/** The pre-authentication encoding: type and body with their lengths, so that neither can be taken for the other. */
const authenticated = (type: string, body: Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${body.length} `), body])

export function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}
