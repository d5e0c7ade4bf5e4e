// Keyring files: those shipped with pkgmirror, and the user's own. The only file of this folder that reads from disk.

import { readdirSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { extname, isAbsolute, parse } from 'node:path'
import { MirrorError } from '../errors.ts'
import { isKeybox } from './certificates.ts'
import { isMinisignKey } from './minisign.ts'

/** The same place seen from `src/trust` and from `dist/trust`. */
const folder = new URL('../../keyrings/', import.meta.url)
const extensions = ['.gpg', '.asc', '.json']
const mostBytes = 16 * 1024 * 1024

const shippedFiles = (): readonly string[] => readdirSync(folder).filter((name) => extensions.includes(extname(name)))

/** The names of the keyrings that are shipped, sorted. */
export function shippedKeyrings(): readonly string[] {
  return shippedFiles()
    .map((file) => parse(file).name)
    .sort()
}

/** The bytes of a shipped keyring; undefined when there is none of that name. */
export async function shippedKeyring(name: string): Promise<Uint8Array | undefined> {
  const file = shippedFiles().find((one) => parse(one).name === name)
  return file === undefined ? undefined : readFile(new URL(file, folder))
}

/**
 * The bytes of a keyring by shipped name or absolute path, at most 16 MiB. As in apt, `.asc` must be armoured and `.gpg` must
  // Documents are checked by whoever reads them, and so is a key of minisign.
  if (ext === '.json' || isMinisignKey(bytes)) return
  if (ext === '.pub' || ext === '.pem') {
    if (Buffer.from(bytes).includes('-----BEGIN PUBLIC KEY-----')) return
    throw wrong('The file holds no public key in PEM.', 'Name a file that begins with `-----BEGIN PUBLIC KEY-----`.')
  }
 */
export async function loadKeyring(nameOrFile: string): Promise<Uint8Array> {
  const shipped = await shippedKeyring(nameOrFile)
  if (shipped !== undefined) return shipped
  if (!isAbsolute(nameOrFile)) {
    throw new MirrorError('CONFIG', `There is no keyring named ${JSON.stringify(nameOrFile)}.`, {
      hint: `Shipped are ${shippedKeyrings().join(', ')}; anything else is the path of a keyring file.`,
    })
  }
  const bytes = await readLimited(nameOrFile)
  checkForm(nameOrFile, bytes)
  return bytes
}

/**
 * The keyrings of a repository. With a name it is those of the configured ones that hold the same kind of keys as the one of
 * that name, or else that one: whoever configures the keys of a registry keeps the shipped root of certificates.
 */
export async function loadKeyrings(configured: readonly string[], name?: string): Promise<readonly Uint8Array[]> {
  const own = await Promise.all(configured.map(loadKeyring))
  if (name === undefined) return own
  const named = await loadKeyring(name)
  const alike = own.filter((bytes) => kindOf(bytes) === kindOf(named))
  return alike.length > 0 ? alike : [named]
}

/** What a keyring file holds. */
type Kind = 'openpgp keys' | 'plain keys' | 'registry keys' | 'sigstore root'

function kindOf(bytes: Uint8Array): Kind {
  const text = Buffer.from(bytes)
  if (isPlainKey(bytes)) return 'plain keys'
  if (!/^\s*\{/.test(text.toString('latin1', 0, 256))) return 'openpgp keys'
  return text.includes('"application/vnd.dev.sigstore.trustedroot') ? 'sigstore root' : 'registry keys'
}

/** Public keys in PEM, of no more than algorithm and numbers: cosign's, apk's. */
const isPlainKey = (bytes: Uint8Array): boolean => Buffer.from(bytes).includes('-----BEGIN PUBLIC KEY-----')

async function readLimited(file: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(file)
    if (size <= mostBytes) return await readFile(file)
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause)
    throw new MirrorError('CONFIG', `The keyring cannot be read: ${text}`, { file, cause })
  }
  throw new MirrorError('CONFIG', 'The keyring is larger than 16 MiB.', { file })
}

function checkForm(file: string, bytes: Uint8Array): void {
  const wrong = (message: string, hint: string) => new MirrorError('CONFIG', message, { file, hint })
  const { name, ext } = parse(file)
  // Documents are checked by whoever reads them, and so is a key of minisign.
  if (ext === '.json' || isMinisignKey(bytes)) return
  if (ext === '.pub' || ext === '.pem') {
    if (isPlainKey(bytes)) return
    throw wrong('The file holds no public key in PEM.', 'Name a file that begins with `-----BEGIN PUBLIC KEY-----`.')
  }
  if (isKeybox(bytes)) {
    throw wrong(
      'The keyring is a GnuPG keybox, which only GnuPG can read.',
      `Export its keys: \`gpg --no-default-keyring --keyring ${file} --export > NEW.gpg\`.`,
    )
  }
  // A public key packet in the old form with a one or two octet length, or in the new form.
  const binary = [0x98, 0x99, 0xc6].includes(bytes[0] ?? 0)
  const armoured = !binary && Buffer.from(bytes).includes('-----BEGIN PGP PUBLIC KEY BLOCK-----')
  if (!binary && !armoured) throw wrong('The file holds no OpenPGP public key.', 'Name a file of exported public keys.')
  if (ext === '.asc' && binary)
    throw wrong('The keyring is binary, but its name ends in .asc.', `Rename it to ${name}.gpg.`)
  if (ext === '.gpg' && armoured) {
    throw wrong('The keyring is armoured, but its name ends in .gpg.', `Rename it to ${name}.asc.`)
  }
}
