// The signing keys and the trust anchors of a data directory:
//
//   keys/NAME.key NAME.pub    a key of ours, as minisign writes it, mode 0600
//   keys/trusted/ID.pub       public keys whose bundles and receipts are taken

import { constants } from 'node:fs'
import { chmod, copyFile, link, mkdir, open, readdir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { MirrorError } from '../errors.ts'
import { unlinkable } from '../sinks/place.ts'
import {
  createMinisignSecret,
  type MinisignSecret,
  publicMinisignKey,
  readMinisignSecret,
} from '../trust/minisign-secret.ts'

/** The key that is made, and that signs, when none is named. */
export const usualKey = 'mirror'

const nameForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

const folderOf = (data: string): string => path.join(data, 'keys')
const anchorsOf = (data: string): string => path.join(data, 'keys', 'trusted')

export interface OwnKey {
  readonly name: string
  /** Of the secret key. */
  readonly file: string
  readonly secret: MinisignSecret
}

export interface Anchor {
  /** Upper-case hex, as minisign prints it. */
  readonly id: string
  readonly file: string
  readonly bytes: Uint8Array
}

function placeOf(data: string, name: string): string {
  if (nameForm.test(name)) return path.join(folderOf(data), `${name}.key`)
  throw new MirrorError('USAGE', `${JSON.stringify(name)} is no name for a key`, {
    hint: 'Letters, digits, dot, dash and underscore, and no more than 64 of them.',
  })
}

/** Throws USAGE where a key of that name is there. */
export async function createKey(data: string, name: string): Promise<OwnKey> {
  const file = placeOf(data, name)
  await mkdir(folderOf(data), { recursive: true, mode: 0o700 })
  await chmod(folderOf(data), 0o700)
  const text = createMinisignSecret()
  const secret = readMinisignSecret(Buffer.from(text), file)
  await writeSecretly(file, text)
  await writeSecretly(file.replace(/\.key$/, '.pub'), secret.publicFile)
  return { name, file, secret }
}

/** Whole or not at all, and never over another: a link is not put where there is a file. */
async function writeSecretly(file: string, text: string): Promise<void> {
  const folder = path.dirname(file)
  for (const left of await namesIn(folder)) if (left.endsWith(ASIDE)) await rm(path.join(folder, left), { force: true })
  const aside = `${file}.${process.pid}${ASIDE}`
  try {
    const handle = await open(aside, 'wx', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await link(aside, file).catch((error: unknown) => {
      if (![...unlinkable].some((code) => isSystem(error, code))) throw error
      return copyFile(aside, file, constants.COPYFILE_EXCL)
    })
  } catch (error) {
    if (!isSystem(error, 'EEXIST')) throw error
    throw new MirrorError('USAGE', 'is there already; a key is never written over', {
      file,
      hint: 'Give the new key another name with --name.',
    })
  } finally {
    await rm(aside, { force: true })
  }
}

/** Of a key that is being written. What a crash left of one goes with the next. */
const ASIDE = '.new'

/** Undefined where there is no key of that name. */
export async function findKey(data: string, name: string): Promise<OwnKey | undefined> {
  const file = placeOf(data, name)
  const bytes = await readFile(file).catch((error: unknown) => {
    if (isSystem(error, 'ENOENT')) return undefined
    throw error
  })
  return bytes === undefined ? undefined : { name, file, secret: readMinisignSecret(bytes, file) }
}

/** Throws CONFIG where there is no key of that name. */
export async function ownKey(data: string, name: string): Promise<OwnKey> {
  const found = await findKey(data, name)
  if (found !== undefined) return found
  throw new MirrorError('CONFIG', `there is no signing key ${name}`, {
    file: folderOf(data),
    hint: `Make it once with \`pkgmirror keys create${name === usualKey ? '' : ` --name ${name}`}\`.`,
  })
}

export async function ownKeys(data: string): Promise<readonly OwnKey[]> {
  const names = (await namesIn(folderOf(data))).filter((name) => name.endsWith('.key'))
  return Promise.all(names.map((name) => ownKey(data, name.slice(0, -'.key'.length))))
}

export async function anchors(data: string): Promise<readonly Anchor[]> {
  const folder = anchorsOf(data)
  const found: Anchor[] = []
  for (const name of await namesIn(folder)) {
    if (!name.endsWith('.pub')) continue
    const file = path.join(folder, name)
    const bytes = await readFile(file)
    const key = publicMinisignKey(bytes.toString('utf8'))
    if (key === undefined) throw new MirrorError('CONFIG', 'holds no public key of minisign', { file })
    found.push({ id: key.id, file, bytes })
  }
  return found
}

/** `what` is a file or the key itself. Throws USAGE for anything else. */
export async function trustKey(data: string, what: string): Promise<{ readonly id: string; readonly added: boolean }> {
  const key = publicMinisignKey(what) ?? publicMinisignKey(await textOf(what))
  if (key === undefined)
    throw new MirrorError('USAGE', 'holds no public key of minisign', {
      file: what,
      hint: 'Name the .pub file that the other side made, or the line that begins with RW.',
    })
  if ((await anchors(data)).some(({ id }) => id === key.id)) return { id: key.id, added: false }
  await mkdir(anchorsOf(data), { recursive: true, mode: 0o700 })
  await writeSecretly(path.join(anchorsOf(data), `${key.id}.pub`), key.file)
  return { id: key.id, added: true }
}

/** `what` is the number of a key, a file of it, or the key itself. Throws USAGE where it is not trusted. */
export async function untrustKey(data: string, what: string): Promise<string> {
  const all = await anchors(data)
  const wanted = publicMinisignKey(what)?.id ?? what.toUpperCase()
  const found = all.find(({ id }) => id === wanted) ?? (await ofFile(all, what))
  if (found === undefined)
    throw new MirrorError('USAGE', `${what} is not trusted here`, { hint: 'See `pkgmirror keys list`.' })
  await rm(found.file)
  return found.id
}

async function ofFile(all: readonly Anchor[], file: string): Promise<Anchor | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const id = publicMinisignKey(text.slice(0, MOST))?.id
  return all.find((one) => one.id === id)
}

/** Characters of a file that may hold a public key. */
const MOST = 16 * 1024

async function textOf(file: string): Promise<string> {
  const handle = await open(file, 'r').catch((cause: unknown) => {
    throw new MirrorError('USAGE', 'is no public key, and no file of one', { file, cause })
  })
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MOST), 0, MOST, 0)
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await handle.close()
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch (error) {
    if (isSystem(error, 'ENOENT')) return []
    throw error
  }
}

const isSystem = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code
