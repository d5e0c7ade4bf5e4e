// composer.lock: packages with their archive and their repository; most archives have no digest.
// https://getcomposer.org/doc/01-basic-usage.md#commit-your-composer-lock-file-to-version-control

import type { Locked, LockFormat } from '../contract.ts'
import { parseJson } from './json-places.ts'
import { hexDigest, locked, ofFileIf } from './locked.ts'
import { fault, field, listOf, mustText, type Place, textOf } from './place.ts'
import { headText, readText } from './text.ts'

export const composerLock: LockFormat = {
  id: 'composer-lock',
  names: ['composer.lock'],
  sniff: (head) => /"_readme"\s*:\s*\[\s*"This file locks the dependencies of your project/.test(headText(head)),
  async *read(input) {
    const document = parseJson(await readText(input), input.name)
    if (field(document, 'packages') === undefined) throw fault(document, 'has no packages')
    for (const group of ['packages', 'packages-dev'])
      for (const item of listOf(document, group)) yield fromPackage(item)
  },
}

function fromPackage(item: Place): Locked {
  const dist = field(item, 'dist')
  const source = field(item, 'source')
  const type = dist && textOf(dist, 'type')
  const shasum = dist && textOf(dist, 'shasum')
  const address = dist && textOf(dist, 'url')
  const git = source && `git+${mustText(source, 'url')}#${textOf(source, 'reference') ?? ''}`
  return locked(item, {
    ecosystem: 'composer',
    name: mustText(item, 'name').toLowerCase(),
    version: mustText(item, 'version'),
    url: dist === undefined ? git : address,
    source: sourceOf(type, address, source !== undefined),
    digests: dist === undefined || !shasum ? [] : ofFileIf(hexDigest(dist, 'sha1', shasum)),
  })
}

function sourceOf(type: string | undefined, address: string | undefined, isGit: boolean): Locked['source'] {
  if (type === 'path') return 'link'
  if (type === undefined) return isGit ? 'git' : 'registry'
  return address === undefined || /^https?:/.test(address) ? 'registry' : 'file'
}
