// Secret keys of minisign, without a passphrase (`minisign -G -W`), and signatures made with them: prehashed, with a comment
// that is signed along. https://jedisct1.github.io/minisign/

import { createHash, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto'
import { MirrorError } from '../errors.ts'
import { idOf, readKey } from './minisign.ts'

export interface MinisignSecret {
  /** Upper-case hex, as minisign prints it. */
  readonly id: string
  /** The file of the public key. */
  readonly publicFile: string
  sign(message: Uint8Array, comment: string): string
  /** The same over a message that comes in pieces. */
  signAll(message: AsyncIterable<Uint8Array>, comment: string): Promise<string>
}

/** What precedes the 32 bytes of an Ed25519 secret (RFC 8410 §7). */
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex')
/** Signature algorithm, no key derivation, BLAKE2b. */
const form = Buffer.from('Ed\0\0B2', 'latin1')
/** Salt, operations and memory of a key derivation that there is not. */
const underived = 48
const checksum = 32
const idLength = 8
const half = 32

const mostBytes = 16 * 1024

/** The file of a new secret key. Its number is a part of a digest of its public half. */
export function createMinisignSecret(): string {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-half)
  const open = publicKey.export({ format: 'der', type: 'spki' }).subarray(-half)
  const id = createHash('sha256').update(open).digest().subarray(0, idLength)
  const bytes = Buffer.concat([form, Buffer.alloc(underived), id, seed, open, Buffer.alloc(checksum)])
  return `untrusted comment: pkgmirror secret key ${idOf(id)}\n${bytes.toString('base64')}\n`
}

/** Reads the file of a secret key. Throws CONFIG for anything else, and for a key with a passphrase. */
export function readMinisignSecret(bytes: Uint8Array, file: string): MinisignSecret {
  const [, line = ''] = Buffer.from(bytes.subarray(0, mostBytes)).toString('utf8').split(/\r?\n/)
  const all = Buffer.from(line, 'base64')
  const length = form.length + underived + idLength + 2 * half + checksum
  if (all.length !== length || all.toString('latin1', 0, 2) !== 'Ed')
    throw new MirrorError('CONFIG', 'is no secret key of minisign', {
      file,
      hint: 'Make one with `pkgmirror keys create`.',
    })
  if (!all.subarray(0, form.length).equals(form))
    throw new MirrorError('CONFIG', 'is a secret key with a passphrase', {
      file,
      hint: 'Take the passphrase away with `minisign -C -W -s FILE`, or make a key with `pkgmirror keys create`.',
    })
  const id = all.subarray(form.length + underived, form.length + underived + idLength)
  const seed = all.subarray(form.length + underived + idLength, length - checksum - half)
  const open = all.subarray(length - checksum - half, length - checksum)
  const secret = createPrivateKey({ key: Buffer.concat([pkcs8, seed]), format: 'der', type: 'pkcs8' })
  const number = idOf(id)
  const signed = (digest: Uint8Array, comment: string): string => {
    const signature = sign(null, digest, secret)
    const global = sign(null, Buffer.concat([signature, Buffer.from(comment)]), secret)
    const body = Buffer.concat([Buffer.from('ED'), id, signature]).toString('base64')
    return `untrusted comment: signature by pkgmirror key ${number}\n${body}\ntrusted comment: ${comment}\n${global.toString('base64')}\n`
  }
  return {
    id: number,
    publicFile: publicFileOf(number, Buffer.concat([Buffer.from('Ed'), id, open])),
    sign: (message, comment) => signed(createHash('blake2b512').update(message).digest(), comment),
    async signAll(message, comment) {
      const hash = createHash('blake2b512')
      for await (const piece of message) hash.update(piece)
      return signed(hash.digest(), comment)
    },
  }
}

const publicFileOf = (id: string, bytes: Buffer): string =>
  `untrusted comment: pkgmirror public key ${id}\n${bytes.toString('base64')}\n`

/** A public key in the form in which it is kept: `text` is a file of one, or its line alone. Undefined for anything else. */
export function publicMinisignKey(text: string): { readonly id: string; readonly file: string } | undefined {
  const key = readKey(Buffer.from(text.trim()))
  if (key === undefined) return undefined
  const number = Buffer.from(key.id, 'hex').reverse()
  return { id: key.id, file: publicFileOf(key.id, Buffer.concat([Buffer.from('Ed'), number, key.bytes])) }
}
