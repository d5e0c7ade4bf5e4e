// Which suite a signed root is of, by its fields. https://wiki.debian.org/DebianRepository/Format#A.22Release.22_files

import type { Repo } from '../../contract.ts'
import type { DebianOptions } from './options.ts'

/** The fields stand before the lists of digests. */
const HEAD = 4096

export function recognise(bytes: Uint8Array, repo: Repo<DebianOptions>): readonly { path: string; type: string }[] {
  const head = Buffer.from(bytes.subarray(0, HEAD)).toString('latin1')
  if (!head.startsWith('-----BEGIN PGP SIGNED MESSAGE-----')) return []
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}: ((?!.*\\.\\.)[\\w.+~/-]{1,100})\\r?$`, 'm').exec(head)?.[1]
  // the same keys sign Debian's security archive, which is one of its own
  const isSecurity = field('Label') === 'Debian-Security'
  if (field('Origin') === 'Debian' && isSecurity !== repo.upstreams.some((address) => address.includes('security')))
    return []
  const fields = ['Suite', 'Codename'].flatMap((name) => field(name) ?? [])
  // the names that are wanted, where the configuration says so; without a name it can only be the one suite that there is
  const { suites } = repo.options
  const wanted = fields.filter((name) => suites.includes(name))
  const only = fields.length === 0 && suites.length === 1 ? suites : fields
  const names = new Set(wanted.length > 0 ? wanted : only)
  return [...names].map((name) => ({ path: `/dists/${name}/InRelease`, type: 'text/plain' }))
}
