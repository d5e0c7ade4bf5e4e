// compose.yaml: the images of services that are not built here. https://docs.docker.com/reference/compose-file/services/

import type { Locked, LockFormat } from '../contract.ts'
import { expand, fromImage, once } from './image.ts'
import { fault, field, type Place, pairsOf, textOf } from './place.ts'
import { headText, readText } from './text.ts'
import { parseYaml } from './yaml-places.ts'

export const compose: LockFormat = {
  id: 'compose',
  names: ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml', 'compose.*', 'docker-compose.*'],
  sniff: (head) => /^services:\s*(?:#.*)?$/m.test(headText(head)),
  async *read(input) {
    const documents = await parseYaml(await readText(input), input.name)
    const [document] = documents
    if (document === undefined || field(document, 'services') === undefined)
      throw fault({ file: input.name, line: 1 }, 'has no services')
    for (const one of documents) yield* once(images(one))
  },
}

function* images(document: Place): Generator<Locked> {
  for (const [, service] of pairsOf(document, 'services')) {
    const image = service.value === '' ? undefined : field(service, 'image')
    if (image === undefined || field(service, 'build') !== undefined) continue
    yield fromImage(image, expand(textOf(service, 'image') ?? '', new Map()), textOf(service, 'platform'))
  }
}
