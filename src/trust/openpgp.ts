// OpenPGP signatures (RFC 9580) over documents, judged by apt's rules: at least one good signature by a key of the keyring and
// no bad one; signatures by other, expired or revoked keys are tolerated beside a good one.
// OpenPGP.js does the cryptography; framing, key choice and validity are ours, where the library is too lenient.

import { createHash, type Hash } from 'node:crypto'
import { type Code, MirrorError } from '../errors.ts'
import { beginLine, readBlock } from './armour.ts'
import { readKeyring } from './certificates.ts'
import { splitCleartext } from './cleartext.ts'
import { hashNames, judge, type Message, type Rejected, type Signer } from './judge.ts'
import { packets, tags } from './packets.ts'
import type { Times } from './validity.ts'

export type { Rejected, Signer } from './judge.ts'

export interface Verified {
  /** One for each good signature; never empty. Count distinct `primary` for a threshold. */
  readonly signers: readonly Signer[]
  /** The signatures that were not counted, and why. */
  readonly rejected: readonly Rejected[]
}

export interface VerifiedText extends Verified {
  /** The signed text and nothing else: LF line ends, a final LF, blanks at line ends gone. Parse this, never the file. */
  readonly text: string
}

const mebibyte = 1024 * 1024
/** Each signature hashes the whole document. */
const mostSignatures = 32

/**
 * Verifies a clear-signed file of up to 10 MiB, such as Debian's InRelease, against keyrings (binary or armoured).
 * Throws a MirrorError: NO_SIGNATURE, BAD_SIGNATURE, BAD_FRAMING, UNKNOWN_KEY, EXPIRED_KEY, REVOKED_KEY, UNSUPPORTED_KEY,
 * NOT_YET_VALID, TOO_LARGE; CONFIG for a keyring that is none.
 */
export async function verifyCleartext(
  bytes: Uint8Array,
  keys: readonly Uint8Array[],
  options: Times,
): Promise<VerifiedText> {
  limit(bytes, 10 * mebibyte, 'signed file')
  const { text, signed, signatures } = splitCleartext(bytes)
  return { text, ...(await verify(signed, signatures, keys, options)) }
}

/**
 * Verifies a detached signature of up to 1 MiB over `bytes`. `armoured` demands one form (apt wants `Release.gpg` armoured);
 * without it both are read. Throws as `verifyCleartext` does.
 */
export async function verifyDetached(
  bytes: Uint8Array,
  signature: Uint8Array,
  keys: readonly Uint8Array[],
  options: Times & { readonly armoured?: boolean },
): Promise<Verified> {
  limit(signature, mebibyte, 'signature')
  if (signature.length === 0) throw new MirrorError('NO_SIGNATURE', 'The signature file is empty.')
  const armoured = ((signature[0] ?? 0) & 0x80) === 0
  if (options.armoured !== undefined && options.armoured !== armoured) {
    throw new MirrorError(
      'BAD_FRAMING',
      `The signature is ${armoured ? 'armoured' : 'binary'}, which is not its form here.`,
    )
  }
  return verify(bytes, armoured ? dearmour(signature) : signature, keys, options)
}

/** Files up to this size are verified in memory, where text signatures can be, too. */
const smallFile = 4 * mebibyte

/**
 * Verifies a detached signature over a file of any size, which is read once for each hash algorithm that signatures use. Throws
 * as `verifyDetached` does.
 */
export async function verifyDetachedFile(
  file: { readonly size: number; bytes(): Promise<Uint8Array>; stream(): AsyncIterable<Uint8Array> },
  signature: Uint8Array,
  keys: readonly Uint8Array[],
  options: Times,
): Promise<Verified> {
  if (file.size <= smallFile) return verifyDetached(await file.bytes(), signature, keys, options)
  limit(signature, mebibyte, 'signature')
  const armoured = ((signature[0] ?? 0) & 0x80) === 0
  return judged(streamed(file.stream), armoured ? dearmour(signature) : signature, keys, options)
}

/** What the library keeps of a signature packet and its types do not tell. */
interface Inside {
  readonly version: number
  /** The part of the packet that is hashed with the message. */
  readonly signatureData: Uint8Array
  /** The digest, when it need not be computed. */
  hashed?: Uint8Array
}

