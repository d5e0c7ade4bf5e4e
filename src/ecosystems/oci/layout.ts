// The image layout: what is held as one directory that skopeo, podman, oras and containerd read.
// https://github.com/opencontainers/image-spec/blob/main/image-layout.md

import type { Layout, LayoutFile } from '../../contract.ts'
import { indexType } from './manifest.ts'
import { digestForm, tagForm } from './names.ts'

const named = 'org.opencontainers.image.ref.name'

interface Reference {
  readonly name: string
  readonly kind: 'manifests' | 'blobs'
  readonly reference: string
}

function referenceOf(path: string): Reference | undefined {
  const [, name = '', kind, reference = ''] = /^\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(path) ?? []
  if (kind !== 'manifests' && kind !== 'blobs') return undefined
  return digestForm.test(reference) || (kind === 'manifests' && tagForm.test(reference))
    ? { name, kind, reference }
    : undefined
}

/** Manifests and blobs under their digest; names are in the index alone. */
function place({ path, sha256 }: LayoutFile): string | undefined {
  const found = referenceOf(path)
  if (found === undefined) return undefined
  const digest = digestForm.test(found.reference) ? found.reference : `sha256:${sha256}`
  return `blobs/${digest.replace(':', '/')}`
}

/** Every tag as NAME:TAG, for several images share one layout. What is held by its digest alone has no name in it. */
function documents(files: readonly LayoutFile[]): Readonly<Record<string, string>> {
  const manifests = files.flatMap(({ path, type, sha256, size }) => {
    const found = referenceOf(path)
    if (found === undefined || digestForm.test(found.reference)) return []
    const annotations = { [named]: `${found.name}:${found.reference}` }
    return [{ mediaType: type, digest: `sha256:${sha256}`, size, annotations }]
  })
  return {
    'oci-layout': JSON.stringify({ imageLayoutVersion: '1.0.0' }),
    'index.json': JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests }),
  }
}

export const imageLayout: Layout = { place, documents }
