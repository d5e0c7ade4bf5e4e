// renv.lock: the digests are of fields of a package's DESCRIPTION. https://rstudio.github.io/renv/reference/lockfiles.html

import type { Locked, LockFormat } from '../contract.ts'
import { parseJson } from './json-places.ts'
import { hexDigest, locked } from './locked.ts'
import { fault, field, listOf, mustText, type Place, pairsOf, textOf } from './place.ts'
import { headText, readText } from './text.ts'

export const renvLock: LockFormat = {
  id: 'renv-lock',
  names: ['renv.lock'],
  sniff: (head) => /^\s*\{\s*"R"\s*:\s*\{\s*"Version"/.test(headText(head)),
  async *read(input) {
    const document = parseJson(await readText(input), input.name)
    const r = field(document, 'R')
    if (r === undefined || field(document, 'Packages') === undefined) throw fault(document, 'has no R and Packages')
    const addresses = new Map(listOf(r, 'Repositories').map((one) => [mustText(one, 'Name'), mustText(one, 'URL')]))
    for (const [name, item] of pairsOf(document, 'Packages')) yield fromPackage(name, item, addresses)
  },
}

const gits = new Set(['github', 'gitlab', 'bitbucket', 'git', 'git2r', 'xgit'])

function fromPackage(name: string, item: Place, addresses: ReadonlyMap<string, string>): Locked {
  const kind = (textOf(item, 'Source') ?? 'Repository').toLowerCase()
  const repository = textOf(item, 'Repository')
  const hash = textOf(item, 'Hash')
  const remote = [textOf(item, 'RemoteUsername'), textOf(item, 'RemoteRepo')].filter(Boolean).join('/')
  const source = gits.has(kind) ? 'git' : kind === 'url' ? 'url' : kind === 'local' ? 'file' : 'registry'
  return locked(item, {
    ecosystem: kind === 'bioconductor' ? 'bioconductor' : 'cran',
    name: textOf(item, 'Package') ?? name,
    version: mustText(item, 'Version'),
    registry:
      repository === undefined
        ? undefined
        : (addresses.get(repository) ?? (/^https?:/.test(repository) ? repository : undefined)),
    url:
      source === 'registry'
        ? undefined
        : (textOf(item, 'RemoteUrl') ?? (`${remote}#${textOf(item, 'RemoteSha') ?? ''}` || undefined)),
    source,
    digests: hash === undefined ? [] : [{ of: 'content', digests: hexDigest(item, 'md5', hash) }],
  })
}
