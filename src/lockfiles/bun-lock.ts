// bun.lock, lockfileVersion 0 to 2: a tuple for each package, of another length for each kind of source.
// https://bun.com/docs/pm/lockfile

import type { Locked, LockFormat } from '../contract.ts'
import { parseJson } from './json-places.ts'
import { locked, ofFileIf, sriDigests } from './locked.ts'
import { npm, platformsOf, specSource, splitAt, whereItFits } from './npm.ts'
import { asText, fault, field, isList, isTable, isTrue, type Place, pairsOf } from './place.ts'
import { headText, readText } from './text.ts'

export const bunLock: LockFormat = {
  id: 'bun-lock',
  names: ['bun.lock'],
  sniff: (head) =>
    /^\s*\{\s*"lockfileVersion"\s*:\s*\d+,(?:\s*"configVersion"\s*:\s*\d+,)?\s*"workspaces"\s*:/.test(headText(head)),
  async *read(input) {
    const document = parseJson(await readText(input), input.name, 'jsonc')
    const version = field(document, 'lockfileVersion')
    if (version?.value !== 0 && version?.value !== 1 && version?.value !== 2)
      throw fault(version ?? document, `lockfileVersion ${String(version?.value)} is not known`)
    const seen = new Set<string>()
    for (const [key, item] of pairsOf(document, 'packages')) {
      const found = fromTuple(key, item)
      if (found === undefined) continue
      const same = JSON.stringify([found.name, found.version, found.url])
      if (seen.size !== seen.add(same).size) yield found
    }
  },
}

/** Undefined for what lies in another package's file. */
function fromTuple(key: string, item: Place): Locked | undefined {
  const [first, ...rest] = isList(item) ? item.value : []
  if (first === undefined) throw fault(item, `${JSON.stringify(key.slice(0, 100))} is no list`)
  const [name, spec] = splitAt(asText(first, 'a package')) ?? []
  if (name === undefined || spec === undefined) throw fault(first, 'names no package and version')
  const about = rest.find(isTable)
  if (about !== undefined && isTrue(about, 'bundled')) return undefined
  const source = spec.startsWith('root:') ? 'workspace' : (specSource(spec) ?? 'registry')
  const registry =
    source === 'registry' && rest[0] !== undefined && !isTable(rest[0]) ? asText(rest[0], 'a registry') : ''
  const last = rest.at(-1)
  const integrity = last !== undefined && rest.length > 1 && !isTable(last) ? asText(last, 'a digest') : ''
  return locked(
    { ...item, line: first.line },
    {
      ecosystem: npm,
      options: whereItFits,
      name,
      version: source === 'registry' ? spec : undefined,
      url: source === 'registry' ? (/\.tgz$/.test(registry) ? registry : undefined) : spec,
      registry: registry === '' || registry.endsWith('.tgz') ? undefined : registry,
      source,
      digests: source === 'git' || !/^sha\d+-/.test(integrity) ? [] : ofFileIf(sriDigests(last ?? item, integrity)),
      markers: about === undefined ? undefined : platformsOf(about),
    },
  )
}
