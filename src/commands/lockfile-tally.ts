// What a lockfile says, counted: lines by ecosystem and by source.

import type { Locked, LockFormat } from '../contract.ts'
import { countText } from '../telemetry/words.ts'
import { computable } from './locked-line.ts'
import { lockInputOf } from './lockfile-input.ts'

export interface Tally {
  readonly format: string
  readonly lines: number
  /** Lines with a digest that files can be held against. */
  readonly digests: number
  /** Lines whose digests are of something else than a file, such as yarn's own archives: they prove nothing here. */
  readonly incomparable: number
  /** Lines of a registry without any digest: what the registry states counts. */
  readonly completed: number
  readonly ecosystems: Readonly<Record<string, Readonly<Partial<Record<Locked['source'], number>>>>>
}

/** Reads the whole file; throws LOCKFILE with its line where it is malformed. */
export const tallyOf = (file: string, format: LockFormat): Promise<Tally> =>
  tallyLines(format, format.read(lockInputOf(file)))

export async function tallyLines(format: LockFormat, all: AsyncIterable<Locked> | Iterable<Locked>): Promise<Tally> {
  const ecosystems: Record<string, Partial<Record<Locked['source'], number>>> = Object.create(null)
  let lines = 0
  let [digests, incomparable, completed] = [0, 0, 0]
  for await (const locked of all) {
    lines += 1
    if (computable(locked).length > 0) digests += 1
    else if (locked.digests.length > 0) incomparable += 1
    else if (locked.source === 'registry' || locked.source === 'url') completed += 1
    const sources = ecosystems[locked.ecosystem] ?? {}
    sources[locked.source] = (sources[locked.source] ?? 0) + 1
    ecosystems[locked.ecosystem] = sources
  }
  return { format: format.id, lines, digests, incomparable, completed, ecosystems }
}

/** `package-lock: npm 812 registry, 2 git; 812 with digests`. */
export function tallyText({ format, digests, incomparable, completed, ecosystems }: Tally): string {
  const parts = Object.entries(ecosystems).map(([ecosystem, sources]) => {
    const counts = Object.entries(sources).map(([source, count]) => `${count} ${source}`)
    return `${ecosystem} ${counts.join(', ')}`
  })
  const notes = [`${countText(digests, 'line')} with a digest`]
  if (incomparable > 0) notes.push(`${countText(incomparable, 'line')} with a digest that is of no file`)
  if (completed > 0) notes.push(`${countText(completed, 'line')} without, for which the registry's counts`)
  return `${format}: ${parts.length === 0 ? 'no packages' : parts.join('; ')}; ${notes.join(', ')}`
}
