// kustomization.yaml: what it sets images to, and its charts. https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/

import type { LockFormat } from '../contract.ts'
import { fromImage } from './image.ts'
import { locked } from './locked.ts'
import { fault, isTable, listOf, mustText, textOf } from './place.ts'
import { headText, readText } from './text.ts'
import { parseYaml } from './yaml-places.ts'

export const kustomization: LockFormat = {
  id: 'kustomization',
  names: ['kustomization.yaml', 'kustomization.yml', 'Kustomization'],
  sniff: (head) => /^kind: Kustomization/m.test(headText(head)) && /^apiVersion: kustomize/m.test(headText(head)),
  async *read(input) {
    const [document] = await parseYaml(await readText(input), input.name)
    if (!isTable(document)) throw fault({ file: input.name, line: 1 }, 'is no kustomization')
    for (const item of listOf(document, 'images')) {
      const name = textOf(item, 'newName') ?? mustText(item, 'name')
      const tag = textOf(item, 'newTag')
      const digest = textOf(item, 'digest')
      if (tag !== undefined || digest !== undefined || textOf(item, 'newName') !== undefined) {
        yield fromImage(item, `${name}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`)
      }
    }
    for (const item of listOf(document, 'helmCharts')) {
      yield locked(item, {
        ecosystem: 'helm',
        name: mustText(item, 'name'),
        version: textOf(item, 'version'),
        registry: textOf(item, 'repo'),
      })
    }
  },
}
