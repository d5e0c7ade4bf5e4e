// project.assets.json, what a restore resolved. https://learn.microsoft.com/en-us/nuget/consume-packages/package-references-in-project-files

import type { LockFormat } from '../contract.ts'
import { parseJson } from './json-places.ts'
import { locked } from './locked.ts'
import { contentHash, nuget } from './nuget.ts'
import { fault, field, mustText, pairsOf, textOf } from './place.ts'
import { headText, readText } from './text.ts'

export const projectAssets: LockFormat = {
  id: 'project-assets',
  names: ['project.assets.json'],
  sniff: (head) => /^\s*\{\s*"version"\s*:\s*\d+,\s*"targets"\s*:\s*\{/.test(headText(head)),
  async *read(input) {
    const document = parseJson(await readText(input), input.name)
    const version = field(document, 'version')
    if (typeof version?.value !== 'number' || version.value < 2 || version.value > 4) {
      throw fault(version ?? document, `version ${String(version?.value)} is not known`)
    }
    if (field(document, 'libraries') === undefined) throw fault(document, 'has no libraries')
    for (const [key, item] of pairsOf(document, 'libraries')) {
      const [name, number] = /^([^/]+)\/([^/]+)$/.exec(key)?.slice(1) ?? []
      if (name === undefined || number === undefined)
        throw fault(item, `${JSON.stringify(key.slice(0, 100))} is no package and version`)
      const isProject = mustText(item, 'type') === 'project'
      const hash = textOf(item, 'sha512')
      yield locked(item, {
        ecosystem: nuget,
        name: name.toLowerCase(),
        version: number,
        source: isProject ? 'workspace' : 'registry',
        digests: hash === undefined || isProject ? [] : contentHash(item, hash),
      })
    }
  },
}
