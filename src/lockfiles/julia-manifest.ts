// Manifest.toml of Julia, formats 1 and 2: packages with the digest of their Git tree. What has none comes with Julia.
// https://pkgdocs.julialang.org/v1/toml-files/#Manifest.toml

import type { Locked, LockFormat } from '../contract.ts'
import { locked } from './locked.ts'
import { asText, fault, field, isList, isTable, mustText, type Place, pairsOf, textOf } from './place.ts'
import { headText, readText } from './text.ts'
import { parseToml } from './toml-places.ts'

export const juliaManifest: LockFormat = {
  id: 'julia-manifest',
  names: ['Manifest.toml', 'JuliaManifest.toml', 'Manifest-v*.toml', 'JuliaManifest-v*.toml'],
  sniff: (head) => /^# This file is machine-generated - editing it directly is not advised/m.test(headText(head)),
  async *read(input) {
    const document = parseToml(await readText(input), input.name)
    const format = textOf(document, 'manifest_format') ?? '1.0'
    if (!/^[12](?:\.|$)/.test(format))
      throw fault(field(document, 'manifest_format') ?? document, `manifest_format ${format} is not known`)
    const packages = format.startsWith('1') ? document : (field(document, 'deps') ?? { ...document, value: new Map() })
    if (!isTable(packages)) throw fault(packages, 'deps is no table')
    for (const [name, list] of pairsOf(packages)) {
      // version 1 has its packages beside a few texts
      if (!isList(list)) {
        if (format.startsWith('1')) continue
        throw fault(list, `${JSON.stringify(name.slice(0, 100))} is no list`)
      }
      for (const item of list.value) {
        const found = fromPackage(name, item)
        if (found !== undefined) yield found
      }
    }
  },
}

function fromPackage(name: string, item: Place): Locked | undefined {
  const uuid = mustText(item, 'uuid')
  const tree = textOf(item, 'git-tree-sha1')
  const path = textOf(item, 'path')
  const git = textOf(item, 'repo-url')
  if (tree === undefined && path === undefined && git === undefined) return undefined
  if (tree !== undefined && !/^[0-9a-f]{40}$/.test(tree))
    throw fault(field(item, 'git-tree-sha1') ?? item, `${JSON.stringify(tree.slice(0, 100))} is no Git tree`)
  const version = field(item, 'version')
  return locked(item, {
    ecosystem: 'julia',
    name,
    version: version === undefined ? undefined : asText(version, 'version'),
    url: path ?? (git === undefined ? undefined : `git+${git}#${textOf(item, 'repo-rev') ?? ''}`),
    source: path !== undefined ? 'link' : git !== undefined ? 'git' : 'registry',
    digests: tree === undefined ? [] : [{ of: 'tree', digests: { 'git-tree-sha1': tree } }],
    options: { uuid },
  })
}
