// Registry signatures: ECDSA P-256 over `NAME@VERSION:INTEGRITY`, by a key named in `/-/npm/v1/keys`.
// https://docs.npmjs.com/about-registry-signatures
// Only pinned keys prove anything: keys fetched from the upstream that also sent the signature add nothing to TLS.

import type { Doc, Entry, Repo, Trust } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { isObject } from '../../formats/json-object.ts'
import { verifyEcdsa } from '../../trust/registry-signature.ts'
import { dataOf } from './data.ts'
import type { NpmOptions } from './options.ts'
import { parseObject, publishedAt } from './packument.ts'

export interface RegistryKey {
  readonly keyid: string
  /** SubjectPublicKeyInfo in base64. */
  readonly key: string
  readonly keytype?: string
  readonly scheme?: string
  /** Milliseconds since 1970: it signs only what was published before. */
  readonly expires?: number
}

/** When a version counts as published whose time is not known; npm takes the same moment. */
const timeless = Date.parse('2015-01-01T00:00:00Z')

/**
 * The id of the key whose signature is good, if there is one. Throws BAD_SIGNATURE where a pinned key says so, and
 * NO_SIGNATURE, UNKNOWN_KEY or EXPIRED_KEY where the repository requires signatures.
 */
export async function checkSignature(
  path: string,
  name: string,
  repo: Repo<NpmOptions>,
  trust: Pick<Trust, 'keys'>,
  said: Partial<Entry>,
): Promise<string | undefined> {
  const { signatures: mode, keys: keyring } = repo.options
  if (mode === 'off') return undefined
  const { integrity, signatures } = dataOf(said)
  if (integrity === undefined || signatures === undefined || said.version === undefined) {
    if (mode === 'required') throw new MirrorError('NO_SIGNATURE', `the registry has not signed ${path}`, { path })
    return undefined
  }
  const keys = pinnedKeys(await trust.keys(keyring))
  const signed = `${name}@${said.version}:${integrity}`
  const published = said.published ?? timeless
  let expired: RegistryKey | undefined
  for (const { keyid, sig } of signatures) {
    const key = keys.get(keyid)
    if (key === undefined) continue
    if (!verifyEcdsa(signed, sig, key)) {
      throw new MirrorError('BAD_SIGNATURE', `the signature of ${path} by ${keyid} does not fit`, { path, keyid })
    }
    if (key.expires !== undefined && published >= key.expires) {
      expired = key
      continue
    }
    return keyid
  }
  if (mode !== 'required') return undefined
  if (expired !== undefined) {
    throw new MirrorError('EXPIRED_KEY', `${path} is signed by ${expired.keyid} after that key's end`, {
      path,
      keyid: expired.keyid,
    })
  }
  const keyids = signatures.map(({ keyid }) => keyid)
  throw new MirrorError('UNKNOWN_KEY', `${path} is signed by ${keyids.join(', ')}, which no keyring holds`, {
    path,
    keyids,
  })
}

/** The keys of keyrings, by id; the last of an id counts. */
export function pinnedKeys(documents: readonly Uint8Array[]): ReadonlyMap<string, RegistryKey> {
  const keys = new Map<string, RegistryKey>()
  for (const document of documents) {
    for (const key of readKeys(document, { path: 'keyring' })) keys.set(key.keyid, key)
  }
  return keys
}

/** The keys of a `/-/npm/v1/keys` document; throws UNREADABLE. */
export function readKeys(bytes: Uint8Array, doc: Pick<Doc, 'path'>): readonly RegistryKey[] {
  const { keys } = parseObject(bytes, doc)
  if (!Array.isArray(keys)) throw new MirrorError('UNREADABLE', `${doc.path} lists no keys`, { path: doc.path })
  return keys.map((item: unknown) => readKey(item, doc))
}

function readKey(item: unknown, { path }: Pick<Doc, 'path'>): RegistryKey {
  if (!isObject(item) || typeof item.keyid !== 'string' || typeof item.key !== 'string') {
    throw new MirrorError('UNREADABLE', `${path} holds a key without keyid or key`, { path })
  }
  // An end that cannot be read is an end that has passed.
  const expires = item.expires === null ? undefined : publishedAt(item, 'expires')
  return {
    keyid: item.keyid,
    key: item.key,
    ...(typeof item.keytype === 'string' ? { keytype: item.keytype } : {}),
    ...(typeof item.scheme === 'string' ? { scheme: item.scheme } : {}),
    ...(expires === undefined ? {} : { expires: Number.isSafeInteger(expires + 1) ? expires : 0 }),
  }
}
