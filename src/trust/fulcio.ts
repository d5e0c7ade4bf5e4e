// What a certificate of Fulcio, Sigstore's certificate authority, says of the signer beyond name and issuer.
// https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md

import type { X509Certificate } from 'node:crypto'
import type { ObjectIdentifierValuePair } from '@sigstore/verify'

const arc = '1.3.6.1.4.1.57264.1.'
const codeSigning = '1.3.6.1.5.5.7.3.3'

/** The claims by the last number of their object identifier; those up to 6 are plain text, the others a DER UTF8String. */
const names: Readonly<Record<number, string>> = {
  8: 'issuer',
  9: 'buildSignerUri',
  10: 'buildSignerDigest',
  11: 'runnerEnvironment',
  12: 'sourceRepositoryUri',
  13: 'sourceRepositoryDigest',
  14: 'sourceRepositoryRef',
  15: 'sourceRepositoryIdentifier',
  16: 'sourceRepositoryOwnerUri',
  17: 'sourceRepositoryOwnerIdentifier',
  18: 'buildConfigUri',
  19: 'buildConfigDigest',
  20: 'buildTrigger',
  21: 'runInvocationUri',
  22: 'sourceRepositoryVisibility',
}

/** The claims that can be read, by name. The old form of the issuer counts when the new one is not there. */
export function claimsOf(extensions: readonly ObjectIdentifierValuePair[]): ReadonlyMap<string, string> {
  const claims = new Map<string, string>()
  for (const { oid, value } of extensions) {
    const id = oid?.id.join('.') ?? ''
    if (!id.startsWith(arc)) continue
    const number = Number(id.slice(arc.length))
    if (number === 1 && !claims.has('issuer')) claims.set('issuer', value.toString())
    const name = names[number]
    const text = name === undefined ? undefined : utf8String(value)
    if (name !== undefined && text !== undefined) claims.set(name, text)
  }
  return claims
}

/** Is the certificate one for signing code (RFC 5280 §4.2.1.12)? */
export const signsCode = (certificate: X509Certificate): boolean => certificate.keyUsage?.includes(codeSigning) === true

/** A DER UTF8String (X.690 §8.23) that fills the bytes; undefined when it is none. */
function utf8String(der: Buffer): string | undefined {
  const [tag, first = 0] = der
  if (tag !== 0x0c) return undefined
  // Short form, or the number of octets of the length.
  const more = first < 0x80 ? 0 : first - 0x80
  if (more > 2) return undefined
  const length = more === 0 ? first : der.readUIntBE(2, more)
  const text = der.subarray(2 + more)
  return text.length === length ? text.toString() : undefined
}
