// pixi.lock, versions 4 to 6: packages of conda and PyPI with their addresses; environments only name them.
// https://pixi.sh/latest/workspace/lockfile/

import type { Locked, LockFormat } from '../contract.ts'
import { condaAddress, fromAddress } from './conda.ts'
import { filenameOf, hexDigest, locked, ofFileIf } from './locked.ts'
import { fault, field, listOf, mustText, type Place, textOf } from './place.ts'
import { addressSource, pypi, pythonName } from './python.ts'
import { headText, readText } from './text.ts'
import { parseYaml } from './yaml-places.ts'

export const pixiLock: LockFormat = {
  id: 'pixi-lock',
  names: ['pixi.lock'],
  sniff: (head) => /^version: \d+\nenvironments:/m.test(headText(head)),
  async *read(input) {
    const [document] = await parseYaml(await readText(input), input.name)
    const version = document && field(document, 'version')
    if (document === undefined || !/^[456]$/.test(String(version?.value))) {
      throw fault(version ?? { file: input.name, line: 1 }, `version ${String(version?.value)} is not known`)
    }
    for (const item of listOf(document, 'packages')) yield fromPackage(item)
  },
}

function fromPackage(item: Place): Locked {
  const kind = textOf(item, 'kind') ?? (field(item, 'conda') === undefined ? 'pypi' : 'conda')
  const url = textOf(item, 'url') ?? textOf(item, 'path') ?? mustText(item, kind)
  const digests = ['sha256', 'md5'].flatMap((algorithm) => {
    const hex = textOf(item, algorithm)
    return hex === undefined ? [] : [hexDigest(item, algorithm, hex)]
  })
  const stated = ofFileIf(Object.assign({}, ...digests), filenameOf(url))
  if (kind === 'pypi') return fromPypi(item, url, stated)
  if (kind !== 'conda') throw fault(item, `the kind ${kind} is not known`)
  if (condaAddress(url) !== undefined) return fromAddress(item, url, stated)
  // built from sources beside the project
  return locked(item, {
    ecosystem: 'conda',
    name: textOf(item, 'name') ?? filenameOf(url.replace(/\/+$/, '')),
    url,
    source: 'workspace',
  })
}

function fromPypi(item: Place, url: string, digests: Locked['digests']): Locked {
  const source = /^https?:/.test(url) ? 'registry' : addressSource(url)
  return locked(item, {
    ecosystem: pypi,
    name: pythonName(mustText(item, 'name')),
    version: textOf(item, 'version'),
    url,
    source,
    // a folder's digest is of its project file
    digests: source === 'link' || source === 'git' ? [] : digests,
  })
}
