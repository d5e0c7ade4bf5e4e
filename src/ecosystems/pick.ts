// The versions that a want asks for, for ecosystems whose ranges speak of versions and of nothing else.

import type { Digests, Entry, Selector, Versions } from '../contract.ts'

/** Do they name the same bytes: at least one algorithm in common, and no disagreement in any? */
function agree(one: Digests, other: Digests): boolean {
  const shared = Object.keys(one).filter((algorithm) => other[algorithm] !== undefined)
  return shared.length > 0 && shared.every((algorithm) => one[algorithm] === other[algorithm])
}

/** `^1.2.0-rc.1` names a pre-release; operators and brackets of every range grammar part its words. */
const namesPrerelease = (range: string, versions: Versions): boolean =>
  range.split(/[\s,|<>=~^!()[\]]+/).some((word) => word !== '' && versions.prerelease(word))

/**
 * All entries of the newest `keep` versions (1 when left out) that satisfy `range` (any, when left out or `*`) and have
 * one of `digests`, newest first; entries of one version keep their order. Pre-releases count only when the range names
 * one, or when nothing else satisfies it.
 */
export async function pick(
  entries: AsyncIterable<Entry> | Iterable<Entry>,
  want: Pick<Selector, 'range' | 'keep' | 'digests'>,
  versions: Versions,
): Promise<Entry[]> {
  const { range = '*', keep = 1, digests } = want
  const found: { readonly entry: Entry; readonly version: string }[] = []
  for await (const entry of entries) {
    const { version } = entry
    if (version === undefined) continue
    if (range !== '*' && !versions.satisfies(version, range)) continue
    if (digests !== undefined && !digests.some((each) => agree(each, entry.digests ?? {}))) continue
    found.push({ entry, version })
  }
  const stable = found.filter(({ version }) => !versions.prerelease(version))
  const all = namesPrerelease(range, versions) || digests !== undefined || stable.length === 0
  const sorted = (all ? found : stable).toSorted((a, b) => versions.compare(b.version, a.version))

  const picked: Entry[] = []
  let count = 0
  let last: string | undefined
  for (const { entry, version } of sorted) {
    if (last === undefined || versions.compare(last, version) !== 0) count++
    if (count > keep) break
    last = version
    picked.push(entry)
  }
  return picked
}
