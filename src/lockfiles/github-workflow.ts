// Workflows and actions of GitHub: images of jobs, services, and of steps that use one.
// https://docs.github.com/en/actions/writing-workflows/workflow-syntax-for-github-actions

import type { Locked, LockFormat } from '../contract.ts'
import { fromImage, once } from './image.ts'
import { asText, fault, field, isTable, listOf, type Place, pairsOf, textOf } from './place.ts'
import { headText, readText } from './text.ts'
import { parseYaml } from './yaml-places.ts'

export const githubWorkflow: LockFormat = {
  id: 'github-workflow',
  names: ['action.yml', 'action.yaml'],
  sniff: (head) => /^jobs:\s*(?:#.*)?$/m.test(headText(head)) && /^["']?on["']?:/m.test(headText(head)),
  async *read(input) {
    const [document] = await parseYaml(await readText(input), input.name)
    if (!isTable(document) || (field(document, 'jobs') ?? field(document, 'runs')) === undefined)
      throw fault({ file: input.name, line: 1 }, 'has no jobs')
    yield* once(images(document))
  },
}

function* images(document: Place): Generator<Locked> {
  for (const [, job] of pairsOf(document, 'jobs')) {
    yield* container(field(job, 'container'))
    for (const [, service] of pairsOf(job, 'services')) yield* container(service)
    yield* steps(job)
  }
  const runs = field(document, 'runs')
  if (runs === undefined) return
  yield* steps(runs)
  const image = textOf(runs, 'image')
  if (image?.startsWith('docker://')) yield fromImage(field(runs, 'image') ?? runs, image.slice('docker://'.length))
}

function* container(place: Place | undefined): Generator<Locked> {
  const image = isTable(place) ? field(place, 'image') : place
  // an expression that comes to nothing means "no container"
  if (image !== undefined && image.value !== '') yield fromImage(image, asText(image, 'an image'))
}

function* steps(job: Place): Generator<Locked> {
  for (const step of listOf(job, 'steps')) {
    const uses = textOf(step, 'uses')
    if (uses?.startsWith('docker://')) yield fromImage(field(step, 'uses') ?? step, uses.slice('docker://'.length))
  }
}
