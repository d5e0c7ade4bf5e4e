// A small tree for the suite: releases with a signed list of checksums, a file with a list beside it, and folders.

import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { createMessage, generateKey, type PrivateKey, sign } from 'openpgp'
import { noon } from '../../builders/mirror.ts'
import type { Archive, Fixtures, Source } from '../../suites/ecosystem/fixtures.ts'

export const digest = (content: string | Uint8Array, algorithm = 'sha256'): string =>
  createHash(algorithm).update(content).digest('hex')

export interface Signing {
  readonly secret: PrivateKey
  readonly public: Uint8Array
}

const day = 86_400_000

export async function makeKey(): Promise<Signing> {
  const { privateKey, publicKey } = await generateKey({
    type: 'ecc',
    curve: 'ed25519Legacy',
    userIDs: [{ name: 'releases' }],
    date: new Date(noon - 100 * day),
    format: 'object',
  })
  return { secret: privateKey, public: publicKey.write() }
}

export async function detached(text: string, key: Signing): Promise<string> {
  const message = await createMessage({ binary: Buffer.from(text) })
  return sign({ message, signingKeys: key.secret, detached: true, date: new Date(noon - day) })
}

const content = (name: string): string => `the bytes of ${name}\n`
const page = (...names: readonly string[]): Source => ({
  type: 'text/html',
  body: `<!DOCTYPE html><html><body><a href="../">up</a>${names.map((name) => `<a href="${name}">${name}</a>`).join('')}</body></html>`,
})
const file = (path: string): Readonly<Record<string, Source>> => ({
  [path]: { body: content(path), type: 'application/octet-stream' },
})

const first = '/pool/kit-1.tgz'
const second = '/pool/kit-2.tgz'
const third = '/pool/old/bolt.tgz'

async function archive(): Promise<Archive> {
  const key = await makeKey()
  const sums = [first, second].map((path) => `${digest(content(path))}  ${path.slice(6)}\n`).join('')
  const old = `SHA512 (bolt.tgz) = ${digest(content(third), 'sha512')}\n`
  const files: Readonly<Record<string, Source>> = {
    '/pool/': page('kit-1.tgz', 'kit-2.tgz', 'SHA256SUMS', 'SHA256SUMS.asc', 'old/'),
    '/pool/old/': page('bolt.tgz', 'SHA256SUMS', 'SHA256SUMS.asc'),
    '/pool/SHA256SUMS': { body: sums, type: 'text/plain' },
    '/pool/SHA256SUMS.asc': { body: await detached(sums, key), type: 'text/plain' },
    '/pool/old/SHA256SUMS': { body: old, type: 'text/plain' },
    '/pool/old/SHA256SUMS.asc': { body: await detached(old, key), type: 'text/plain' },
    ...file(first),
    ...file(second),
    ...file(third),
  }
  return {
    files,
    requests: Object.keys(files).map((path) => ({ path })),
    routes: {
      '/': 'index /',
      '/pool/': 'index /:folder+/',
      '/pool/old/': 'index /:folder+/',
      '/pool/SHA256SUMS': 'index /:path+',
      '/pool/SHA256SUMS.asc': 'index /:path+',
      '/pool/old/SHA256SUMS': 'index /:path+',
      '/pool/old/SHA256SUMS.asc': 'index /:path+',
      [first]: 'artifact /:path+',
      [second]: 'artifact /:path+',
      [third]: 'artifact /:path+',
      '/a b/ü~%.txt': 'artifact /:path+',
    },
    wants: ['pool/'],
    keyring: { name: 'releases.gpg', bytes: key.public },
    options: () => ({ checksums: ['SHA256SUMS'], listing: true }),
  }
}

const hex = 'a'.repeat(64)

export const fixtures: Fixtures = {
  archive,
  lines: {
    'pool/kit-1.tgz': { name: 'pool/kit-1.tgz', range: undefined },
    '/pool/kit-1.tgz': { name: 'pool/kit-1.tgz' },
    [`pool/kit-1.tgz sha256:${hex.toUpperCase()}`]: { name: 'pool/kit-1.tgz', range: hex, digests: [{ sha256: hex }] },
    'pool/*.{tgz,zip}': { name: 'pool/*.{tgz,zip}' },
    'pool/': { name: 'pool/**' },
    '*': { name: '*' },
  },
  garbage: [
    `kit.tgz sha256:${'a'.repeat(63)}`,
    `kit.tgz md5:${'a'.repeat(32)}`,
    `*.tgz sha256:${hex}`,
    'a//b',
    './a',
    'a/..',
    'a\\b',
    '[',
  ],
  versions: ['0', '00', '01', 'a', 'ab', 'b'],
  version: fc.stringMatching(/^[0-9a-f]{64}$/),
}
