// packages.config: https://learn.microsoft.com/en-us/nuget/reference/packages-config

import type { LockFormat } from '../contract.ts'
import { locked } from './locked.ts'
import { nuget } from './nuget.ts'
import { fault } from './place.ts'
import { headText, readText } from './text.ts'
import { attribute, childrenOf, mustAttribute, parseXml } from './xml.ts'

export const packagesConfig: LockFormat = {
  id: 'packages-config',
  names: ['packages.config', 'packages.*.config'],
  sniff: (head) => /<packages>\s*<package\s+id=/.test(headText(head)),
  async *read(input) {
    const root = await parseXml(await readText(input), input.name)
    if (root.name !== 'packages') throw fault(root, `is <${root.name}>, not <packages>`)
    for (const item of childrenOf(root, 'package')) {
      yield locked(item, {
        ecosystem: nuget,
        name: mustAttribute(item, 'id').toLowerCase(),
        version: mustAttribute(item, 'version'),
        markers: attribute(item, 'targetFramework'),
      })
    }
  },
}
