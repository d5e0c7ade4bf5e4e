// Source packages: the .dsc of the wanted version and the files that it names.

import type { Entry, Selector } from '../../contract.ts'
import { compare, versions } from '../../versions/debian.ts'
import type { SourceData } from './packages.ts'
import type { Candidate, Seed } from './resolve.ts'

/** The source package that a binary package was built from. */
export function sourceOf({ name, version, data }: Candidate): { readonly name: string; readonly version: string } {
  const [, source, exactly] = /^([^ (]+) ?(?:\(([^)]*)\))?/.exec(data.source ?? '') ?? []
  return { name: source ?? name, version: exactly ?? version }
}

export async function* sourcePackages(
  seeds: Iterable<Seed>,
  find: (name: string) => AsyncIterable<Entry>,
  lacks: (want: Selector, reason: string) => void,
): AsyncGenerator<Entry> {
  for (const { name, want } of seeds) {
    const fitting: (Entry & { readonly version: string })[] = []
    for await (const entry of find(name)) {
      const { version } = entry
      if (version === undefined || (entry.data as SourceData).files === undefined) continue
      if (versions.satisfies(version, want.range ?? '*')) fitting.push({ ...entry, version })
    }
    fitting.sort((a, b) => compare(b.version, a.version))
    if (fitting.length === 0)
      lacks(want, `no source package ${name}${want.range === undefined ? '' : ` (${want.range})`}`)
    for (const { name: source, version, data } of fitting.slice(0, want.keep ?? 1)) {
      for (const file of (data as SourceData).files ?? []) yield { ...file, name: source ?? name, version }
    }
  }
}
