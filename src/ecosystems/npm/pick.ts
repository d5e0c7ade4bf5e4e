// Which versions a spec takes, by npm's own rules (npm-pick-manifest): a tag is exact, `latest` wins when it fits,
// otherwise the highest that fits, deprecated ones last.

import npa from 'npm-package-arg'
import semver, { Range, type SemVer } from 'semver'
import type { Digests, Entry, Platform } from '../../contract.ts'
import { compareDigests } from '../../formats/digest.ts'
import { dataOf, type NpmData } from './data.ts'
import { standIn } from './latest.ts'

export interface Offered {
  readonly entry: Entry
  readonly version: string
  readonly parsed: SemVer
  readonly data: NpmData
}

/** The entries of a packument as they can be picked from. */
export function offered(entries: readonly Entry[]): readonly Offered[] {
  const found: Offered[] = []
  for (const entry of entries) {
    const parsed = semver.parse(entry.version, { loose: true })
    if (parsed !== null && entry.version !== undefined)
      found.push({ entry, version: entry.version, parsed, data: dataOf(entry) })
  }
  return found
}

/**
 * The `keep` newest versions that `spec` takes, the one that npm would install first; empty when nothing fits. `spec` is
 * a version, a range or a tag; '' is any version.
 */
export function pick(from: readonly Offered[], spec: string, keep = 1): readonly Offered[] {
  const { type } = npa.resolve('package', spec)
  if (type === 'version') {
    const wanted = semver.clean(spec, { loose: true })
    return from.filter(({ version }) => version === wanted).slice(0, 1)
  }
  if (type === 'tag') return withOlder(tagged(from, spec), from, keep)
  const range = new Range(spec, { loose: true })
  const any = range.raw === '' || range.raw === '*'
  const latest = tagged(from, 'latest')
  const fitting = any ? from : from.filter(({ parsed }) => range.test(parsed))
  if (latest !== undefined && (any || range.test(latest.parsed))) return withOlder(latest, fitting, keep)
  return withOlder(preferred(fitting)[0], fitting, keep)
}

function tagged(from: readonly Offered[], tag: string): Offered | undefined {
  const found = from.find(({ data }) => data.tags?.includes(tag))
  return found ?? (tag === 'latest' ? standIn(from) : undefined)
}

/** Keeping more than one goes down from the first, so that nobody is moved ahead of `latest`. */
function withOlder(first: Offered | undefined, from: readonly Offered[], keep: number): readonly Offered[] {
  if (first === undefined) return []
  if (keep <= 1) return [first]
  const release = first.parsed.prerelease.length === 0
  const older = from.filter(
    ({ parsed }) => parsed.compare(first.parsed) < 0 && (!release || parsed.prerelease.length === 0),
  )
  return [first, ...preferred(older)].slice(0, keep)
}

const preferred = (from: readonly Offered[]): readonly Offered[] =>
  [...from].sort(
    (a, b) => Number(a.data.deprecated ?? false) - Number(b.data.deprecated ?? false) || b.parsed.compare(a.parsed),
  )

/** Those that carry a digest of the lockfile, or none of the same kind that could differ from it. */
export function matching(from: readonly Offered[], digests: readonly Digests[] | undefined): readonly Offered[] {
  if (digests === undefined || digests.length === 0) return from
  return from.filter(({ entry }) =>
    digests.some((wanted) => compareDigests(entry.digests ?? {}, wanted) !== 'different'),
  )
}

/** Can the version be installed on one of the platforms? No platform at all means every one. */
export function fits({ os, cpu, libc }: NpmData, platforms: readonly Platform[]): boolean {
  if (platforms.length === 0) return true
  return platforms.some(
    (platform) =>
      admits(os, systems, platform.os) &&
      admits(cpu, processors, platform.cpu) &&
      admits(libc, new Map(), platform.libc),
  )
}

/** npm's names are Node's; a platform may be written with those of other ecosystems. */
const systems: ReadonlyMap<string, string> = new Map([
  ['windows', 'win32'],
  ['macos', 'darwin'],
])
const processors: ReadonlyMap<string, string> = new Map([
  ['amd64', 'x64'],
  ['x86_64', 'x64'],
  ['aarch64', 'arm64'],
  ['i386', 'ia32'],
  ['x86', 'ia32'],
])

/** Lists name what is allowed, or with `!` what is not. */
function admits(
  list: readonly string[] | undefined,
  names: ReadonlyMap<string, string>,
  part: string | undefined,
): boolean {
  if (list === undefined || part === undefined) return true
  const name = names.get(part) ?? part
  if (list.includes(`!${name}`)) return false
  const allowed = list.filter((item) => !item.startsWith('!'))
  return allowed.length === 0 || allowed.includes(name) || allowed.includes('any')
}
