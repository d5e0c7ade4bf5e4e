// What a lockfile says, counted: lines by ecosystem and by source.

import type { Locked, LockFormat } from '../contract.ts'
import { countText } from '../telemetry/words.ts'
import { lockInputOf } from './lockfile-input.ts'

export interface Tally {
  readonly format: string
  readonly lines: number
  /** Of those from a registry, how many carry a digest of the file. */
  readonly digests: number
  readonly ecosystems: Readonly<Record<string, Readonly<Partial<Record<Locked['source'], number>>>>>
}

/** Reads the whole file; throws LOCKFILE with its line where it is malformed. */
export async function tallyOf(file: string, format: LockFormat): Promise<Tally> {
  const ecosystems: Record<string, Partial<Record<Locked['source'], number>>> = Object.create(null)
  let lines = 0
  let digests = 0
  for await (const locked of format.read(lockInputOf(file))) {
    lines += 1
    if (locked.digests.some(({ of }) => of === 'file')) digests += 1
    const sources = ecosystems[locked.ecosystem] ?? {}
    sources[locked.source] = (sources[locked.source] ?? 0) + 1
    ecosystems[locked.ecosystem] = sources
  }
  return { format: format.id, lines, digests, ecosystems }
}

/** `package-lock: npm 812 registry, 2 git; 812 with digests`. */
export function tallyText({ format, digests, ecosystems }: Tally): string {
  const parts = Object.entries(ecosystems).map(([ecosystem, sources]) => {
    const counts = Object.entries(sources).map(([source, count]) => `${count} ${source}`)
    return `${ecosystem} ${counts.join(', ')}`
  })
  return `${format}: ${parts.length === 0 ? 'no packages' : parts.join('; ')}; ${countText(digests, 'line')} with a digest`
}
