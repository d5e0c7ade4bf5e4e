// Chart.lock, and requirements.lock of Helm 2. The digest in it is of the lists of dependencies, of no chart.
// https://helm.sh/docs/helm/helm_dependency_update/

import type { Locked, LockFormat } from '../contract.ts'
import { locked } from './locked.ts'
import { fault, field, listOf, mustText, type Place, textOf } from './place.ts'
import { headText, readText } from './text.ts'
import { parseYaml } from './yaml-places.ts'

export const helmLock: LockFormat = {
  id: 'helm-lock',
  names: ['Chart.lock', 'requirements.lock'],
  sniff: (head) => /^dependencies:\s*\n- name: /m.test(headText(head)) && /^digest: sha256:/m.test(headText(head)),
  async *read(input) {
    const [document] = await parseYaml(await readText(input), input.name)
    if (document === undefined || field(document, 'dependencies') === undefined)
      throw fault({ file: input.name, line: 1 }, 'has no dependencies')
    for (const item of listOf(document, 'dependencies')) yield fromDependency(item)
  },
}

function fromDependency(item: Place): Locked {
  const base = { name: mustText(item, 'name'), version: mustText(item, 'version') }
  const repository = textOf(item, 'repository') ?? ''
  const [, registry] = /^oci:\/\/(.+)$/.exec(repository) ?? []
  if (registry !== undefined) {
    const [host = '', ...path] = registry.split('/')
    const name = [...path, base.name].filter(Boolean).join('/')
    return locked(item, { ...base, ecosystem: 'oci', name, url: `https://${host}/v2/${name}`, source: 'url' })
  }
  if (repository === '' || repository.startsWith('file:'))
    return locked(item, { ...base, ecosystem: 'helm', source: 'link', url: repository || undefined })
  // `@name` and `alias:name` are what the machine calls a repository
  return locked(item, { ...base, ecosystem: 'helm', registry: /^https?:/.test(repository) ? repository : undefined })
}
