// packages.lock.json: packages by framework. https://learn.microsoft.com/en-us/nuget/consume-packages/package-references-in-project-files#locking-dependencies

import type { Locked, LockFormat } from '../contract.ts'
import { parseJson } from './json-places.ts'
import { locked } from './locked.ts'
import { contentHash, nuget } from './nuget.ts'
import { fault, field, mustText, type Place, pairsOf, textOf } from './place.ts'
import { headText, readText } from './text.ts'

export const nugetLock: LockFormat = {
  id: 'nuget-lock',
  names: ['packages.lock.json', 'packages.*.lock.json'],
  sniff: (head) => /^\s*\{\s*"version"\s*:\s*[12],\s*"dependencies"\s*:\s*\{/.test(headText(head)),
  async *read(input) {
    const document = parseJson(await readText(input), input.name)
    const version = field(document, 'version')
    if (version?.value !== 1 && version?.value !== 2)
      throw fault(version ?? document, `version ${String(version?.value)} is not known`)
    const seen = new Set<string>()
    for (const [, framework] of pairsOf(document, 'dependencies')) {
      for (const [name, item] of pairsOf(framework)) {
        const found = fromPackage(name, item)
        if (seen.size !== seen.add(`${found.name} ${found.version}`).size) yield found
      }
    }
  },
}

function fromPackage(name: string, item: Place): Locked {
  const hash = textOf(item, 'contentHash')
  const isProject = mustText(item, 'type') === 'Project'
  return locked(item, {
    ecosystem: nuget,
    name: name.toLowerCase(),
    version: isProject ? undefined : mustText(item, 'resolved'),
    source: isProject ? 'workspace' : 'registry',
    digests: hash === undefined ? [] : contentHash(item, hash),
  })
}
