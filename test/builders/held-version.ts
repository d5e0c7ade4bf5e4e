// A version that is held, out of the bytes of its documents, for the traits of an ecosystem.

import type { Doc, HeldVersion } from '../../src/contract.ts'
import { doc } from '../../src/engine/doc.ts'

export function heldVersion(
  name: string,
  version: string,
  paths: readonly string[],
  documents: Readonly<Record<string, string | Uint8Array>>,
): HeldVersion {
  return {
    name,
    version,
    paths,
    async document(path) {
      const content = documents[path]
      return content === undefined ? undefined : docOf(path, Buffer.from(content))
    },
  }
}

function docOf(path: string, bytes: Buffer): Doc {
  const head = { path, url: '', type: '', size: bytes.length, digests: {}, headers: {} }
  return doc(head, async function* (from = 0, to = bytes.length) {
    yield bytes.subarray(from, to)
  })
}
