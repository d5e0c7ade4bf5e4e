// A signed root of a Debian suite over given lists.

import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { createCleartextMessage, createMessage, generateKey, sign } from 'openpgp'
import type { Pool } from './made.ts'
import type { Origin } from './origin.ts'

const day = 86_400_000

export interface SignedRoot {
  readonly inRelease: Buffer
  /** The same text with its signature apart, as some tools want it. */
  readonly release: Buffer
  readonly signature: Buffer
  /** Armoured. */
  readonly key: string
  /** As older tools read it. */
  readonly binaryKey: Uint8Array
}

/** `lists` by their paths below the suite. */
export async function signedRoot(suite: string, lists: ReadonlyMap<string, Uint8Array>): Promise<SignedRoot> {
  // RSA, for aptly's own reader of keys knows no younger kind
  const { privateKey, publicKey } = await generateKey({
    type: 'rsa',
    rsaBits: 2048,
    userIDs: [{ name: 'Archive', email: 'archive@example.org' }],
    date: new Date(Date.now() - 10 * day),
    format: 'object',
  })
  const utc = (time: number): string => new Date(time).toUTCString().replace('GMT', 'UTC')
  const text = [
    `Suite: ${suite}`,
    `Codename: ${suite}`,
    `Date: ${utc(Date.now() - day)}`,
    `Valid-Until: ${utc(Date.now() + 7 * day)}`,
    'Acquire-By-Hash: yes',
    'Architectures: amd64',
    'Components: main',
    'SHA256:',
    ...[...lists].map(
      ([path, bytes]) => ` ${createHash('sha256').update(bytes).digest('hex')} ${bytes.length} ${path}`,
    ),
  ].join('\n')
  const by = { signingKeys: privateKey, date: new Date(Date.now() - day) }
  const signed = await sign({ ...by, message: await createCleartextMessage({ text }) })
  const apart = await sign({
    ...by,
    message: await createMessage({ binary: Buffer.from(`${text}\n`) }),
    detached: true,
  })
  return {
    inRelease: Buffer.from(signed.replaceAll('\r\n', '\n')),
    release: Buffer.from(`${text}\n`),
    signature: Buffer.from(apart),
    key: publicKey.armor(),
    binaryKey: publicKey.write(),
  }
}

/** Puts lists with their signed root, each list by its digest too. */
export async function putSuite(
  origin: Origin,
  suite: string,
  lists: ReadonlyMap<string, Uint8Array>,
): Promise<SignedRoot> {
  const root = await signedRoot(suite, lists)
  const at = `/dists/${suite}`
  await origin.put(`${at}/InRelease`, 'text/plain', root.inRelease)
  await origin.put(`${at}/Release`, 'text/plain', root.release)
  await origin.put(`${at}/Release.gpg`, 'text/plain', root.signature)
  for (const [name, bytes] of lists) {
    const digest = createHash('sha256').update(bytes).digest('hex')
    for (const place of [name, name.replace(/[^/]*$/, `by-hash/SHA256/${digest}`)])
      await origin.put(`${at}/${place}`, 'application/octet-stream', bytes)
  }
  return root
}

/** A suite with its pool. */
export async function putPool(origin: Origin, suite: string, { list, files }: Pool): Promise<SignedRoot> {
  const name = 'main/binary-amd64/Packages'
  const lists = new Map([
    [name, list],
    [`${name}.gz`, gzipSync(list)],
  ])
  for (const [at, bytes] of files) await origin.put(at, 'application/octet-stream', bytes)
  return putSuite(origin, suite, lists)
}
