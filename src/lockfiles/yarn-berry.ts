// yarn.lock of yarn 2 and later, of every `__metadata` version. Its checksums are of zip archives that yarn makes itself.
// https://yarnpkg.com/advanced/lexicon

import type { Locked, LockFormat } from '../contract.ts'
import { hexDigest, locked } from './locked.ts'
import { npm, specSource, splitAt, whereItFits } from './npm.ts'
import { fault, field, mustText, type Place, pairsOf, textOf } from './place.ts'
import { headText, readText } from './text.ts'
import { parseYaml } from './yaml-places.ts'

export const yarnBerry: LockFormat = {
  id: 'yarn-berry',
  names: ['yarn.lock'],
  sniff: (head) => /^__metadata:\r?\n {2}version: \d+/m.test(headText(head)),
  async *read(input) {
    const [document] = await parseYaml(await readText(input), input.name)
    const metadata = document && field(document, '__metadata')
    if (document === undefined || metadata === undefined)
      throw fault({ file: input.name, line: 1 }, 'has no __metadata')
    if (!/^\d+$/.test(mustText(metadata, 'version'))) throw fault(metadata, 'version is no number')
    for (const [key, item] of pairsOf(document)) {
      const found = key === '__metadata' ? undefined : fromEntry(item)
      if (found !== undefined) yield found
    }
  },
}

/** Undefined for a patched package: what it is made of is an entry of its own. */
function fromEntry(item: Place): Locked | undefined {
  const resolution = mustText(item, 'resolution')
  const [key = '', reference = ''] = splitAt(resolution) ?? []
  if (key === '') throw fault(item, `the resolution ${JSON.stringify(resolution.slice(0, 100))} names no package`)
  if (reference.startsWith('patch:')) return undefined
  const [protocol = '', rest = ''] = /^(?:virtual:[^#]*#)?(npm:)?(.*)$/s.exec(reference)?.slice(1) ?? []
  const isRegistry = protocol === 'npm:'
  const [bound = '', parameters = ''] = rest.split('::', 2)
  const [name, version] = isRegistry && bound.includes('@') ? (splitAt(bound) ?? [key, bound]) : [key, bound]
  const archive = new URLSearchParams(parameters).get('__archiveUrl') ?? undefined
  const source = isRegistry ? 'registry' : sourceOf(bound)
  const checksum = textOf(item, 'checksum')?.replace(/^[^/]*\//, '')
  return locked(item, {
    ecosystem: npm,
    options: whereItFits,
    name,
    version: isRegistry ? version : source === 'workspace' ? undefined : textOf(item, 'version'),
    url: isRegistry ? archive : bound,
    source,
    digests: checksum === undefined ? [] : [{ of: 'berry-zip', digests: hexDigest(item, 'sha512', checksum) }],
    markers: textOf(item, 'conditions'),
  })
}

function sourceOf(reference: string): Locked['source'] {
  if (/^[^#]+#commit=/.test(reference)) return 'git'
  return specSource(reference) ?? 'git'
}
