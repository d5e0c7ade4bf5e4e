// Package.resolved of the Swift package manager, versions 1 to 3. https://docs.swift.org/package-manager/

import type { Locked, LockFormat } from '../contract.ts'
import { parseJson } from './json-places.ts'
import { locked } from './locked.ts'
import { fault, field, listOf, mustText, type Place, textOf } from './place.ts'
import { headText, readText } from './text.ts'

export const packageResolved: LockFormat = {
  id: 'package-resolved',
  names: ['Package.resolved'],
  sniff: (head) =>
    /^\s*\{\s*(?:"originHash"\s*:\s*"[0-9a-f]+",\s*)?"(?:pins"\s*:\s*\[|object"\s*:\s*\{\s*"pins")/.test(
      headText(head),
    ),
  async *read(input) {
    const document = parseJson(await readText(input), input.name)
    const version = field(document, 'version')
    if (typeof version?.value !== 'number' || version.value < 1 || version.value > 3) {
      throw fault(version ?? document, `version ${String(version?.value)} is not known`)
    }
    const pins = version.value === 1 ? field(document, 'object') : document
    for (const item of pins === undefined ? [] : listOf(pins, 'pins')) yield fromPin(item)
  },
}

function fromPin(item: Place): Locked {
  const state = field(item, 'state')
  if (state === undefined) throw fault(item, 'has no state')
  const kind = textOf(item, 'kind') ?? 'remoteSourceControl'
  const location = textOf(item, 'location') ?? textOf(item, 'repositoryURL')
  const version = textOf(state, 'version')
  const revision = textOf(state, 'revision')
  const name = textOf(item, 'identity') ?? mustText(item, 'package')
  // a scope and a name
  if (kind === 'registry')
    return locked(item, { ecosystem: 'swift', name: name.toLowerCase(), version, registry: location || undefined })
  if (kind !== 'remoteSourceControl' && kind !== 'localSourceControl')
    throw fault(field(item, 'kind') ?? item, `the kind ${kind} is not known`)
  return locked(item, {
    ecosystem: 'swift',
    name,
    version,
    url: `git+${location ?? ''}#${revision ?? textOf(state, 'branch') ?? ''}`,
    source: kind === 'remoteSourceControl' ? 'git' : 'link',
  })
}
