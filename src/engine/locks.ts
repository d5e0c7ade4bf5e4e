// What lockfiles state of files, as facts on their paths: from then on they vouch, stronger than an index.

import type { Digests, Entry, Selector } from '../contract.ts'
import { MirrorError } from '../errors.ts'
import { compareDigests } from '../formats/digest.ts'
import { addTo } from '../formats/lists.ts'
import type { Mirror, MountedRepo } from './mirror.ts'
import { LOCKFILE_SCOPE } from './said.ts'

export interface LockfileFacts {
  /** What lockfiles state of an entry. Throws DISAGREEMENT when the index states another digest than a lockfile. */
  of(entry: Entry): void
  /** Records what `of` found since the last time: only then it vouches. */
  record(): void
}

export function lockfileFacts(mirror: Mirror, mounted: MountedRepo, wants: readonly Selector[]): LockfileFacts {
  const { name } = mounted.settings
  const { facts } = mirror.catalog
  const readings = new Map<string, number>()
  const locked = new Map<string, Selector[]>()
  const found = new Map<string, Entry[]>()
  for (const want of wants) {
    if (want.digests === undefined || want.digests.length === 0) continue
    const key = `${want.name} ${want.range ?? ''}`
    addTo(locked, key, want)
  }
  function readingOf(file: string): number {
    const known = readings.get(file)
    if (known !== undefined) return known
    const reading = facts.begin(name, `${LOCKFILE_SCOPE}${file}`, 'lockfile', mirror.now())
    facts.complete(reading)
    readings.set(file, reading)
    return reading
  }
  function of(entry: Entry): void {
    for (const want of locked.get(`${entry.name ?? ''} ${mounted.ecosystem.versions.exact(entry.version ?? '')}`) ??
      []) {
      const verdicts = digestsFor(want, entry.path).map((digests) => ({
        digests,
        verdict: compareDigests(digests, entry.digests ?? {}),
      }))
      // of digests that the index does not state the file itself will tell, once it is there
      const vouching =
        verdicts.find(({ verdict }) => verdict === 'equal') ??
        verdicts.find(({ verdict }) => verdict === 'incomparable')
      if (vouching !== undefined) {
        const url = want.url === undefined ? {} : { url: want.url }
        const stated = { path: entry.path, digests: vouching.digests, ...url }
        addTo(found, want.from.file, stated)
      } else if (verdicts.length > 0 && verdicts.every(({ verdict }) => verdict === 'different')) {
        throw new MirrorError(
          'DISAGREEMENT',
          `${want.from.file} and the index of ${name} state different digests for ${entry.name}@${entry.version}`,
          {
            file: want.from.file,
            line: want.from.line,
            path: entry.path,
          },
        )
      }
    }
  }

  return {
    of,
    record() {
      for (const [file, entries] of found) facts.add(name, readingOf(file), entries)
      found.clear()
    },
  }
}

/** What a lockfile states of a file: where it names files, of that file alone. */
function digestsFor({ digests = [], files }: Selector, path: string): readonly Digests[] {
  if (files === undefined) return digests
  const name = path.slice(path.lastIndexOf('/') + 1)
  return files.filter((file) => file.name === name).map((file) => file.digests)
}

/** Does the index have exactly what a lockfile's line wants, but with other digests? */
export function disagreement(mirror: Mirror, mounted: MountedRepo, want: Selector): boolean {
  const { digests, range } = want
  if (digests === undefined || digests.length === 0 || range === undefined) return false
  const { versions } = mounted.ecosystem
  const named = mirror.catalog.facts
    .byName(mounted.settings.name, want.name)
    .filter(({ entry }) => versions.exact(entry.version ?? '') === range)
  const differs = (entry: Entry): boolean =>
    digests.every((one) => compareDigests(one, entry.digests ?? {}) === 'different')
  return named.length > 0 && named.every(({ entry }) => differs(entry))
}
