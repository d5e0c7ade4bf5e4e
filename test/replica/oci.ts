// A small registry of images on loopback, as registries really are: tokens for each name, pages with Link fields, blobs on another
// host behind a redirect, a digest in the head or not, and a list of what refers to an image, by question or under a tag.

import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { artifact, describe, type Image, index, type Made, made, platform, types } from '../ecosystems/oci/builders.ts'
import { type Asked, type Step, startUpstream, type Upstream } from '../fakes/upstream.ts'
import { tarball } from './tarball.ts'

/** A repository of a registry: its tags, and all that it holds. */
export interface Shelf {
  readonly tags: Map<string, Made>
  readonly manifests: Map<string, Made>
  readonly blobs: Map<string, Made>
}

export const shelf = (): Shelf => ({ tags: new Map(), manifests: new Map(), blobs: new Map() })

export function put(to: Shelf, ...images: readonly Image[]): void {
  for (const { manifest, blobs } of images) {
    to.manifests.set(manifest.digest, manifest)
    for (const blob of blobs) to.blobs.set(blob.digest, blob)
  }
}

export function tag(to: Shelf, name: string, manifest: Made): void {
  to.manifests.set(manifest.digest, manifest)
  to.tags.set(name, manifest)
}

/** A real image of one layer: what any tool can unpack. */
export async function realImage(files: Readonly<Record<string, string>>, architecture = 'amd64'): Promise<Image> {
  const layer = made(await tarball('', files), types.layer)
  const diff = createHash('sha256').update(gunzipSync(layer.bytes)).digest('hex')
  const config = made(
    {
      architecture,
      os: 'linux',
      created: '2025-06-01T12:00:00Z',
      config: { Cmd: ['/hello'] },
      rootfs: { type: 'layers', diff_ids: [`sha256:${diff}`] },
      history: [{ created: '2025-06-01T12:00:00Z', created_by: 'a test' }],
    },
    types.config,
  )
  const manifest = made(
    { schemaVersion: 2, mediaType: types.manifest, config: describe(config), layers: [describe(layer)] },
    types.manifest,
  )
  return { manifest, blobs: [config, layer] }
}

export interface OrchardImages {
  readonly shelf: Shelf
  /** An index for two machines. */
  readonly orchard: Made
  readonly x64: Image
  readonly arm64: Image
  /** What refers to it. */
  readonly sbom: Image
}

/** `org/orchard`: 1.2.0 and latest for two machines, 1.1.0 for one, an SBOM that refers to the newest. */
export async function orchardImages(): Promise<OrchardImages> {
  const x64 = await realImage({ 'hello.txt': 'orchard 1.2.0 for x64\n' })
  const arm64 = await realImage({ 'hello.txt': 'orchard 1.2.0 for arm64\n' }, 'arm64')
  const older = await realImage({ 'hello.txt': 'orchard 1.1.0\n' })
  const orchard = index([describe(x64.manifest, platform('amd64')), describe(arm64.manifest, platform('arm64', 'v8'))])
  const sbom = artifact(orchard, 'application/spdx+json', { spdxVersion: 'SPDX-2.3', name: 'orchard' })
  const held = shelf()
  put(held, x64, arm64, older, sbom)
  tag(held, '1.1.0', older.manifest)
  tag(held, '1.2.0', orchard)
  tag(held, 'latest', orchard)
  return { shelf: held, orchard, x64, arm64, sbom }
}

export interface Habits {
  /** Wants a token for each name. */
  readonly tokens?: { readonly username: string; readonly password: string } | 'anonymous'
  /** Bytes of blobs are on another host. */
  readonly redirects?: true
  /** Tags in one answer at most. */
  readonly page?: number
  /** Knows the question what refers to a digest; else the answer lies under a tag. */
  readonly referrers?: true
  /** States the digest of a manifest in the head of the answer. */
  readonly states?: true
}

export interface OciReplica {
  /** Its address, with `/v2` at the end. */
  readonly url: string
  readonly upstream: Upstream
  /** Where the blobs are, when it redirects. */
  readonly files: Upstream
  readonly shelves: Map<string, Shelf>
  /** Tokens that were given out, by scope. */
  readonly given: readonly string[]
  /** From now on no token of before is good. */
  expire(): void
  close(): Promise<void>
}

const wrong = (status: number, code: string): Step => ({
  status,
  type: 'application/json',
  body: JSON.stringify({ errors: [{ code, message: code }] }),
})

