// Kubernetes objects, of any kind, in any number of documents: the images of their containers and image volumes.
// https://kubernetes.io/docs/concepts/containers/images/

import type { Locked, LockFormat } from '../contract.ts'
import { fromImage, once } from './image.ts'
import { fault, field, isList, isTable, type Place } from './place.ts'
import { headText, readText } from './text.ts'
import { parseYaml } from './yaml-places.ts'

const lists = new Set(['containers', 'initContainers', 'ephemeralContainers'])

export const kubernetes: LockFormat = {
  id: 'kubernetes',
  names: ['*.k8s.yaml', '*.k8s.yml', 'deployment.yaml', 'deployment.yml'],
  sniff: (head) =>
    /^apiVersion: (?!kustomize)/m.test(headText(head)) && /^kind: (?!Kustomization)/m.test(headText(head)),
  async *read(input) {
    const documents = await parseYaml(await readText(input), input.name)
    if (documents.length === 0) throw fault({ file: input.name, line: 1 }, 'is empty')
    for (const document of documents) if (field(document, 'kind') === undefined) throw fault(document, 'has no kind')
    yield* once(documents.flatMap((document) => [...images(document)]))
  },
}

function* images(place: Place): Generator<Locked> {
  if (isList(place)) for (const item of place.value) yield* images(item)
  if (!isTable(place)) return
  for (const [name, below] of place.value) {
    if (lists.has(name) && isList(below)) {
      for (const item of below.value) {
        const image = isTable(item) ? field(item, 'image') : undefined
        if (typeof image?.value === 'string' && image.value !== '') yield fromImage(image, image.value)
      }
    }
    const reference = name === 'image' && isTable(below) ? field(below, 'reference') : undefined
    if (typeof reference?.value === 'string') yield fromImage(reference, reference.value)
    yield* images(below)
  }
}
