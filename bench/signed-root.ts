// A signed root of a Debian suite over given lists.

import { createHash } from 'node:crypto'
import { createCleartextMessage, generateKey, sign } from 'openpgp'

const day = 86_400_000

export interface SignedRoot {
  readonly inRelease: Buffer
  /** Armoured. */
  readonly key: string
}

/** `lists` by their paths below the suite. */
export async function signedRoot(suite: string, lists: ReadonlyMap<string, Uint8Array>): Promise<SignedRoot> {
  const { privateKey, publicKey } = await generateKey({
    type: 'ecc',
    curve: 'ed25519Legacy',
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
  const message = await createCleartextMessage({ text })
  const signed = await sign({ message, signingKeys: privateKey, date: new Date(Date.now() - day) })
  return { inRelease: Buffer.from(signed.replaceAll('\r\n', '\n')), key: publicKey.armor() }
}
