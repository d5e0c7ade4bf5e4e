// Signatures of minisign, https://jedisct1.github.io/minisign/: Ed25519 over the file itself (`Ed`) or over its BLAKE2b-512
// (`ED`), and a second one over the first and its comment.

import { createHash, createPublicKey, verify } from 'node:crypto'
import { MirrorError } from '../errors.ts'

export interface MinisignKey {
  /** Upper-case hex, as minisign prints it. */
  readonly id: string
  readonly bytes: Uint8Array
}

export interface MinisignSignature {
  readonly id: string
  /** The signature is over the BLAKE2b-512 of the file. */
  readonly prehashed: boolean
  readonly signature: Uint8Array
  /** Signed along with it; whatever the signer wrote. */
  readonly comment: string
  readonly global: Uint8Array
}

const mostBytes = 16 * 1024
const untrusted = 'untrusted comment: '
const trusted = 'trusted comment: '
const base64 = /^[A-Za-z0-9+/]+={0,2}$/

/** The last two lines of an SPKI header before the 32 bytes of an Ed25519 key (RFC 8410 §4). */
const spki = Buffer.from('302a300506032b6570032100', 'hex')

const lines = (bytes: Uint8Array): readonly string[] =>
  Buffer.from(bytes.subarray(0, mostBytes))
    .toString('utf8')
    .split('\n')
    .map((line) => line.replace(/\r$/, ''))

function decoded(line: string | undefined, length: number): Buffer | undefined {
  if (line === undefined || !base64.test(line)) return undefined
  const bytes = Buffer.from(line, 'base64')
  return bytes.length === length ? bytes : undefined
}

/** Minisign prints the number of a key with its last byte first. */
export const idOf = (bytes: Buffer): string => Buffer.from(bytes).reverse().toString('hex').toUpperCase()

export function readKey(bytes: Uint8Array): MinisignKey | undefined {
  const [first = '', second] = lines(bytes)
  const key = decoded(first.startsWith(untrusted) ? second : first, 42)
  if (key?.subarray(0, 2).toString('latin1') !== 'Ed') return undefined
  return { id: idOf(key.subarray(2, 10)), bytes: key.subarray(10) }
}

/** Is it a public key, with the comment above it or without? */
export const isMinisignKey = (bytes: Uint8Array): boolean => readKey(bytes) !== undefined

/** Does it begin as a signature of minisign does? An OpenPGP one never does. */
export const isMinisignSignature = (bytes: Uint8Array): boolean => lines(bytes)[0]?.startsWith(untrusted) === true

/** Reads the four lines of a `.minisig`; throws NO_SIGNATURE or BAD_FRAMING. */
export function parseMinisign(bytes: Uint8Array): MinisignSignature {
  if (bytes.length > mostBytes) throw broken('is too long to be one')
  const [comment = '', line, second = '', last, ...rest] = lines(bytes)
  if (!comment.startsWith(untrusted)) throw new MirrorError('NO_SIGNATURE', 'The file is no signature of minisign.')
  if (rest.some((each) => each !== '')) throw broken('has lines after its end')
  const body = decoded(line, 74)
  const global = decoded(last, 64)
  const algorithm = body?.subarray(0, 2).toString('latin1')
  if (body === undefined || global === undefined || !second.startsWith(trusted)) throw broken('is malformed')
  if (algorithm !== 'Ed' && algorithm !== 'ED') throw broken('has an unknown algorithm')
  return {
    id: idOf(body.subarray(2, 10)),
    prehashed: algorithm === 'ED',
    signature: body.subarray(10),
    comment: second.slice(trusted.length),
    global,
  }
}

const broken = (why: string): MirrorError => new MirrorError('BAD_FRAMING', `The signature of minisign ${why}.`)

/** What is signed: the pieces of the file from its beginning. */
export type Signed = () => AsyncIterable<Uint8Array>

/** The largest file that is signed as it is, bytes; a prehashed one may have any size. */
const largestWhole = 64 * 1024 * 1024

/**
 * Verifies a `.minisig` against public keys; returns the number of the key that made it.
 * Throws NO_SIGNATURE, BAD_FRAMING, UNKNOWN_KEY, BAD_SIGNATURE, or TOO_LARGE for a large file that is not prehashed.
 */
export async function verifyMinisign(
  signature: Uint8Array,
  keys: readonly Uint8Array[],
  size: number,
  signed: Signed,
): Promise<{ readonly key: string; readonly comment: string }> {
  const parsed = parseMinisign(signature)
  const key = keys.flatMap((each) => readKey(each) ?? []).find(({ id }) => id === parsed.id)
  if (key === undefined) throw new MirrorError('UNKNOWN_KEY', `No key of the keyring has the number ${parsed.id}.`)
  const message = parsed.prehashed ? await blake2b(signed) : await whole(size, signed)
  const rest = Buffer.concat([parsed.signature, Buffer.from(parsed.comment)])
  if (!isGood(key, message, parsed.signature) || !isGood(key, rest, parsed.global))
    throw new MirrorError('BAD_SIGNATURE', `The signature by the key ${key.id} does not fit.`)
  return { key: key.id, comment: parsed.comment }
}

function isGood(key: MinisignKey, message: Uint8Array, signature: Uint8Array): boolean {
  const publicKey = createPublicKey({ key: Buffer.concat([spki, key.bytes]), format: 'der', type: 'spki' })
  return verify(null, message, publicKey, signature)
}

async function blake2b(signed: Signed): Promise<Uint8Array> {
  const hash = createHash('blake2b512')
  for await (const piece of signed()) hash.update(piece)
  return hash.digest()
}

async function whole(size: number, signed: Signed): Promise<Uint8Array> {
  if (size > largestWhole)
    throw new MirrorError('TOO_LARGE', `A file of ${size} bytes is only verified by a prehashed signature.`)
  return Buffer.concat(await Array.fromAsync(signed()))
}
