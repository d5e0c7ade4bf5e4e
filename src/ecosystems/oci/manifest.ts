// Manifests and indexes: https://github.com/opencontainers/image-spec/blob/main/manifest.md and image-index.md, and Docker's
// schema 2 of both. Bytes are never written anew; what is read here decides whether they may be kept, and what they name.

import * as v from 'valibot'
import type { Doc, Entry } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { isObject, type JsonObject } from '../../formats/json-object.ts'
import { digestForm, digestsOf, manifestPath } from './names.ts'

export const indexType = 'application/vnd.oci.image.index.v1+json'
const indexTypes: ReadonlySet<string> = new Set([
  indexType,
  'application/vnd.docker.distribution.manifest.list.v2+json',
])
const imageTypes: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
])

/** All four, widest first: a registry that is asked for less converts, and what it then sends has another digest. */
export const accept = [...indexTypes, ...imageTypes, '*/*;q=0.1'].join(', ')

/** Registries take at least 4 MiB; more than twice that is nobody's. */
export const manifestLimit = 8 * 1024 * 1024

const text = v.pipe(v.string(), v.maxLength(4096))
const size = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const annotations = v.nullish(v.record(v.string(), v.string()))

export const descriptor = v.object({
  mediaType: text,
  digest: v.pipe(v.string(), v.regex(digestForm)),
  size,
  annotations,
  artifactType: v.nullish(text),
  platform: v.nullish(v.object({ os: v.nullish(text), architecture: v.nullish(text), variant: v.nullish(text) })),
})
export type Descriptor = v.InferOutput<typeof descriptor>

const common = { schemaVersion: v.literal(2), mediaType: v.nullish(text), artifactType: v.nullish(text), annotations }
const index = v.object({ ...common, manifests: v.array(descriptor) })
const image = v.object({ ...common, config: descriptor, layers: v.array(descriptor), subject: v.nullish(descriptor) })

export interface Manifest {
  /** Of an index: what it lists. */
  readonly manifests: readonly Descriptor[]
  /** Of an image or another artifact: its configuration and its layers. */
  readonly config?: Descriptor
  readonly layers: readonly Descriptor[]
  readonly artifactType?: string
  readonly isIndex: boolean
}

/** Fields whose other spellings Go would read too. */
const known: ReadonlySet<string> = new Set(['schemaversion', 'mediatype', 'manifests', 'config', 'layers', 'subject'])
const spelt: ReadonlySet<string> = new Set(['schemaVersion', 'mediaType', 'manifests', 'config', 'layers', 'subject'])

/** Throws UNREADABLE for what is no manifest, for schema 1, and for one that two readers could understand differently. */
export async function readManifest(doc: Doc): Promise<Manifest> {
  const refused = (why: string): MirrorError =>
    new MirrorError('UNREADABLE', `${doc.path} ${why}`, { path: doc.path, url: doc.url })
  if (doc.size > manifestLimit) throw refused('is too large for a manifest')
  const isIndex = indexTypes.has(doc.type)
  if (!isIndex && !imageTypes.has(doc.type)) throw refused(`came as ${doc.type || 'no type'}, which is no manifest`)
  const parsed = objectOf(await doc.bytes())
  if (parsed === undefined) throw refused('is not a JSON object')
  for (const key of Object.keys(parsed)) {
    if (known.has(key.toLowerCase()) && !spelt.has(key)) throw refused(`holds ${JSON.stringify(key.slice(0, 40))}`)
  }
  if (parsed.schemaVersion !== 2) throw refused('is of a schema that is no longer read')
  if ('manifests' in parsed && ('layers' in parsed || 'config' in parsed))
    throw refused('is an index and a manifest at once')
  const result = v.safeParse(isIndex ? index : image, parsed)
  if (!result.success) throw refused(`is no manifest: ${result.issues[0].message.slice(0, 300)}`)
  const { mediaType } = result.output
  if (typeof mediaType === 'string' && mediaType !== doc.type)
    throw refused(`came as ${doc.type}, and says that it is ${mediaType.slice(0, 100)}`)
  return manifestOf(result.output)
}

function manifestOf(read: v.InferOutput<typeof index> | v.InferOutput<typeof image>): Manifest {
  const artifactType = read.artifactType == null ? {} : { artifactType: read.artifactType }
  if ('manifests' in read) return { manifests: read.manifests, layers: [], isIndex: true, ...artifactType }
  return { manifests: [], config: read.config, layers: read.layers, isIndex: false, ...artifactType }
}

export function objectOf(bytes: Uint8Array): JsonObject | undefined {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return isObject(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}

/**
 * What an index lists, as parts of it. Their sizes are not stated: the digest proves them, and whoever can write to a name
 * could else spoil a part that other images of it share.
 */
export async function* readParts(doc: Doc, { name }: { readonly name: string }): AsyncGenerator<Entry> {
  for (const { digest } of (await readManifest(doc)).manifests)
    yield { path: manifestPath(name, digest), name, digests: digestsOf(digest), data: { part: true } }
}

/** What registries without the referrers API list under a tag: no part of it, and trusted no more than anything else. */
export async function* readListed(doc: Doc, { name }: { readonly name: string }): AsyncGenerator<Entry> {
  for (const { digest } of (await readManifest(doc)).manifests)
    yield { path: manifestPath(name, digest), name, digests: digestsOf(digest) }
}
