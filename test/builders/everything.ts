// `shelf` with a list of everything, which offline is made of what is held; worker threads load this module.

import { type AnyEcosystem, route } from '../../src/contract.ts'
import { shelf } from './shelf.ts'

const all = route('/all', {
  kind: 'index',
  hashes: ['md5'],
  types: ['text/plain'],
  offline: 'made',
  headers: ({ digests }) => ({ etag: `"${digests.md5}"`, digest: `sha-256=${digests.sha256}` }),
  async view(doc, show) {
    if (doc !== undefined) return Buffer.concat([await doc.bytes(), Buffer.alloc(2000, '.')])
    const held = await Array.fromAsync(show.holdings(), (entry) => entry.path)
    return Buffer.from(held.sort().join('\n'))
  },
})

export const ecosystems: readonly AnyEcosystem[] = [{ ...shelf, routes: [...shelf.routes, all] }]
