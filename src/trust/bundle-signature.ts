// The signature of a Sigstore bundle over bytes or over an envelope, as the library that verifies bundles asks for it.

import { createHash, createVerify, type KeyObject, verify } from 'node:crypto'
import type { Bundle, Envelope, MessageSignature } from '@sigstore/bundle'
import type { SignedEntity } from '@sigstore/verify'
import type { Bytes } from '../contract.ts'
import { MirrorError } from '../errors.ts'

type Signature = SignedEntity['signature']

/** The signed bytes, for a signature over bytes; or the type of the payload, for a signature over an envelope. */
export type Over = { readonly artifact: Bytes } | { readonly payloadType: string }

export const malformed = (message: string, cause?: unknown): MirrorError =>
  new MirrorError('BAD_FRAMING', message, cause === undefined ? {} : { cause })

/** What is signed, with its signature, as the library asks for it. */
export async function signatureOf({ content }: Bundle, over: Over, publicKey: KeyObject): Promise<Signature> {
  if (content.$case === 'dsseEnvelope') return signatureOfEnvelope(content.dsseEnvelope)
  if (!('artifact' in over)) throw malformed('The Sigstore bundle signs bytes, not an envelope.')
  const { signature, messageDigest } = content.messageSignature
  const algorithm = await algorithmOf(messageDigest)
  const hash = createHash(algorithm)
  const verify = createVerify(algorithm)
  for await (const chunk of over.artifact instanceof Uint8Array ? [over.artifact] : over.artifact) {
    hash.update(chunk)
    verify.update(chunk)
  }
  const digest = hash.digest()
  if (!digest.equals(messageDigest.digest)) {
    throw new MirrorError('WRONG_DIGEST', `The Sigstore bundle signs other bytes: their ${algorithm} differs.`)
  }
  return {
    signature,
    compareSignature: (other) => signature.equals(other),
    compareDigest: (other) => digest.equals(other),
    verifySignature: (key) => key.equals(publicKey) && fits(() => verify.verify(key, signature), key),
  }
}

/** Logs keep the digest of the payload, or, in their second version, of what is signed. */
function signatureOfEnvelope({ payload, payloadType, signatures }: Envelope): Signature {
  const signature = signatures[0]?.sig ?? Buffer.of()
  const signed = preAuthentication(payloadType, payload)
  const digests = [payload, signed].map((bytes) => createHash('sha256').update(bytes).digest())
  return {
    signature,
    compareSignature: (other) => signature.equals(other),
    compareDigest: (other) => digests.some((digest) => digest.equals(other)),
    verifySignature: (key) => fits(() => verify(undefined, signed, key, signature), key),
  }
}

/** https://github.com/secure-systems-lab/dsse/blob/master/protocol.md#signature-definition */
function preAuthentication(type: string, payload: Uint8Array): Uint8Array {
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `
  return Buffer.concat([Buffer.from(head), payload])
}

function fits(check: () => boolean, key: KeyObject): boolean {
  try {
    return check()
  } catch (cause) {
    throw new MirrorError('UNSUPPORTED_KEY', `Keys of type ${key.asymmetricKeyType} cannot be checked.`, { cause })
  }
}

async function algorithmOf({ algorithm }: MessageSignature['messageDigest']): Promise<string> {
  const { HashAlgorithm } = await import('@sigstore/protobuf-specs')
  const known = new Map([
    [HashAlgorithm.SHA2_256, 'sha256'],
    [HashAlgorithm.SHA2_384, 'sha384'],
    [HashAlgorithm.SHA2_512, 'sha512'],
  ]).get(algorithm)
  if (known !== undefined) return known
  throw new MirrorError('UNSUPPORTED_KEY', 'The Sigstore bundle states a digest of a kind that is not supported.')
}
