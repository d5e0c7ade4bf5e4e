// A small npm registry on loopback: packuments, tarballs, signing keys. With validators it answers as the public registry
// does; without them as a plain copy of it: no ETag, no compression, no signatures, no keys.

import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { type Asked, file, json, type Step, startUpstream, type Upstream } from '../fakes/upstream.ts'
import { type Package, type PackageVersion, packages } from './npm-packages.ts'
import { tarball } from './tarball.ts'

export interface NpmReplica {
  readonly upstream: Upstream
  /** The registry's keys document, to be pinned. */
  readonly keys: string
  /** Paths of the tarballs. */
  readonly tarballs: readonly string[]
}

export async function startNpmReplica(kind: 'with validators' | 'without validators'): Promise<NpmReplica> {
  const upstream = await startUpstream()
  const signer = createSigner()
  const rich = kind === 'with validators'
  const tarballs: string[] = []
  for (const one of packages) {
    const versions: Record<string, unknown> = {}
    for (const version of one.versions) {
      const bytes = await tarball('package/', { 'package.json': manifestText(one, version), ...version.files })
      const path = version.tarball ?? `/${one.name}/-/${one.name.replace(/^@.*\//, '')}-${version.version}.tgz`
      tarballs.push(path)
      upstream.set(path, file(bytes, rich ? { etag: true, modified: new Date(version.published) } : {}))
      const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`
      const signatures = [signer.sign(`${one.name}@${version.version}:${integrity}`)]
      const dist = {
        shasum: createHash('sha1').update(bytes).digest('hex'),
        tarball: upstream.url + path,
        integrity,
        ...(rich ? { signatures } : {}),
      }
      versions[version.version] = { ...(JSON.parse(manifestText(one, version)) as object), dist }
    }
    const body = JSON.stringify({
      _id: one.name,
      name: one.name,
      'dist-tags': one.tags,
      versions,
      time: times(one),
      ...(rich ? { readme: `# ${one.name}` } : {}),
    })
    const answer = rich ? compressed(body) : () => json(undefined, { body })
    for (const path of spellings(one.name)) upstream.set(path, answer)
  }
  if (rich) upstream.set('/-/npm/v1/keys', { type: 'application/json', body: signer.keys, etag: true })
  return { upstream, keys: signer.keys, tarballs }
}

/** The addresses under which clients and mirrors ask for a package. */
const spellings = (name: string): readonly string[] =>
  [...new Set([name, name.replace('/', '%2f'), name.replace('/', '%2F')])].map((each) => `/${each}`)

const manifestText = ({ name }: Package, { version, manifest }: PackageVersion): string =>
  JSON.stringify({ name, version, main: 'index.js', ...manifest }, undefined, 2)

function times({ versions }: Package): Readonly<Record<string, string>> {
  const all = versions.map(({ version, published }) => [version, published] as const)
  const sorted = versions.map(({ published }) => published).sort()
  return { created: sorted.at(0) ?? '', modified: sorted.at(-1) ?? '', ...Object.fromEntries(all) }
}

function compressed(body: string): (asked: Asked) => Step {
  const zipped = gzipSync(body)
  const etag = `"${createHash('sha256').update(body).digest('hex').slice(0, 16)}"`
  const common = { type: 'application/json', etag }
  return ({ headers }) => {
    const takesGzip = String(headers['accept-encoding'] ?? '').includes('gzip')
    const vary = 'accept-encoding, accept'
    if (!takesGzip) return { ...common, body, headers: { vary } }
    return { ...common, body: zipped, headers: { vary, 'content-encoding': 'gzip' } }
  }
}

function createSigner() {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const keyid = `SHA256:${createHash('sha256').update(spki).digest('base64').replace(/=+$/, '')}`
  const type = 'ecdsa-sha2-nistp256'
  const key = { expires: null, keyid, keytype: type, scheme: type, key: spki.toString('base64') }
  return {
    keys: JSON.stringify({ keys: [key] }),
    sign: (text: string) => ({ keyid, sig: sign('sha256', Buffer.from(text), privateKey).toString('base64') }),
  }
}
