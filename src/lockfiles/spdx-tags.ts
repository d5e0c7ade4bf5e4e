// SPDX 2.2 and 2.3 as tags and values: https://spdx.github.io/spdx-spec/v2.3/conformance/#44-standard-data-format-requirements

import type { LockFormat } from '../contract.ts'
import { addTo } from '../formats/lists.ts'
import { type Component, fromComponent } from './bill.ts'
import { type At, fault } from './place.ts'
import { headText, linesOf, readText } from './text.ts'

interface Open {
  readonly at: At
  readonly values: Map<string, string[]>
}

export const spdxTags: LockFormat = {
  id: 'spdx-tags',
  names: ['*.spdx', '*.spdx.tag'],
  sniff: (head) => /^SPDXVersion: SPDX-2\./m.test(headText(head)),
  async *read(input) {
    const packages: Open[] = []
    const subjects = new Set<string>()
    let open: Open | undefined
    let version: string | undefined
    for (const [tag, value, at] of tags(await readText(input), input.name)) {
      if (tag === 'SPDXVersion') version = value
      if (version === undefined || !/^SPDX-2\.[0-3]$/.test(version))
        throw fault(at, `SPDXVersion ${version} is not known`)
      const [, subject] = tag === 'Relationship' ? (/^SPDXRef-DOCUMENT DESCRIBES (\S+)$/.exec(value) ?? []) : []
      if (subject !== undefined) subjects.add(subject)
      if (tag === 'PackageName') {
        open = { at, values: new Map([['PackageName', [value]]]) }
        packages.push(open)
      } else if (['FileName', 'SnippetSPDXID', 'LicenseID'].includes(tag)) open = undefined
      else if (open !== undefined) addTo(open.values, tag, value)
    }
    if (version === undefined) throw fault({ file: input.name, line: 1 }, 'has no SPDXVersion')
    for (const one of packages) yield fromComponent(componentOf(one, subjects))
  },
}

function componentOf({ at, values }: Open, subjects: ReadonlySet<string>): Component {
  const one = (tag: string): string | undefined => values.get(tag)?.[0]
  const purl = (values.get('ExternalRef') ?? [])
    .map((text) => /^PACKAGE[-_]MANAGER purl (\S+)$/.exec(text)?.[1])
    .find(Boolean)
  const location = one('PackageDownloadLocation')
  return {
    at,
    name: one('PackageName') ?? '',
    version: one('PackageVersion'),
    purl,
    files: [
      {
        hashes: (values.get('PackageChecksum') ?? []).map((text) => {
          const [algorithm = '', hex = ''] = text.split(/:\s*/, 2)
          return [algorithm, hex.trim()] as const
        }),
      },
    ],
    url: location !== undefined && /^https?:/.test(location) ? location : undefined,
    isSubject: subjects.has(one('SPDXID') ?? ''),
  }
}

/** Values may be texts of several lines. */
function* tags(text: string, file: string): Generator<readonly [tag: string, value: string, at: At]> {
  let begun: { readonly tag: string; readonly at: At } | undefined
  for (const [line, number] of linesOf(text)) {
    const at = { file, line: number }
    if (begun !== undefined) {
      if (line.includes('</text>')) {
        yield [begun.tag, '', begun.at]
        begun = undefined
      }
      continue
    }
    if (line.trim() === '' || line.startsWith('#')) continue
    const [, tag, value = ''] = /^([A-Za-z]{2,60}):\s*(.*)$/.exec(line) ?? []
    if (tag === undefined) throw fault(at, 'is no tag and value')
    if (value.startsWith('<text>') && !value.includes('</text>')) begun = { tag, at }
    else yield [tag, value.trim(), at]
  }
  if (begun !== undefined) throw fault(begun.at, 'the text does not end')
}
