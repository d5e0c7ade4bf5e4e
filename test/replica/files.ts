// A small server of files on loopback: releases with a signed list, a file that changes, folders, and distfiles.

import { createHash } from 'node:crypto'
import { createMessage, generateKey, sign } from 'openpgp'
import { bytesOf, startUpstream, text, type Upstream } from '../fakes/upstream.ts'

export interface FilesReplica {
  readonly upstream: Upstream
  /** Contents of the files that a list names, by path. */
  readonly releases: ReadonlyMap<string, Uint8Array>
  /** The binary keyring that verifies the list. */
  readonly keyring: Uint8Array
}

const day = 86_400_000
const page = (...names: readonly string[]): string =>
  `<html><body><h1>Index</h1><a href="?C=M">by date</a>${names.map((name) => `<a href="${name}">${name}</a>`).join('\n')}</body></html>`

export async function startFilesReplica(): Promise<FilesReplica> {
  const { privateKey, publicKey } = await generateKey({
    type: 'ecc',
    curve: 'ed25519Legacy',
    userIDs: [{ name: 'releases' }],
    date: new Date(Date.now() - 10 * day),
    format: 'object',
  })
  const releases = new Map([
    ['/pool/large.bin', bytesOf(3_000_000)],
    ['/pool/kit-1.0.tar.gz', bytesOf(40_000, 2)],
    ['/pool/a b+c.txt', Buffer.from('blanks and signs\n')],
  ])
  const sums = [...releases]
    .map(([path, bytes]) => `${createHash('sha256').update(bytes).digest('hex')} *${path.slice(6)}\n`)
    .join('')
  const message = await createMessage({ binary: Buffer.from(sums) })
  const signature = await sign({ message, signingKeys: privateKey, detached: true, date: new Date(Date.now() - day) })
  const modified = new Date(Date.now() - 5 * day)
  const upstream = await startUpstream({
    '/pool/': text(page('large.bin', 'kit-1.0.tar.gz', 'a%20b+c.txt', 'SHA256SUMS', 'SHA256SUMS.asc'), {
      type: 'text/html',
    }),
    '/pool/SHA256SUMS': text(sums, { modified }),
    '/pool/SHA256SUMS.asc': text(signature, { modified }),
    '/news.txt': text('news\n', { etag: true, modified, headers: { 'cache-control': 'max-age=3600' } }),
  })
  for (const [path, body] of releases) {
    upstream.set(path.replaceAll(' ', '%20'), { body, etag: true, modified, type: 'application/octet-stream' })
  }
  return { upstream, releases, keyring: publicKey.write() }
}
