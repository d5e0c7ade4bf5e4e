// Names, tags and digests, and where they are: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests

import type { Digests } from '../../contract.ts'

/** A component that is also a part of the addresses would make two readings of one path. */
export const nameForm =
  /^(?=.{1,255}$)(?!(?:.*\/)?(?:manifests|blobs|tags|referrers)(?:\/|$))[a-z0-9]+(?:(?:\.|__|_|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|__|_|-+)[a-z0-9]+)*)*$/
export const tagForm = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/
export const digestForm = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/
/** Tags that stand for what belongs to a digest: signatures, attestations, and the list of referrers. */
export const attachedForm = /^sha(?:256|512)-[0-9a-f]{64,128}(?:\.[a-z0-9]{1,32})?$/

export const manifestPath = (name: string, reference: string): string => `/${name}/manifests/${reference}`
export const blobPath = (name: string, digest: string): string => `/${name}/blobs/${digest}`
export const tagsPath = (name: string): string => `/${name}/tags/list`
export const referrersPath = (name: string, digest: string): string => `/${name}/referrers/${digest}`

/** Where a registry without the referrers API lists them: the digest as a tag. */
export const attachedTag = (digest: string, kind = ''): string => `${digest.replace(':', '-').slice(0, 71)}${kind}`

export function digestsOf(digest: string): Digests {
  const [algorithm = '', hex = ''] = digest.split(':')
  return { [algorithm]: hex }
}
