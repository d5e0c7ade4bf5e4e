// apko.lock.json: packages of Alpine's format by architecture; the digests are of parts of their files.
// https://github.com/chainguard-dev/apko/blob/main/pkg/lock/lock.go

import type { Locked, LockedDigest, LockFormat } from '../contract.ts'
import { parseJson } from './json-places.ts'
import { locked, sriDigests } from './locked.ts'
import { fault, field, listOf, mustText, type Place, textOf } from './place.ts'
import { headText, readText } from './text.ts'

export const apkoLock: LockFormat = {
  id: 'apko-lock',
  names: ['apko.lock.json', '*.apko.lock.json'],
  sniff: (head) => /"contents"\s*:\s*\{\s*"keyring"\s*:/.test(headText(head)),
  async *read(input) {
    const document = parseJson(await readText(input), input.name)
    const contents = field(document, 'contents')
    if (mustText(document, 'version') !== 'v1' || contents === undefined) throw fault(document, 'is not of version v1')
    for (const item of listOf(contents, 'packages')) yield fromPackage(item)
  },
}

function fromPackage(item: Place): Locked {
  const digests = ['control', 'data'].flatMap((name): readonly LockedDigest[] => {
    const part = field(item, name)
    const checksum = part && textOf(part, 'checksum')
    return part === undefined || checksum === undefined ? [] : [{ of: 'content', digests: sriDigests(part, checksum) }]
  })
  return locked(item, {
    ecosystem: 'alpine',
    name: mustText(item, 'name'),
    version: mustText(item, 'version'),
    url: textOf(item, 'url'),
    digests,
    markers: textOf(item, 'architecture'),
  })
}
