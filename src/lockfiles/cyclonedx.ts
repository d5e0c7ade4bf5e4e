// CycloneDX 1.3 to 1.7, JSON and XML: components within components. https://cyclonedx.org/docs/1.6/json/

import type { LockFormat } from '../contract.ts'
import { type Component, fromComponent } from './bill.ts'
import { parseJson } from './json-places.ts'
import { filenameOf } from './locked.ts'
import { fault, field, listOf, mustText, type Place, textOf } from './place.ts'
import { headText, readText } from './text.ts'
import { attribute, childrenOf, childText, type Element, inside, parseXml } from './xml.ts'

/** Kinds of component that are no package. */
const others = new Set([
  'file',
  'operating-system',
  'device',
  'device-driver',
  'firmware',
  'platform',
  'data',
  'machine-learning-model',
  'cryptographic-asset',
])

export const cyclonedx: LockFormat = {
  id: 'cyclonedx',
  names: ['bom.json', 'bom.xml', '*.cdx.json', '*.cdx.xml', '*.bom.json', '*.bom.xml'],
  sniff: (head) =>
    /"bomFormat"\s*:\s*"CycloneDX"|"bom-ref"\s*:|xmlns(?::\w+)?="http:\/\/cyclonedx\.org\/schema\/bom\//.test(
      headText(head),
    ),
  async *read(input) {
    const text = await readText(input)
    const components = /^\s*</.test(text) ? await fromXml(text, input.name) : fromJson(text, input.name)
    for (const component of components) yield fromComponent(component)
  },
}

function fromJson(text: string, file: string): readonly Component[] {
  const document = parseJson(text, file)
  const version = mustText(document, 'specVersion')
  if (textOf(document, 'bomFormat') !== 'CycloneDX') throw fault(document, 'is not of CycloneDX')
  if (!/^1\.[2-7]$/.test(version))
    throw fault(field(document, 'specVersion') ?? document, `specVersion ${version} is not known`)
  const subject = field(field(document, 'metadata') ?? { ...document, value: new Map() }, 'component')
  return [
    ...(subject === undefined ? [] : listOf(subject, 'components').flatMap((one) => jsonComponents(one))),
    ...listOf(document, 'components').flatMap((one) => jsonComponents(one)),
  ]
}

function jsonComponents(item: Place): readonly Component[] {
  const references = listOf(item, 'externalReferences').filter((one) => textOf(one, 'type') === 'distribution')
  const [distribution] = references
  const hashesOf = (one: Place) =>
    listOf(one, 'hashes').map((hash) => [mustText(hash, 'alg'), mustText(hash, 'content')] as const)
  const component: Component = {
    at: item,
    name: [textOf(item, 'group'), mustText(item, 'name')].filter(Boolean).join('/'),
    version: textOf(item, 'version'),
    purl: textOf(item, 'purl'),
    files: [
      { hashes: hashesOf(item) },
      ...references.map((one) => ({ hashes: hashesOf(one), filename: filenameOf(mustText(one, 'url')) || undefined })),
    ],
    url: distribution && textOf(distribution, 'url'),
    isSubject: false,
  }
  const isPackage = component.purl !== undefined || !others.has(textOf(item, 'type') ?? '')
  return [...(isPackage ? [component] : []), ...listOf(item, 'components').flatMap((one) => jsonComponents(one))]
}

async function fromXml(text: string, file: string): Promise<readonly Component[]> {
  const root = await parseXml(text, file)
  const [, version] =
    /\/bom\/(\d+\.\d+)$/.exec(
      attribute(root, 'xmlns') ??
        [...root.attributes.values()].find((value) => value.includes('cyclonedx.org/schema/bom/')) ??
        '',
    ) ?? []
  if (root.name !== 'bom' || version === undefined) throw fault(root, 'is not of CycloneDX')
  if (!/^1\.[2-7]$/.test(version)) throw fault(root, `version ${version} is not known`)
  const parts = [
    ...inside(root, 'metadata', 'component', 'components', 'component'),
    ...inside(root, 'components', 'component'),
  ]
  return parts.flatMap(xmlComponents)
}

function xmlComponents(element: Element): readonly Component[] {
  const references = inside(element, 'externalReferences', 'reference').filter(
    (one) => attribute(one, 'type') === 'distribution',
  )
  const hashesOf = (one: Element) =>
    inside(one, 'hashes', 'hash').map((hash) => [attribute(hash, 'alg') ?? '', hash.text.trim()] as const)
  const [distribution] = references
  const name = childText(element, 'name')
  if (name === undefined) throw fault(element, 'has no name')
  const component: Component = {
    at: element,
    name: [childText(element, 'group'), name].filter(Boolean).join('/'),
    version: childText(element, 'version'),
    purl: childText(element, 'purl'),
    files: [
      { hashes: hashesOf(element) },
      ...references.map((one) => ({
        hashes: hashesOf(one),
        filename: filenameOf(childText(one, 'url') ?? '') || undefined,
      })),
    ],
    url: distribution && childText(distribution, 'url'),
    isSubject: false,
  }
  const isPackage = component.purl !== undefined || !others.has(attribute(element, 'type') ?? '')
  return [
    ...(isPackage ? [component] : []),
    ...childrenOf(element, 'components')
      .flatMap((one) => childrenOf(one, 'component'))
      .flatMap(xmlComponents),
  ]
}
