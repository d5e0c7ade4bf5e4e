// What a mirror holds, for the lists that it makes of that: offline and in exported trees.

import type { Entry, Show } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { addTo } from '../../formats/lists.ts'
import { compareNumbers, gemVersions, splitVersion } from '../../versions/gem.ts'
import { infoPath } from './paths.ts'

export interface HeldGem {
  readonly name: string
  /** From old to new, the one for every Ruby first. */
  readonly versions: readonly string[]
  /** When the newest of them was published; milliseconds since 1970. */
  readonly published: number
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** The gems of which a file is held and shown, by name. */
export async function heldGems(show: Show): Promise<readonly HeldGem[]> {
  const byName = new Map<string, Entry[]>()
  for await (const entry of show.holdings()) {
    if (entry.name === undefined || entry.version === undefined || !entry.path.startsWith('/gems/')) continue
    addTo(byName, entry.name, entry)
  }
  return [...byName]
    .toSorted(([a], [b]) => byText(a, b))
    .map(([name, entries]) => ({
      name,
      versions: entries.flatMap(({ version }) => version ?? []).toSorted(gemVersions.compare),
      published: Math.max(...entries.map(({ published }) => published ?? 0)),
    }))
}

/** md5 and lines of a gem's page as it is shown; undefined when nothing of it is shown, or, offline, it is not held. */
export async function shownPage(
  show: Show,
  name: string,
): Promise<{ readonly md5: string; readonly lines: readonly string[] } | undefined> {
  try {
    const page = await show.render(infoPath(name))
    const { md5 } = page?.digests ?? {}
    if (page === undefined || md5 === undefined) return undefined
    const text = Buffer.concat(await Array.fromAsync(page.bytes())).toString()
    return { md5, lines: text.split('\n').filter((line) => line !== '---' && line !== '') }
  } catch (error) {
    if (error instanceof MirrorError && error.code === 'NOT_HELD') return undefined
    throw error
  }
}

/** Of each platform the newest that is no pre-release, unless a newer one is for every Ruby: what `latest_specs` lists. */
export function latestOf(versions: readonly string[]): readonly string[] {
  const newest = new Map<string, { readonly version: string; readonly number: string }>()
  for (const version of versions) {
    const split = splitVersion(version)
    if (split === undefined || gemVersions.prerelease(version)) continue
    const known = newest.get(split.platform)
    if (known === undefined || compareNumbers(known.number, split.number) <= 0)
      newest.set(split.platform, { version, number: split.number })
  }
  const least = newest.get('ruby')?.number
  return [...newest.values()]
    .filter(({ number }) => least === undefined || compareNumbers(number, least) >= 0)
    .map(({ version }) => version)
}
