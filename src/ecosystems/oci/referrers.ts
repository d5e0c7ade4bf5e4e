// What refers to a digest: signatures, attestations, SBOMs.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers

import * as v from 'valibot'
import type { Bytes, Doc, Entry, Show } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { type Descriptor, descriptor, indexType } from './manifest.ts'
import { digestsOf, manifestPath } from './names.ts'
import { pagesOf } from './pages.ts'

interface Named {
  readonly name: string
}

const listed = v.object({ manifests: v.array(v.looseObject(descriptor.entries)) })

export async function referrersOf(doc: Doc): Promise<readonly Descriptor[]> {
  const found: Descriptor[] = []
  for (const page of await pagesOf(doc)) {
    const result = v.safeParse(listed, page)
    if (!result.success)
      throw new MirrorError('UNREADABLE', `${doc.path} is no list of referrers`, { path: doc.path, url: doc.url })
    found.push(...result.output.manifests)
  }
  return found
}

const entryOf = (name: string, { digest, artifactType, mediaType }: Descriptor): Entry => ({
  path: manifestPath(name, digest),
  name,
  digests: digestsOf(digest),
  data: { kind: artifactType ?? mediaType },
})

export async function* readReferrers(doc: Doc, { name }: Named): AsyncGenerator<Entry> {
  for (const one of await referrersOf(doc)) yield entryOf(name, one)
}

/** Those of one `artifactType` when the client says so, which is then stated. */
export async function viewReferrers(doc: Doc | undefined, show: Show, { name }: Named): Promise<Bytes | undefined> {
  if (doc === undefined) return undefined
  const { artifactType } = show.query
  const manifests = (await referrersOf(doc)).filter(
    (one) => (artifactType === undefined || one.artifactType === artifactType) && show.sees(entryOf(name, one)),
  )
  if (artifactType !== undefined) show.states({ 'oci-filters-applied': 'artifactType' })
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests }))
}