/** A message of any size: hashed here, with the trailer of version 4 (RFC 9580 §5.2.4), and handed to the library as a digest. */
function streamed(stream: () => AsyncIterable<Uint8Array>): Message {
  const hashes = new Map<string, Promise<Hash>>()
  async function hashOf(algorithm: string): Promise<Hash> {
    const hash = createHash(algorithm)
    for await (const piece of stream()) hash.update(piece)
    return hash
  }
  return {
    async ready(signature) {
      const inside = signature as unknown as Inside
      const algorithm = hashNames[signature.hashAlgorithm ?? 0]
      if (inside.version !== 4 || signature.signatureType !== 0 || algorithm === undefined) return undefined
      const whole = hashes.get(algorithm) ?? hashOf(algorithm)
      hashes.set(algorithm, whole)
      const trailer = Buffer.from([4, 0xff, 0, 0, 0, 0])
      trailer.writeUInt32BE(inside.signatureData.length, 2)
      inside.hashed = (await whole).copy().update(inside.signatureData).update(trailer).digest()
      return {}
    },
  }
}

function limit(bytes: Uint8Array, most: number, what: string): void {
  if (bytes.length <= most) return
  throw new MirrorError('TOO_LARGE', `The ${what} has ${bytes.length} bytes; at most ${most} are read.`)
}

/** One or more armour blocks with nothing but blank lines around them. */
function dearmour(signature: Uint8Array): Uint8Array {
  const lines = Buffer.from(signature).toString('latin1').split('\n')
  const blocks: Uint8Array[] = []
  for (let at = 0; at < lines.length; ) {
    const line = lines[at]?.trimEnd()
    if (line === '') at += 1
    else if (line === beginLine('SIGNATURE')) {
      const block = readBlock(lines, at, 'SIGNATURE')
      blocks.push(block.bytes)
      at = block.next
    } else if (lines.some((other) => other.trimEnd() === beginLine('SIGNATURE'))) {
      throw new MirrorError('BAD_FRAMING', `Line ${at + 1} of the signature file is outside the signature.`)
    } else throw new MirrorError('NO_SIGNATURE', 'The file is not an OpenPGP signature.')
  }
  return Buffer.concat(blocks)
}

async function verify(
  signed: Uint8Array,
  signatures: Uint8Array,
  keys: readonly Uint8Array[],
  times: Times,
): Promise<Verified> {
  const { createMessage } = await import('openpgp')
  const data = (await createMessage({ binary: signed })).packets[0]
  if (data === undefined) throw new MirrorError('FAULT', 'The message has no data.')
  return judged({ ready: async () => data }, signatures, keys, times)
}

async function judged(
  message: Message,
  signatures: Uint8Array,
  keys: readonly Uint8Array[],
  times: Times,
): Promise<Verified> {
  const found = [...packets(signatures)]
  if (found.length === 0) throw new MirrorError('NO_SIGNATURE', 'The signature block is empty.')
  if (found.length > mostSignatures) throw new MirrorError('BAD_FRAMING', `There are ${found.length} signatures.`)
  const other = found.find((packet) => packet.tag !== tags.signature)
  if (other !== undefined) {
    throw new MirrorError('BAD_FRAMING', `A packet of type ${other.tag} has no place among signatures.`)
  }
  const keyrings = keys.map(readKeyring)
  const certificates = keyrings.flatMap((keyring) => keyring.certificates)
  const signers: Signer[] = []
  const rejected: Rejected[] = []
  for (const packet of found) {
    const judgement = await judge(packet, message, certificates, times)
    if ('signer' in judgement) signers.push(judgement.signer)
    else rejected.push(judgement.rejected)
  }
  const bad = rejected.find(({ code }) => code === 'BAD_SIGNATURE')
  const unreadable = keyrings.flatMap((keyring) => keyring.unreadable)
  if (bad !== undefined) throw failure(bad.code, [bad], unreadable)
  if (signers.length === 0) throw failure(worst(rejected), rejected, unreadable)
  return { signers, rejected }
}

/** What comes nearest to a good signature tells most about the fix. */
const nearness: readonly Code[] = ['REVOKED_KEY', 'EXPIRED_KEY', 'NOT_YET_VALID', 'UNSUPPORTED_KEY', 'UNKNOWN_KEY']

const worst = (rejected: readonly Rejected[]): Code =>
  nearness.find((code) => rejected.some((one) => one.code === code)) ?? 'BAD_SIGNATURE'

function failure(code: Code, rejected: readonly Rejected[], unreadable: readonly string[]): MirrorError {
  const reasons = rejected.map(({ keyId, reason }) => `${reason}${keyId === '' ? '' : ` (key ${keyId})`}`)
  const rest =
    code === 'UNKNOWN_KEY' && unreadable.length > 0 ? ` Part of the keyring was unusable: ${unreadable[0]}` : ''
  const message = `No good signature: ${[...new Set(reasons)].join('; ')}.${rest}`
  return new MirrorError(code, message, { signatures: rejected, unreadable })
}
