// Keys and signed documents for the tests of src/trust.

import { readFile } from 'node:fs/promises'
import {
  config,
  createCleartextMessage,
  createMessage,
  enums,
  generateKey,
  type KeyOptions,
  type PrivateKey,
  type PublicKey,
  SignaturePacket,
  sign,
} from 'openpgp'

export const day = 24 * 60 * 60 * 1000
export const now = Date.UTC(2026, 0, 15)
export const at = (days: number): Date => new Date(now + days * day)

export interface Pair {
  readonly secret: PrivateKey
  readonly public: PublicKey
  /** The binary keyring with this key alone. */
  readonly ring: Uint8Array
}

export const pair = (secret: PrivateKey): Pair => ({
  secret,
  public: secret.toPublic(),
  ring: secret.toPublic().write(),
})

/** An Ed25519 key in the form that every verifier knows, made 100 days ago. */
export async function key(options: Partial<KeyOptions> = {}): Promise<Pair> {
  const { privateKey } = await generateKey({
    type: 'ecc',
    curve: 'ed25519Legacy',
    userIDs: [{ name: 'Test', email: 'test@example.org' }],
    subkeys: [],
    date: at(-100),
    ...options,
    format: 'object',
  })
  return pair(privateKey)
}

export const lines = (...text: readonly string[]): string => text.join('\n')
export const release = lines('Origin: Test', 'Suite: stable', 'SHA256:', ' abc 1 main/Packages')

/** A clear-signed file with LF line ends. */
export async function clear(text: string, signers: readonly Pair[], date: Date = at(-1)): Promise<string> {
  const message = await createCleartextMessage({ text })
  const signed = await sign({ message, signingKeys: signers.map((one) => one.secret), date })
  return signed.replaceAll('\r\n', '\n')
}

export async function detached(bytes: Uint8Array, signers: readonly Pair[], date: Date = at(-1)): Promise<Uint8Array> {
  const message = await createMessage({ binary: bytes })
  const signingKeys = signers.map((one) => one.secret)
  const signature = await sign({ message, signingKeys, date, detached: true, format: 'binary' })
  return signature as Uint8Array
}

export const bytesOf = (text: string): Uint8Array => Buffer.from(text)

/** The signature block of a clear-signed file. */
export const signatureBlock = (file: string): string => file.slice(file.indexOf('-----BEGIN PGP SIGNATURE'))

/** Whether an error is a MirrorError with this code, for assert.rejects. */
export const code = (expected: string) => (error: unknown) => {
  if (error instanceof Error && 'code' in error && error.code === expected) return true
  throw error
}

/** A packet with a new-format header. */
export function packetBy(tag: number, body: Uint8Array): Uint8Array {
  const header = Buffer.of(0xc0 | tag, 255, 0, 0, 0, 0)
  header.writeUInt32BE(body.length, 2)
  return Buffer.concat([header, body])
}

/** A signature packet of any kind, with any properties, made by the primary key of `signer` over `data`. */
export async function signature(
  signer: Pair,
  signatureType: number,
  data: object,
  properties: Readonly<Record<string, unknown>> = {},
  date: Date = at(-1),
): Promise<Uint8Array> {
  const packet = new SignaturePacket()
  const { keyPacket } = signer.secret
  const hashAlgorithm = enums.hash.sha512
  Object.assign(packet, { signatureType, publicKeyAlgorithm: keyPacket.algorithm, hashAlgorithm, ...properties })
  // The library's types know documents only; it signs keys and user ids in the same way.
  const make = packet.sign.bind(packet) as unknown as (...given: readonly unknown[]) => Promise<void>
  await make(keyPacket, data, date, true, { ...config, nonDeterministicSignaturesViaNotation: false })
  return packetBy(2, packet.write())
}

/** The literal data packet of a document. */
export async function literal(bytes: Uint8Array): Promise<object> {
  const { packets } = await createMessage({ binary: bytes })
  return packets[0] ?? {}
}

/** A file of test/fixtures/trust; `document` signed by GnuPG with kinds of key that the library does not make. */
export const fixture = (name: string): Promise<Uint8Array> =>
  readFile(new URL(`../fixtures/trust/${name}`, import.meta.url))
