// A small signed archive for tests, and the few parts of the engine that a declaration is handed.

import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { createCleartextMessage, createMessage, generateKey, type PrivateKey, sign } from 'openpgp'
import * as v from 'valibot'
import type { Doc, Entry, Look, Platform, Selector, Trust } from '../../../src/contract.ts'
import { debian } from '../../../src/ecosystems/debian/index.ts'
import type { DebianOptions } from '../../../src/ecosystems/debian/options.ts'
import { formatStanza } from '../../../src/formats/deb822.ts'

export const day = 86_400_000
/** 2026-01-02 12:00 UTC. */
export const now = Date.UTC(2026, 0, 2, 12)

export const sha = (bytes: Uint8Array | string, kind = 'sha256'): string => createHash(kind).update(bytes).digest('hex')

export interface SigningKey {
  readonly secret: PrivateKey
  readonly public: Uint8Array
}

export async function makeKey(): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKey({
    type: 'ecc',
    curve: 'ed25519Legacy',
    userIDs: [{ name: 'archive' }],
    date: new Date(now - 100 * day),
    format: 'object',
  })
  return { secret: privateKey, public: publicKey.write() }
}

const signedAt = new Date(now - day)

export async function clearSigned(text: string, key: SigningKey): Promise<Buffer> {
  const message = await createCleartextMessage({ text: text.replace(/\n$/, '') })
  const signed = await sign({ message, signingKeys: key.secret, date: signedAt })
  return Buffer.from(signed.replaceAll('\r\n', '\n'))
}

export async function detached(text: string, key: SigningKey): Promise<Buffer> {
  const message = await createMessage({ binary: Buffer.from(text) })
  return Buffer.from(await sign({ message, signingKeys: key.secret, detached: true, date: signedAt }))
}

export const rfcDate = (time: number): string => new Date(time).toUTCString().replace('GMT', 'UTC')

/** One stanza of a Packages; the digest and the file name follow from the name. */
export function binary(name: string, version: string, fields: Readonly<Record<string, string>> = {}): string {
  const { Architecture: arch = 'amd64', ...more } = fields
  return formatStanza([
    ['Package', name],
    ['Version', version],
    ['Architecture', arch],
    ['Filename', `pool/main/${name[0]}/${name}/${name}_${version.replace(/^\d+:/, '')}_${arch}.deb`],
    ['Size', '4'],
    ['SHA256', sha(`${name}_${version}_${arch}`)],
    ...Object.entries(more),
  ])
}

export function source(name: string, version: string, files: readonly string[]): string {
  const lines = files.map((file) => `${sha(file)} 4 ${file}`)
  return formatStanza([
    ['Package', name],
    ['Version', version],
    ['Directory', `pool/main/${name[0]}/${name}`],
    ['Checksums-Sha256', ['', ...lines].join('\n')],
  ])
}

/** The text of a Release over files below its folder. */
export function releaseText(
  files: Readonly<Record<string, Uint8Array | string>>,
  fields: Readonly<Record<string, string>> = {},
): string {
  const lines = Object.entries(files).map(([path, bytes]) => `${sha(bytes)} ${Buffer.byteLength(bytes)} ${path}`)
  return formatStanza(
    [
      ['Origin', 'Test'],
      ['Date', rfcDate(now - day)],
      ['Architectures', 'all amd64 arm64'],
      ['Components', 'main contrib'],
      ['Acquire-By-Hash', 'yes'],
      ['No-Support-for-Architecture-all', 'Packages'],
      ...Object.entries(fields).map(([name, value]) => [name, value] as const),
      ['SHA256', ['', ...lines].join('\n')],
    ].filter(([name], at, all) => all.findLastIndex(([other]) => other === name) === at) as [string, string][],
  )
}

export type Files = Map<string, Buffer>

/** Packages by path below the suite's folder, such as `main/binary-amd64/Packages`, each plain and as gzip. */
export async function addSuite(
  files: Files,
  folder: string,
  lists: Readonly<Record<string, readonly string[]>>,
  key: SigningKey,
  fields: Readonly<Record<string, string>> = {},
): Promise<void> {
  const listed: Record<string, Buffer> = {}
  for (const [path, stanzas] of Object.entries(lists)) {
    const plain = Buffer.from(stanzas.join('\n'))
    listed[path] = plain
    listed[`${path}.gz`] = gzipSync(plain)
    files.set(`${folder}/${path}.gz`, gzipSync(plain))
  }
  files.set(`${folder}/InRelease`, await clearSigned(releaseText(listed, fields), key))
}

export function docOf(path: string, content: Uint8Array | string, beside: readonly Doc[] = []): Doc {
  const bytes = Buffer.from(content)
  return {
    path,
    url: `https://registry.example.org/debian${path}`,
    type: '',
    size: bytes.length,
    digests: { sha256: sha(bytes) },
    headers: {},
    beside: new Map(beside.map((doc) => [doc.path, doc])),
    bytes: async () => bytes,
    async *stream(from = 0, to = bytes.length) {
      for (let at = from; at < to; at += 1000) yield bytes.subarray(at, Math.min(to, at + 1000))
    },
  }
}

export const repoOf = (options: Partial<DebianOptions> = {}) => ({
  name: 'debian',
  upstreams: ['https://registry.example.org/debian'],
  options: v.parse(debian.options, options),
})

export function matching(path: string) {
  for (const route of debian.routes) {
    const p = route.match(path)
    if (p !== undefined) return { route, p }
  }
  throw new Error(`no route for ${path}`)
}

/** What a document says, as the engine would ask for it. */
export async function readEntries(doc: Doc): Promise<readonly Entry[]> {
  const { route, p } = matching(doc.path)
  return route.read === undefined ? [] : (await Array.fromAsync(route.read(doc, p, repoOf()))).flat()
}

export interface Told {
  readonly trust: Trust
  readonly memory: Map<string, string>
  readonly proofs: string[]
  readonly warnings: string[]
}

export function trustOf(
  keys: readonly Uint8Array[],
  options: Partial<Trust> & { memory?: Map<string, string> } = {},
): Told {
  const { memory = new Map<string, string>(), ...own } = options
  const proofs: string[] = []
  const warnings: string[] = []
  return {
    memory,
    proofs,
    warnings,
    trust: {
      now,
      document: async () => undefined,
      unproven: async () => undefined,
      keys: async () => keys,
      recall: (key) => memory.get(key),
      remember: (key, value) => void memory.set(key, value),
      proven: (by) => void proofs.push(by),
      expired: (error) => void warnings.push(error.code),
      ...own,
    },
  }
}

/** A look over the files; `find` knows every entry of every document that was looked at. */
export function lookAt(files: Files, options: Partial<DebianOptions> = {}, platforms: readonly Platform[] = []) {
  const read = new Map<string, readonly Entry[]>()
  const lacking: string[] = []
  const look: Look<DebianOptions> = {
    repo: repoOf(options),
    platforms,
    async document(path) {
      const bytes = files.get(path)
      return bytes === undefined ? undefined : docOf(path, bytes)
    },
    async *entries(path) {
      const bytes = files.get(path)
      if (bytes === undefined) return
      const entries = read.get(path) ?? (await readEntries(docOf(path, bytes)))
      read.set(path, entries)
      yield* entries
    },
    async *find(name) {
      for (const entries of read.values()) yield* entries.filter((entry) => entry.name === name)
    },
    lacks: (want, reason) => void lacking.push(`${want.name}: ${reason}`),
  }
  return { look, lacking }
}

export const selector = (name: string, more: Partial<Selector> = {}): Selector => ({
  name,
  from: { file: 'test' },
  ...more,
})
