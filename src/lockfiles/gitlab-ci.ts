// .gitlab-ci.yml: images and services of jobs, with the variables of the file. https://docs.gitlab.com/ci/yaml/#image

import type { Locked, LockFormat } from '../contract.ts'
import { expand, fromImage, once } from './image.ts'
import { asText, fault, field, isList, isTable, type Place, pairsOf, textOf } from './place.ts'
import { headText, readText } from './text.ts'
import { parseYaml } from './yaml-places.ts'

export const gitlabCi: LockFormat = {
  id: 'gitlab-ci',
  names: ['.gitlab-ci.yml', '.gitlab-ci.yaml', '*.gitlab-ci.yml'],
  sniff: (head) => /^stages:\s*(?:\[|$)/m.test(headText(head)) && /^ {2,}script:/m.test(headText(head)),
  async *read(input) {
    const documents = await parseYaml(await readText(input), input.name)
    const document = documents.at(-1)
    if (!isTable(document)) throw fault({ file: input.name, line: 1 }, 'has no jobs')
    yield* once(images(document))
  },
}

function* images(document: Place): Generator<Locked> {
  const common = valuesOf(document, new Map())
  yield* ofJob(document, common)
  for (const [, job] of pairsOf(document)) if (isTable(job)) yield* ofJob(job, valuesOf(job, common))
}

function* ofJob(job: Place, values: ReadonlyMap<string, string>): Generator<Locked> {
  const services = field(job, 'services')
  for (const place of [field(job, 'image'), ...(isList(services) ? services.value : [])]) {
    const image = isTable(place) ? field(place, 'name') : place
    if (typeof image?.value === 'string' && image.value !== '') yield fromImage(image, expand(image.value, values))
  }
}

/** `variables`, each a text or a table with a `value`. */
function valuesOf(job: Place, common: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const variables = field(job, 'variables')
  if (!isTable(variables)) return common
  const own = [...pairsOf(variables)].map(
    ([name, value]) => [name, isTable(value) ? (textOf(value, 'value') ?? '') : asText(value, 'a variable')] as const,
  )
  return new Map([...common, ...own])
}
