// What is wrong with the bytes of a blob.

import type { BlobRow } from '../catalog/rows.ts'
import type { Found } from './hashing.ts'

/** Why the bytes are not those that came, in words; undefined when they are. */
export function damageOf(sha256: string, row: BlobRow | undefined, found: Found): string | undefined {
  if ('missing' in found) return 'its bytes are missing'
  if ('broken' in found) return `its bytes cannot be read: ${found.broken.message}`
  if (row === undefined) return 'the catalog has lost its blob'
  if (found.size !== row.size) return `it has ${found.size} bytes in place of ${row.size}`
  if (found.digests.sha256 !== sha256) return 'its bytes have another sha256'
  const wrong = Object.keys(found.digests).find(
    (name) => (row.digests[name] ?? found.digests[name]) !== found.digests[name],
  )
  return wrong === undefined ? undefined : `its bytes have another ${wrong}`
}
