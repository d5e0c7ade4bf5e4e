// uv.lock: each package with its source and all its files. https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile

import type { Locked, LockFormat } from '../contract.ts'
import { filenameOf, locked, ofFileIf, statedDigest } from './locked.ts'
import { fault, field, listOf, type Place, pairsOf, textOf, textsOf } from './place.ts'
import { addressSource, filesOf, packageName, pypi } from './python.ts'
import { headText, readText } from './text.ts'
import { parseToml } from './toml-places.ts'

export const uvLock: LockFormat = {
  id: 'uv-lock',
  names: ['uv.lock'],
  sniff: (head) => /^version = \d+\n(?:revision = \d+\n)?requires-python = /m.test(headText(head)),
  async *read(input) {
    const document = parseToml(await readText(input), input.name)
    const version = field(document, 'version')
    if (version?.value !== 1) throw fault(version ?? document, `version ${String(version?.value)} is not known`)
    for (const item of listOf(document, 'package')) yield fromPackage(item)
  },
}

function fromPackage(item: Place): Locked {
  const source = field(item, 'source')
  const [[kind, address] = []] = source === undefined ? [] : [...pairsOf(source)]
  if (kind === undefined || address === undefined) throw fault(item, 'a package has no source')
  const text = textOf(source as Place, kind) ?? ''
  const digests = filesOf(item, (file, name) => {
    const hash = textOf(file, 'hash')
    return ofFileIf(hash === undefined ? undefined : statedDigest(file, hash), name)
  })
  const isRegistry = kind === 'registry'
  const isAddress = /^https?:/.test(text)
  return locked(item, {
    ecosystem: pypi,
    name: packageName(item),
    version: textOf(item, 'version'),
    registry: isRegistry && isAddress ? text : undefined,
    url: isRegistry ? undefined : kind === 'git' ? `git+${text}` : text,
    source: isRegistry && !isAddress ? 'file' : sourceOf(kind, text),
    digests,
    markers: textsOf(item, 'resolution-markers').join(' or ') || undefined,
  })
}

function sourceOf(kind: string, address: string): Locked['source'] {
  if (kind === 'registry' || kind === 'git' || kind === 'url') return kind
  if (kind === 'editable' || kind === 'virtual') return 'workspace'
  return addressSource(filenameOf(address)) === 'file' ? 'file' : 'link'
}
