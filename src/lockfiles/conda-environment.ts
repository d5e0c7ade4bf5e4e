// environment.yml: specifications, pinned or not, and requirements for pip among them.
// https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html#creating-an-environment-file-manually

import type { LockFormat } from '../contract.ts'
import { fromSpec } from './conda.ts'
import { asText, fault, field, isTable, listOf, pairsOf } from './place.ts'
import { fromRequirement, parseRequirement } from './python.ts'
import { headText, readText } from './text.ts'
import { parseYaml } from './yaml-places.ts'

export const condaEnvironment: LockFormat = {
  id: 'conda-environment',
  names: ['environment.yml', 'environment.yaml', 'environment-*.yml', 'environment-*.yaml'],
  direct: true,
  sniff: (head) => /^channels:\s*$/m.test(headText(head)) && /^dependencies:\s*$/m.test(headText(head)),
  async *read(input) {
    const [document] = await parseYaml(await readText(input), input.name)
    if (document === undefined || field(document, 'dependencies') === undefined)
      throw fault({ file: input.name, line: 1 }, 'has no dependencies')
    for (const item of listOf(document, 'dependencies')) {
      if (!isTable(item)) yield fromSpec(item, asText(item, 'a dependency'))
      else {
        for (const [manager] of pairsOf(item)) {
          if (manager !== 'pip') throw fault(item, `dependencies for ${manager} are not known`)
          for (const line of listOf(item, 'pip')) {
            const text = asText(line, 'a requirement')
            // files and options of pip: what they name is read from those files themselves
            if (text.startsWith('-')) continue
            const requirement = parseRequirement(text)
            if (requirement === undefined) throw fault(line, `${JSON.stringify(text.slice(0, 100))} is no requirement`)
            yield fromRequirement(line, requirement)
          }
        }
      }
    }
  },
}
