// Signatures of an npm registry over `NAME@VERSION:INTEGRITY`: ECDSA over P-256 with SHA-256, by a key of the registry's keys
// document (npm's "ECDSA registry signatures"). Which key, and whether it was valid then, is for the caller to say.

import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { MirrorError } from '../errors.ts'

export interface RegistryKey {
  /** Base64 of a DER SubjectPublicKeyInfo. */
  readonly key: string
  readonly scheme?: string
  readonly keytype?: string
}

const base64 = /^[A-Za-z0-9+/]+={0,2}$/
const only = 'ecdsa-sha2-nistp256'

/**
 * Whether `signature`, base64 of a DER ECDSA signature, fits `text`. Throws UNSUPPORTED_KEY for a key that is not ECDSA over
 * P-256 or cannot be read; anything wrong with the signature is false.
 */
export function verifyEcdsa(
  text: string,
  signature: string,
  { key, scheme = only, keytype = only }: RegistryKey,
): boolean {
  if (scheme !== only || keytype !== only) {
    throw new MirrorError(
      'UNSUPPORTED_KEY',
      `Registry keys of type ${keytype} with scheme ${scheme} are not supported.`,
    )
  }
  const publicKey = readKey(key)
  if (!base64.test(signature) || signature.length % 4 !== 0) return false
  return verify('sha256', Buffer.from(text), publicKey, Buffer.from(signature, 'base64'))
}

function readKey(key: string): KeyObject {
  let read: KeyObject | undefined
  try {
    read = createPublicKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'spki' })
  } catch (cause) {
    throw new MirrorError('UNSUPPORTED_KEY', 'The registry key cannot be read.', { cause })
  }
  if (read.asymmetricKeyDetails?.namedCurve === 'prime256v1') return read
  throw new MirrorError('UNSUPPORTED_KEY', 'The registry key is not a P-256 key.')
}
