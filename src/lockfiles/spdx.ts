// SPDX 2.2 and 2.3 as JSON or YAML, and 3.0 as JSON. https://spdx.github.io/spdx-spec/v2.3/package-information/

import type { LockFormat } from '../contract.ts'
import { type Component, fromComponent } from './bill.ts'
import { parseJson } from './json-places.ts'
import { asText, fault, field, isTable, listOf, mustText, type Place, textOf } from './place.ts'
import { headText, readText } from './text.ts'
import { parseYaml } from './yaml-places.ts'

export const spdx: LockFormat = {
  id: 'spdx',
  names: ['*.spdx.json', '*.spdx.yaml', '*.spdx.yml', '*.spdx3.json', 'spdx.json'],
  sniff: (head) =>
    /"(?:spdxVersion|SPDXID)"\s*:\s*"SPDX|spdx\.org\/rdf\/3\.|^(?:spdxVersion: ["']?SPDX-2|SPDXID: ["']?SPDXRef-DOCUMENT)/m.test(
      headText(head),
    ),
  async *read(input) {
    const text = await readText(input)
    const [document] = /^\s*[{[]/.test(text) ? [parseJson(text, input.name)] : await parseYaml(text, input.name)
    if (document === undefined) throw fault({ file: input.name, line: 1 }, 'is empty')
    const components = field(document, '@graph') === undefined ? fromTwo(document) : fromThree(document)
    for (const component of components) yield fromComponent(component)
  },
}

function fromTwo(document: Place): readonly Component[] {
  const version = mustText(document, 'spdxVersion')
  if (!/^SPDX-2\.[0-3]$/.test(version))
    throw fault(field(document, 'spdxVersion') ?? document, `spdxVersion ${version} is not known`)
  const relations = listOf(document, 'relationships')
  const described = relations.flatMap((one) => {
    const kind = textOf(one, 'relationshipType')
    if (kind === 'DESCRIBES') return [textOf(one, 'relatedSpdxElement')]
    return kind === 'DESCRIBED_BY' ? [textOf(one, 'spdxElementId')] : []
  })
  const subjects = new Set([...described, ...listOf(document, 'documentDescribes').map((one) => asText(one, 'an id'))])
  return listOf(document, 'packages').map((item) => ({
    at: item,
    name: mustText(item, 'name'),
    version: textOf(item, 'versionInfo'),
    purl: purlOf(listOf(item, 'externalRefs'), 'referenceType', 'purl', 'referenceLocator'),
    files: [
      {
        hashes: listOf(item, 'checksums').map(
          (one) => [mustText(one, 'algorithm'), mustText(one, 'checksumValue')] as const,
        ),
      },
    ],
    url: addressOf(textOf(item, 'downloadLocation')),
    isSubject: subjects.has(mustText(item, 'SPDXID')),
  }))
}

/** A graph of elements; what a document is of is what its roots name. */
function fromThree(document: Place): readonly Component[] {
  const elements = listOf(document, '@graph').filter(isTable)
  const subjects = new Set(
    elements
      .filter((one) => textOf(one, 'type') === 'software_Sbom')
      .flatMap((one) => listOf(one, 'rootElement').map((root) => asText(root, 'an id'))),
  )
  return elements
    .filter((one) => textOf(one, 'type') === 'software_Package')
    .map((item) => ({
      at: item,
      name: mustText(item, 'name'),
      version: textOf(item, 'software_packageVersion'),
      purl:
        textOf(item, 'software_packageUrl') ??
        purlOf(listOf(item, 'externalIdentifier'), 'externalIdentifierType', 'packageUrl', 'identifier'),
      files: [
        {
          hashes: listOf(item, 'verifiedUsing').flatMap((one) =>
            isTable(one) && textOf(one, 'type') === 'Hash'
              ? [[mustText(one, 'algorithm'), mustText(one, 'hashValue')] as const]
              : [],
          ),
        },
      ],
      url: addressOf(textOf(item, 'software_downloadLocation')),
      isSubject: subjects.has(textOf(item, 'spdxId') ?? ''),
    }))
}

function purlOf(references: readonly Place[], kind: string, purl: string, value: string): string | undefined {
  const found = references.find((one) => textOf(one, kind) === purl)
  return found === undefined ? undefined : mustText(found, value)
}

const addressOf = (text: string | undefined): string | undefined =>
  text !== undefined && /^(?:git\+)?https?:/.test(text) ? text : undefined
