// Images put together from plain values: every document is the bytes that a registry would hand out, with its digest.

import { hashOf } from '../../../src/formats/digest.ts'

export const types = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  empty: 'application/vnd.oci.empty.v1+json',
  list: 'application/vnd.docker.distribution.manifest.list.v2+json',
  schema2: 'application/vnd.docker.distribution.manifest.v2+json',
} as const

/** Bytes with what a descriptor says of them. */
export interface Made {
  readonly bytes: Buffer
  readonly type: string
  readonly digest: string
}

export const made = (content: string | Uint8Array | object, type: string): Made => {
  const bytes =
    typeof content === 'string' || content instanceof Uint8Array
      ? Buffer.from(content)
      : Buffer.from(JSON.stringify(content))
  return { bytes, type, digest: `sha256:${hashOf(bytes)}` }
}

export const describe = ({ bytes, type, digest }: Made, more: object = {}) => ({
  mediaType: type,
  digest,
  size: bytes.length,
  ...more,
})

export interface Image {
  readonly manifest: Made
  readonly blobs: readonly Made[]
}

/** An image of one layer; what its configuration says makes it unmistakable. */
export function image(
  layer: string | Uint8Array,
  more: { readonly architecture?: string; readonly subject?: Made } = {},
): Image {
  const { architecture = 'amd64', subject } = more
  const blob = made(layer, types.layer)
  const config = made({ architecture, os: 'linux', rootfs: { type: 'layers', diff_ids: [blob.digest] } }, types.config)
  const manifest = made(
    {
      schemaVersion: 2,
      mediaType: types.manifest,
      config: describe(config),
      layers: [describe(blob)],
      ...(subject === undefined ? {} : { subject: describe(subject) }),
    },
    types.manifest,
  )
  return { manifest, blobs: [config, blob] }
}

/** What refers to an image: one layer of a kind of its own. */
export function artifact(
  subject: Made,
  artifactType: string,
  content: string | object,
  layerType = artifactType,
): Image {
  const config = made('{}', types.empty)
  const layer = made(content, layerType)
  const manifest = made(
    {
      schemaVersion: 2,
      mediaType: types.manifest,
      artifactType,
      config: describe(config),
      layers: [describe(layer)],
      subject: describe(subject),
    },
    types.manifest,
  )
  return { manifest, blobs: [config, layer] }
}

export const platform = (architecture: string, variant?: string) => ({
  platform: { os: 'linux', architecture, ...(variant === undefined ? {} : { variant }) },
})

export const index = (manifests: readonly object[], type: string = types.index): Made =>
  made({ schemaVersion: 2, mediaType: type, manifests }, type)
