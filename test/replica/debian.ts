// A small signed Debian archive on loopback: two suites over one pool, indexes by hash and in several compressions,
// translations and a source package.

import { spawnSync } from 'node:child_process'
import { gzipSync } from 'node:zlib'
import { createCleartextMessage, createMessage, generateKey, type PrivateKey, sign } from 'openpgp'
import { formatStanza } from '../../src/formats/deb822.ts'
import { file, type Step, startUpstream, type Upstream } from '../fakes/upstream.ts'
import { type Binary, binaryPackage, descriptionDigest, hash, type Pooled, sourcePackage } from './debian-archive.ts'

export interface DebianReplica {
  readonly upstream: Upstream
  /** The key that the suites are signed with, armoured. */
  readonly key: string
  /** Every file of the pool by its path. */
  readonly pool: ReadonlyMap<string, Uint8Array>
}

const day = 86_400_000

/** By suite; `lamp` depends on `wick`, of which the updates have a newer one, and on something that provides `oil`. */
const suites: Readonly<Record<string, readonly Binary[]>> = {
  steady: [
    {
      name: 'lamp',
      version: '1:2.0-1',
      architecture: 'amd64',
      fields: { Depends: 'wick (>= 1.0), oil | wax', Recommends: 'match' },
    },
    { name: 'wick', version: '1.0-1', architecture: 'amd64', fields: { 'Multi-Arch': 'same' } },
    { name: 'whale-oil', version: '0.9~rc1+dfsg-2', architecture: 'all', fields: { Provides: 'oil' } },
    { name: 'match', version: '1', architecture: 'all' },
    { name: 'wax', version: '3', architecture: 'all', fields: { Depends: 'no-such-bee' } },
  ],
  'steady-updates': [{ name: 'wick', version: '1.0-1+u1', architecture: 'amd64', fields: { 'Multi-Arch': 'same' } }],
}

/** What apt installs for `lamp` without Recommends, as file names. */
export const installed = ['lamp_1%3a2.0-1_amd64.deb', 'whale-oil_0.9~rc1+dfsg-2_all.deb', 'wick_1.0-1+u1_amd64.deb']
export const sources = ['lamp_2.0-1.dsc', 'lamp_2.0-1.tar.gz']

export async function startDebianReplica(): Promise<DebianReplica> {
  const { privateKey, publicKey } = await generateKey({
    type: 'ecc',
    curve: 'ed25519Legacy',
    userIDs: [{ name: 'Archive', email: 'archive@example.org' }],
    date: new Date(Date.now() - 10 * day),
    format: 'object',
  })
  const pool = new Map<string, Uint8Array>()
  const modified = new Date(Math.floor(Date.now() / 1000) * 1000 - day)
  const scripts: Record<string, Step> = {}
  const put = (path: string, bytes: Uint8Array): void => {
    scripts[`/${path}`] = file(bytes, { modified, etag: true })
  }
  const keep = ({ files, stanza }: Pooled): string => {
    for (const [path, bytes] of files) {
      pool.set(path, bytes)
      put(path, bytes)
    }
    return stanza
  }
  for (const [suite, binaries] of Object.entries(suites)) {
    const stanzas: string[] = []
    const sourced: string[] = []
    for (const one of binaries) {
      stanzas.push(keep(await binaryPackage(one)))
      sourced.push(keep(await sourcePackage(one.name, one.version)))
    }
    const lists = {
      'main/binary-amd64/Packages': stanzas.join('\n'),
      'main/source/Sources': sourced.join('\n'),
      'main/i18n/Translation-en': binaries.map(({ name }) => translation(name)).join('\n'),
    }
    const listed = new Map(Object.entries(lists).flatMap(([path, text]) => compressions(path, Buffer.from(text))))
    for (const [path, bytes] of listed) {
      const folder = `dists/${suite}/${path.replace(/[^/]*$/, '')}`
      put(`dists/${suite}/${path}`, bytes)
      put(`${folder}by-hash/SHA256/${hash(bytes)}`, bytes)
    }
    const text = releaseOf(suite, listed)
    put(`dists/${suite}/Release`, Buffer.from(text))
    put(`dists/${suite}/Release.gpg`, await detached(text, privateKey))
    put(`dists/${suite}/InRelease`, await clearSigned(text, privateKey))
  }
  const upstream = await startUpstream(scripts)
  return { upstream, key: publicKey.armor(), pool }
}

const translation = (name: string): string =>
  formatStanza([
    ['Package', name],
    ['Description-md5', descriptionDigest(name)],
    ['Description-en', `tiny package ${name}`],
  ])

/** A list in the forms that the archive has it; xz where this machine can make it, since Node cannot. */
function compressions(path: string, bytes: Buffer): readonly (readonly [string, Buffer])[] {
  const { status, stdout } = spawnSync('xz', ['--stdout', '--check=crc64'], { input: bytes })
  return [[path, bytes], [`${path}.gz`, gzipSync(bytes)], ...(status === 0 ? [[`${path}.xz`, stdout] as const] : [])]
}

function releaseOf(suite: string, listed: ReadonlyMap<string, Buffer>): string {
  const utc = (time: number): string => new Date(time).toUTCString().replace('GMT', 'UTC')
  const lines = [...listed].map(([path, bytes]) => `${hash(bytes)} ${bytes.length} ${path}`)
  return formatStanza([
    ['Origin', 'Replica'],
    ['Label', 'Replica'],
    ['Suite', suite],
    ['Codename', suite],
    ['Date', utc(Date.now() - day)],
    ['Valid-Until', utc(Date.now() + 7 * day)],
    ['Acquire-By-Hash', 'yes'],
    ['Architectures', 'amd64'],
    ['Components', 'main'],
    ['SHA256', ['', ...lines].join('\n')],
  ])
}

async function clearSigned(text: string, signingKeys: PrivateKey): Promise<Buffer> {
  const message = await createCleartextMessage({ text: text.replace(/\n$/, '') })
  const signed = await sign({ message, signingKeys, date: new Date(Date.now() - day) })
  return Buffer.from(signed.replaceAll('\r\n', '\n'))
}

async function detached(text: string, signingKeys: PrivateKey): Promise<Buffer> {
  const message = await createMessage({ binary: Buffer.from(text) })
  return Buffer.from(await sign({ message, signingKeys, detached: true, date: new Date(Date.now() - day) }))
}
