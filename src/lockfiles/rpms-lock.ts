// rpms.lock.yaml of rpm-lockfile-prototype: packages and their sources by architecture.
// https://github.com/konflux-ci/rpm-lockfile-prototype

import type { LockFormat } from '../contract.ts'
import { locked, ofFileIf, statedDigest } from './locked.ts'
import { fault, field, listOf, mustText, textOf } from './place.ts'
import { headText, readText } from './text.ts'
import { parseYaml } from './yaml-places.ts'

export const rpmsLock: LockFormat = {
  id: 'rpms-lock',
  names: ['rpms.lock.yaml'],
  sniff: (head) => /^lockfileVendor: redhat/m.test(headText(head)),
  async *read(input) {
    const [document] = await parseYaml(await readText(input), input.name)
    const version = document && textOf(document, 'lockfileVersion')
    if (document === undefined || version !== '1')
      throw fault(
        (document && field(document, 'lockfileVersion')) ?? { file: input.name, line: 1 },
        `lockfileVersion ${version} is not known`,
      )
    for (const machine of listOf(document, 'arches')) {
      const arch = mustText(machine, 'arch')
      for (const [kind, markers] of [
        ['packages', arch],
        ['source', 'src'],
      ] as const) {
        for (const item of listOf(machine, kind)) {
          const checksum = textOf(item, 'checksum')
          yield locked(item, {
            ecosystem: 'rpm',
            name: mustText(item, 'name'),
            version: mustText(item, 'evr'),
            url: mustText(item, 'url'),
            digests: checksum === undefined ? [] : ofFileIf(statedDigest(item, checksum)),
            markers,
          })
        }
      }
    }
  },
}
