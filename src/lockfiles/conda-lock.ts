// conda-lock.yml: packages of conda and pip for several platforms. https://conda.github.io/conda-lock/output/

import type { Locked, LockFormat } from '../contract.ts'
import { fromAddress } from './conda.ts'
import { filenameOf, locked, ofFileIf } from './locked.ts'
import { fault, field, listOf, mustText, type Place, textOf } from './place.ts'
import { addressSource, hashTableIn, packageName, pypi } from './python.ts'
import { headText, readText } from './text.ts'
import { parseYaml } from './yaml-places.ts'

export const condaLock: LockFormat = {
  id: 'conda-lock',
  names: ['conda-lock.yml', 'conda-lock.yaml', '*.conda-lock.yml', '*.conda-lock.yaml'],
  sniff: (head) => /conda-lock/.test(headText(head)) && /^(?:metadata|package):|^version: 1$/m.test(headText(head)),
  async *read(input) {
    const [document] = await parseYaml(await readText(input), input.name)
    const version = document && field(document, 'version')
    if (document === undefined || version?.value !== '1')
      throw fault(version ?? { file: input.name, line: 1 }, 'is not of version 1')
    for (const item of listOf(document, 'package')) yield fromPackage(item)
  },
}

function fromPackage(item: Place): Locked {
  const url = mustText(item, 'url')
  const digests = hashTableIn(item, 'hash', filenameOf(url))
  const platform = mustText(item, 'platform')
  const manager = mustText(item, 'manager')
  if (manager === 'conda') return fromAddress(item, url, digests, platform)
  if (manager !== 'pip') throw fault(field(item, 'manager') ?? item, `the manager ${manager} is not known`)
  return locked(item, {
    ecosystem: pypi,
    name: packageName(item),
    version: textOf(item, 'version'),
    url,
    source: /^https?:/.test(url) ? 'registry' : addressSource(url),
    digests: ofFileIf(digests[0]?.digests, filenameOf(url)),
    markers: platform,
  })
}
