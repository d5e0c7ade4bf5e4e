// Before a manifest is kept: that it is one, that it is what upstream says it is, and that it is signed where it has to be.

import type { Doc, Entry, Repo, Trust } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { readManifest } from './manifest.ts'
import type { OciOptions } from './options.ts'
import { checkSigned, isCarried, mustBeSigned } from './signed.ts'

interface Named {
  readonly name: string
}

/** Throws UNREADABLE or WRONG_DIGEST, and what `checkSigned` throws. */
export async function checkManifest(
  doc: Doc,
  p: Named,
  repo: Repo<OciOptions>,
  trust: Trust,
  { data }: Partial<Entry>,
): Promise<void> {
  const manifest = await readManifest(doc)
  checkStated(doc)
  if (!mustBeSigned(p.name, repo.options) || isCarried(manifest)) return
  // an index is only kept when it is signed, and its digest covers its parts
  if (isPart(data)) return
  await checkSigned(doc, p, repo, trust)
}

/** What stands under the tags of signatures: signatures, or a list of what refers to the image; nothing that could be run. */
export async function checkAttached(doc: Doc, { name }: Named, { options }: Repo<OciOptions>): Promise<void> {
  const manifest = await readManifest(doc)
  checkStated(doc)
  if (!mustBeSigned(name, options) || manifest.isIndex || isCarried(manifest)) return
  throw new MirrorError('NO_SIGNATURE', `${doc.path} is an image under the tag of a signature`, {
    path: doc.path,
    name,
  })
}

function checkStated(doc: Doc): void {
  const stated = doc.headers['docker-content-digest']
  const [algorithm = '', hex] = stated?.split(':') ?? []
  const found = doc.digests[algorithm]
  if (stated === undefined || found === undefined || found === hex) return
  throw new MirrorError('WRONG_DIGEST', `${doc.path} came with ${algorithm}:${found}, and upstream states ${stated}`, {
    path: doc.path,
    expected: stated.slice(0, 200),
    found,
  })
}

const isPart = (data: unknown): boolean => typeof data === 'object' && data !== null && 'part' in data