export async function startOciReplica(
  shelves: Readonly<Record<string, Shelf>>,
  habits: Habits = {},
): Promise<OciReplica> {
  const all = new Map(Object.entries(shelves))
  const given: string[] = []
  let era = 0
  const files = await startUpstream()
  const upstream = await startUpstream()
  const answer = (asked: Asked): Step => {
    const { pathname, searchParams } = new URL(asked.path, upstream.url)
    if (pathname === '/token') return giveToken(asked, searchParams.getAll('scope'))
    const [, name = '', kind = '', reference = ''] =
      /^\/v2\/(.+)\/(manifests|blobs|tags|referrers)\/([^/]+)$/.exec(pathname) ?? []
    const refused = mustAuthorize(asked, name)
    if (refused !== undefined) return refused
    if (pathname === '/v2/') return { type: 'application/json', body: '{}' }
    const held = all.get(name)
    if (held === undefined) return wrong(404, 'NAME_UNKNOWN')
    if (kind === 'manifests') return manifestStep(held.manifests.get(reference) ?? held.tags.get(reference))
    if (kind === 'blobs') return blobStep(held.blobs.get(reference))
    if (kind === 'tags') return tagsStep(name, held, searchParams)
    return habits.referrers ? referrersStep(held, reference) : wrong(404, 'UNSUPPORTED')
  }
  upstream.otherwise(answer)

  function giveToken({ headers }: Asked, scopes: readonly string[]): Step {
    const { tokens } = habits
    if (typeof tokens === 'object') {
      const login = `Basic ${Buffer.from(`${tokens.username}:${tokens.password}`).toString('base64')}`
      if (headers.authorization !== login) return wrong(401, 'UNAUTHORIZED')
    }
    given.push(scopes.join(' '))
    return {
      type: 'application/json',
      body: JSON.stringify({ token: Buffer.from(`${era} ${scopes.join(' ')}`).toString('base64url'), expires_in: 300 }),
    }
  }

  function mustAuthorize({ headers }: Asked, name: string): Step | undefined {
    if (habits.tokens === undefined) return undefined
    const scope = name === '' ? '' : `repository:${name}:pull`
    const token = Buffer.from(`${era} ${scope}`).toString('base64url')
    if (name === '' ? headers.authorization?.startsWith('Bearer ') : headers.authorization === `Bearer ${token}`)
      return undefined
    const asks = scope === '' ? '' : `,scope="${scope}"`
    return {
      ...wrong(401, 'UNAUTHORIZED'),
      headers: { 'www-authenticate': `Bearer realm="${upstream.url}/token",service="replica"${asks}` },
    }
  }

  function manifestStep(found: Made | undefined): Step {
    if (found === undefined) return wrong(404, 'MANIFEST_UNKNOWN')
    return {
      type: found.type,
      body: found.bytes,
      ...(habits.states ? { headers: { 'docker-content-digest': found.digest } } : {}),
    }
  }

  function blobStep(found: Made | undefined): Step {
    if (found === undefined) return wrong(404, 'BLOB_UNKNOWN')
    const step: Step = { type: 'application/octet-stream', body: found.bytes, etag: `"${found.digest}"` }
    if (habits.redirects === undefined) return step
    files.set(`/${found.digest}`, step)
    return { status: 307, redirect: `${files.url}/${found.digest}?signature=secret` }
  }

  function tagsStep(name: string, { tags }: Shelf, query: URLSearchParams): Step {
    const { page = Number.POSITIVE_INFINITY } = habits
    const rest = [...tags.keys()].sort().filter((one) => one > (query.get('last') ?? ''))
    const most = Math.min(page, Number(query.get('n') ?? page))
    const shown = rest.slice(0, most)
    const next = `/v2/${name}/tags/list?n=${most}&last=${encodeURIComponent(shown.at(-1) ?? '')}`
    return {
      type: 'application/json',
      body: JSON.stringify({ name, tags: shown }),
      ...(shown.length < rest.length ? { headers: { link: `<${next}>; rel="next"` } } : {}),
    }
  }

  function referrersStep({ manifests }: Shelf, digest: string): Step {
    const found = [...manifests.values()].flatMap((one) => {
      const document = JSON.parse(one.bytes.toString()) as { subject?: { digest: string }; artifactType?: string }
      if (document.subject?.digest !== digest) return []
      return [describe(one, { artifactType: document.artifactType })]
    })
    return { type: types.index, body: index(found).bytes }
  }

  return {
    url: `${upstream.url}/v2`,
    upstream,
    files,
    shelves: all,
    given,
    expire() {
      era += 1
    },
    async close() {
      await upstream.close()
      await files.close()
    },
  }
}

/** A directory in the image layout (https://github.com/opencontainers/image-spec/blob/main/image-layout.md). */
export function writeLayout(directory: string, held: Shelf): void {
  const file = (name: string, bytes: Uint8Array | string): void => {
    const to = path.join(directory, name)
    mkdirSync(path.dirname(to), { recursive: true })
    writeFileSync(to, bytes)
  }
  file('oci-layout', '{"imageLayoutVersion":"1.0.0"}')
  for (const { digest, bytes } of [...held.manifests.values(), ...held.blobs.values()])
    file(`blobs/${digest.replace(':', '/')}`, bytes)
  const manifests = [...held.tags].map(([name, manifest]) =>
    describe(manifest, { annotations: { 'org.opencontainers.image.ref.name': name } }),
  )
  file('index.json', JSON.stringify({ schemaVersion: 2, manifests }))
}
