// Keyrings: OpenPGP public keys with their subkeys, user ids and self-signatures (RFC 9580 §10.1). A keyring is cut into
// certificates and indexed by fingerprint here; the library parses a certificate only when a signature names one of its keys,
// so a large keyring costs little and one broken key does not spoil the rest.

import { createHash } from 'node:crypto'
import type { Key } from 'openpgp'
import { MirrorError } from '../errors.ts'
import { beginLine, readBlock } from './armour.ts'
import { type Packet, packets, tags } from './packets.ts'

export interface Certificate {
  /** Fingerprints in upper-case hex: the primary key's first, then the subkeys'. */
  readonly fingerprints: readonly string[]
  readonly userIds: readonly string[]
  /** The parsed certificate; rejects when the library cannot read it. Parsed once. */
  readonly key: () => Promise<Key>
}

export interface Keyring {
  readonly certificates: readonly Certificate[]
  /** Why parts of the keyring could not be used. */
  readonly unreadable: readonly string[]
}

const mostBytes = 16 * 1024 * 1024
const mostCached = 64
const cache = new Map<string, Keyring>()

/**
 * Reads a keyring, binary or armoured (any number of blocks, text between them is skipped). Never throws for a broken key:
 * what cannot be used is listed in `unreadable`. Throws CONFIG for a GnuPG keybox and for a file over 16 MiB.
 */
export function readKeyring(bytes: Uint8Array): Keyring {
  if (bytes.length > mostBytes) throw new MirrorError('CONFIG', 'The keyring is larger than 16 MiB.')
  if (isKeybox(bytes)) {
    throw new MirrorError('CONFIG', 'The keyring is a GnuPG keybox, which only GnuPG can read.', {
      hint: 'Export its keys: `gpg --no-default-keyring --keyring FILE --export > NAME.gpg`.',
    })
  }
  const digest = createHash('sha256').update(bytes).digest('hex')
  const keyring = cache.get(digest) ?? index(bytes)
  cache.delete(digest)
  cache.set(digest, keyring)
  for (const oldest of cache.keys()) {
    if (cache.size <= mostCached) break
    cache.delete(oldest)
  }
  return keyring
}

/** A keybox begins with a blob of type 1 that holds this word. */
export const isKeybox = (bytes: Uint8Array): boolean =>
  bytes.length >= 12 && Buffer.from(bytes.subarray(8, 12)).toString('latin1') === 'KBXf'

function index(bytes: Uint8Array): Keyring {
  const certificates: Certificate[] = []
  const unreadable: string[] = []
  for (const binary of binaries(bytes, unreadable)) {
    for (const parts of split(binary, unreadable)) {
      const certificate = describe(parts, unreadable)
      if (certificate !== undefined) certificates.push(certificate)
    }
  }
  return { certificates, unreadable }
}

function binaries(bytes: Uint8Array, unreadable: string[]): readonly Uint8Array[] {
  // Every packet begins with the high bit set, armour never does.
  if (((bytes[0] ?? 0) & 0x80) !== 0) return [new Uint8Array(bytes)]
  const lines = Buffer.from(bytes).toString('latin1').split('\n')
  const found: Uint8Array[] = []
  for (const [at, line] of lines.entries()) {
    if (line.trimEnd() !== beginLine('PUBLIC KEY BLOCK')) continue
    try {
      found.push(readBlock(lines, at, 'PUBLIC KEY BLOCK').bytes)
    } catch (error) {
      unreadable.push(reason(error))
    }
  }
  return found
}

/** Cuts a keyring where its primary keys begin; what stands before a break in the framing is kept. */
function split(binary: Uint8Array, unreadable: string[]): readonly (readonly Packet[])[] {
  const found: Packet[][] = []
  try {
    for (const packet of packets(binary)) {
      if (packet.tag === tags.publicKey || packet.tag === tags.secretKey) found.push([])
      found.at(-1)?.push(packet)
    }
  } catch (error) {
    // The certificate in which the framing breaks may lack its revocation.
    found.pop()
    unreadable.push(reason(error))
  }
  return found
}

function describe(parts: readonly Packet[], unreadable: string[]): Certificate | undefined {
  if (parts.some((packet) => packet.tag === tags.secretKey || packet.tag === tags.secretSubkey)) {
    unreadable.push('A secret key has no place in a keyring of public keys.')
    return undefined
  }
  const fingerprints: string[] = []
  const userIds: string[] = []
  for (const { tag, body } of parts) {
    if (tag === tags.userId) userIds.push(Buffer.from(body).toString('utf8'))
    if (tag !== tags.publicKey && tag !== tags.publicSubkey) continue
    const print = fingerprint(body)
    if (print !== undefined) fingerprints.push(print)
    else if (tag === tags.publicKey) {
      unreadable.push(`A key of version ${body[0] ?? 0} is not supported.`)
      return undefined
    }
  }
  let parsed: Promise<Key> | undefined
  const key = async (): Promise<Key> => {
    const { readKey } = await import('openpgp')
    parsed ??= readKey({ binaryKey: Buffer.concat(parts.map((packet) => packet.whole)) })
    return parsed
  }
  return { fingerprints, userIds, key }
}

/** RFC 9580 §5.5.4; undefined for versions other than 4 and 6. */
function fingerprint(body: Uint8Array): string | undefined {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(body.length)
  const digest = (algorithm: string, prefix: number, octets: Uint8Array): string =>
    createHash(algorithm).update(Buffer.of(prefix)).update(octets).update(body).digest('hex').toUpperCase()
  if (body[0] === 4 && body.length < 0x10000) return digest('sha1', 0x99, length.subarray(2))
  if (body[0] === 6) return digest('sha256', 0x9b, length)
  return undefined
}

/** The key id (RFC 9580 §5.5.4) of a fingerprint, in its own case. */
export const keyIdOf = (fingerprint: string): string =>
  fingerprint.length === 40 ? fingerprint.slice(-16) : fingerprint.slice(0, 16)

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error))
