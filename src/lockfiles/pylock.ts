// pylock.toml: https://packaging.python.org/en/latest/specifications/pylock-toml/

import type { Locked, LockFormat } from '../contract.ts'
import { filenameOf, locked } from './locked.ts'
import { fault, field, isTrue, listOf, mustText, type Place, textOf } from './place.ts'
import { filesOf, hashTableIn, packageName, pypi } from './python.ts'
import { headText, readText } from './text.ts'
import { parseToml } from './toml-places.ts'

export const pylock: LockFormat = {
  id: 'pylock',
  names: ['pylock.toml', 'pylock.*.toml'],
  sniff: (head) => /^lock-version = "1\./m.test(headText(head)),
  async *read(input) {
    const document = parseToml(await readText(input), input.name)
    const version = mustText(document, 'lock-version')
    if (!/^1\./.test(version))
      throw fault(field(document, 'lock-version') ?? document, `lock-version ${version} is not known`)
    for (const item of listOf(document, 'packages')) yield fromPackage(item)
  },
}

function fromPackage(item: Place): Locked {
  const base = {
    ecosystem: pypi,
    name: packageName(item),
    version: textOf(item, 'version'),
    markers: textOf(item, 'marker'),
  }
  const vcs = field(item, 'vcs')
  if (vcs !== undefined) {
    const address = textOf(vcs, 'url') ?? mustText(vcs, 'path')
    return locked(item, {
      ...base,
      source: 'git',
      url: `${mustText(vcs, 'type')}+${address}@${mustText(vcs, 'commit-id')}`,
    })
  }
  const directory = field(item, 'directory')
  if (directory !== undefined) {
    const source = isTrue(directory, 'editable') ? 'workspace' : 'link'
    return locked(item, { ...base, source, url: mustText(directory, 'path') })
  }
  const archive = field(item, 'archive')
  if (archive !== undefined) {
    const url = textOf(archive, 'url')
    const address = url ?? mustText(archive, 'path')
    const source = url === undefined ? 'file' : 'url'
    return locked(item, { ...base, source, url: address, digests: hashTableIn(archive, 'hashes', filenameOf(address)) })
  }
  return locked(item, {
    ...base,
    registry: textOf(item, 'index'),
    digests: filesOf(item, (file, name) => hashTableIn(file, 'hashes', name)),
  })
}
