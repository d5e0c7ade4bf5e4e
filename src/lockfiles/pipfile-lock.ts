// Pipfile.lock, pipfile-spec 6: packages by group. https://github.com/pypa/pipfile#pipfilelock

import type { Locked, LockFormat } from '../contract.ts'
import { parseJson } from './json-places.ts'
import { locked, ofFileIf, statedDigest } from './locked.ts'
import { asText, fault, field, isTrue, listOf, type Place, pairsOf, textOf, textsOf } from './place.ts'
import { addressSource, pinned, pypi, pythonName } from './python.ts'
import { headText, readText } from './text.ts'

export const pipfileLock: LockFormat = {
  id: 'pipfile-lock',
  names: ['Pipfile.lock'],
  sniff: (head) => /^\s*\{\s*"_meta"\s*:\s*\{/.test(headText(head)),
  async *read(input) {
    const document = parseJson(await readText(input), input.name)
    const meta = field(document, '_meta')
    if (meta === undefined) throw fault(document, 'has no _meta')
    const spec = field(meta, 'pipfile-spec')
    if (spec?.value !== 6) throw fault(spec ?? meta, `pipfile-spec ${String(spec?.value)} is not known`)
    const sources = new Map(listOf(meta, 'sources').map((one) => [textOf(one, 'name'), textOf(one, 'url')]))
    const seen = new Set<string>()
    for (const [group] of pairsOf(document)) {
      if (group === '_meta') continue
      for (const [name, item] of pairsOf(document, group)) {
        const found = fromPackage(name, item, sources)
        // groups repeat what they share
        const key = `${found.name} ${found.version} ${found.url}`
        if (!seen.has(key)) yield found
        seen.add(key)
      }
    }
  },
}

function fromPackage(name: string, item: Place, sources: ReadonlyMap<string | undefined, string | undefined>): Locked {
  const version = textOf(item, 'version')
  const git = ['git', 'hg', 'svn', 'bzr'].find((kind) => field(item, kind) !== undefined)
  const address = git === undefined ? (textOf(item, 'file') ?? textOf(item, 'path')) : undefined
  const extras = textsOf(item, 'extras')
  return locked(item, {
    ecosystem: pypi,
    name: pythonName(name),
    version: version === undefined ? undefined : (pinned(version) ?? undefined),
    range: version === undefined || version === '*' || pinned(version) !== undefined ? undefined : version,
    registry: sources.get(textOf(item, 'index')),
    url: git === undefined ? address : `${git}+${textOf(item, git)}@${textOf(item, 'ref') ?? ''}`,
    source: sourceOf(item, git, address),
    digests: listOf(item, 'hashes').flatMap((hash) => ofFileIf(statedDigest(hash, asText(hash, 'a hash')))),
    markers: textOf(item, 'markers'),
    options: extras.length > 0 ? { extras } : undefined,
  })
}

function sourceOf(item: Place, git: string | undefined, address: string | undefined): Locked['source'] {
  if (git !== undefined) return 'git'
  if (address === undefined) return 'registry'
  return isTrue(item, 'editable') ? 'workspace' : addressSource(address)
}
